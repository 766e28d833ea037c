"""Duplicates: the same measured bytes more than once, and giving their space back without losing a name.

Only equal bytes count, never names. Every pair is read whole and compared once more before anything is replaced:
a hash tells what a file was, not what the disk gives back today.
"""

from __future__ import annotations

import functools
import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from modelyard.catalogue.doubles import Double
from modelyard.errors import CannotShare, Stopped, YardError
from modelyard.jobs.carrying import base_of, books, recover
from modelyard.jobs.chores import Chore, Options, Step, Tell
from modelyard.jobs.finding import rewritten
from modelyard.jobs.stock import Stock
from modelyard.library.shifting import sharing
from modelyard.library.shifting.extents import shared_extents
from modelyard.library.shifting.journal import Mark
from modelyard.library.shifting.sharing import Share
from modelyard.net.stop import Stop
from modelyard.programs.installed.machine import this_machine
from modelyard.programs.installed.searching import recognise
from modelyard.store.proofs import stamp_of
from modelyard.values.sizes import show_size

_NO_MODELS = frozenset(("", "unknown"))
"""Formats of heads that no reader knows."""


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a group.

    Attributes:
        state: `kept` (on each disk one), `shared` (lies in the same place of the disk already), `double`,
            `refused`; `alike` has the same tensors only.
        reason: Why it cannot share: `other-device`, `read-only`, `headers-rewritten` (SwarmUI writes into its models),
            `ollama`, `link`, `outside`, `unknown-format` (no model for all we know: a program may write into it).
    """

    model: int
    title: str
    path: str
    state: str
    reason: str = ""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Files with the same bytes.

    Attributes:
        size: Bytes of each.
        frees: Bytes that sharing their place would give back.
    """

    sha256: str
    size: int
    frees: int
    files: list[Copy]


class Alike(msgspec.Struct, frozen=True, kw_only=True):
    """Files whose tensors are the same and whose headers are not: other metadata. They are never linked."""

    tensors: str
    files: list[Copy]


class Duplicates(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, those that cost most first.

    Attributes:
        frees: Bytes that sharing would give back in all.
        unmeasured: Files of which nobody knows yet whether they have a double.
    """

    groups: list[Group]
    alike: list[Alike]
    frees: int
    unmeasured: int


def duplicates(stock: Stock, rewriting: Sequence[Path] | None = None) -> Duplicates:
    """Every file that is here more than once.

    Args:
        rewriting: See `finding.rewriting_of`, where programs were looked for already; else they are when it matters.
    """
    same, alike = stock.catalogue.doubles()
    judge = _Judge(stock, rewriting)
    groups = [group for group in (_group(judge, found) for found in same) if group is not None]
    told = [Alike(tensors=found[0].tensors, files=[_copy(one, "alike") for one in found]) for found in alike]
    return Duplicates(
        groups=groups,
        alike=told,
        frees=sum(group.frees for group in groups),
        unmeasured=len(stock.catalogue.unmeasured()),
    )


def _group(judge: _Judge, found: Sequence[Double]) -> Group | None:
    """What could be done about equal files; None when all of them have one place on the disk already."""
    places = _places(found)
    if len(places) < 2:
        return None
    kept: set[int] = set()
    files: list[Copy] = []
    frees = 0
    for place in places:
        reason = next(filter(None, (judge(one) for one in place)), "")
        device = place[0].device
        if reason:
            files += [_copy(one, "refused", reason) for one in place]
        elif device in kept:
            files += [_copy(one, "double") for one in place]
            frees += place[0].size
        else:
            files += [_copy(place[0], "kept", "other-device" if kept else "")]
            files += [_copy(one, "shared") for one in place[1:]]
            kept.add(device)
    return Group(sha256=found[0].sha256, size=found[0].size, frees=frees, files=files)


def _places(found: Sequence[Double]) -> list[list[Double]]:
    """Equal files by where their bytes lie: hard links are one place, and so are reflinks where the system tells."""
    by_inode: dict[tuple[int, int], list[Double]] = {}
    for one in sorted(found, key=_worth):
        by_inode.setdefault((one.device, one.inode), []).append(one)
    if len(by_inode) < 2:
        return list(by_inode.values())
    by_place: dict[object, list[Double]] = {}
    for inode, names in by_inode.items():
        extents = shared_extents(Path(names[0].path))
        by_place.setdefault((names[0].device, extents) if extents else inode, []).extend(names)
    return list(by_place.values())


def _worth(one: Double) -> tuple[bool, bool, float, str]:
    """The better known comes first: a favourite, known by a hub, the oldest."""
    return (not one.favourite, not one.hub, one.added, one.path)


def _copy(one: Double, state: str, reason: str = "") -> Copy:
    return Copy(model=one.model, title=one.title, path=one.path, state=state, reason=reason)


class _Judge:
    """Says why a file may not share its place; looks at each folder once."""

    def __init__(self, stock: Stock, rewriting: Sequence[Path] | None = None) -> None:
        self._stock = stock
        self._known = rewriting
        self._roots = stock.roots()
        self._program = functools.cache(functools.partial(recognise, machine=this_machine()))
        self._folder = functools.cache(self._of_folder)

    def __call__(self, one: Double) -> str:
        """The reason; empty when it may."""
        path = Path(one.path)
        strange = "not-a-model" in one.problems.split() or one.format in _NO_MODELS
        return (
            self._folder(path.parent) or ("link" if path.is_symlink() else "") or ("unknown-format" if strange else "")
        )

    def _of_folder(self, folder: Path) -> str:
        try:
            self._roots.writable(folder / "x")
        except YardError as error:
            return "read-only" if error.code == "read-only-disk" else "outside"
        real = Path(os.path.realpath(folder))
        programs = [one for above in (real, *real.parents) if (one := self._program(above)) is not None]
        if any(real.is_relative_to(one.path) for each in programs if each.kind == "ollama" for one in each.folders):
            return "ollama"
        written = any(one.rewrites for one in programs) or any(map(real.is_relative_to, self._rewriting))
        return "headers-rewritten" if written else ""

    @functools.cached_property
    def _rewriting(self) -> Sequence[Path]:
        return rewritten(self._stock) if self._known is None else self._known


# --- giving space back ----------------------------------------------------------------------------


class DedupeOptions(Options, frozen=True, kw_only=True):
    """Which duplicates give their space back.

    Attributes:
        sha256: Only these groups; empty is all.
    """

    sha256: tuple[str, ...] = ()


def dedupe(stock: Stock, options: DedupeOptions, stop: Stop, tell: Tell) -> dict[str, Any]:
    """Let equal files share one place on the disk; each stays under its name, and each result is told."""
    recover(stock)
    recover_shares(stock)
    same, _ = stock.catalogue.doubles()
    judge = _Judge(stock)
    results: list[dict[str, Any]] = []
    read = freed = 0
    for found in same:
        group = _group(judge, found)
        if group is None or (options.sha256 and group.sha256 not in options.sha256):
            continue
        known = {one.path: one for one in found}
        for kept, double in _pairs(group, known):
            note = f"Comparing {Path(double.path).name} with its double"

            def count(size: int, note: str = note) -> None:
                nonlocal read
                read += size
                stop.check()
                tell(Step(read, None, note))

            result = _one(stock, kept, double, count)
            results.append(result)
            freed += result.get("freed", 0)
        results += [{"path": one.path, "refused": one.reason, "model": one.model} for one in group.files if one.reason]
    failed = sum("error" in one for one in results)
    linked = sum("means" in one for one in results)
    return {"linked": linked, "failed": failed, "freed": freed, "freed_words": show_size(freed), "results": results}


def _pairs(group: Group, known: dict[str, Double]) -> list[tuple[Double, Double]]:
    """Each file that is replaced, with the one of its disk that stays."""
    kept = {known[one.path].device: known[one.path] for one in group.files if one.state == "kept"}
    return [(kept[known[one.path].device], known[one.path]) for one in group.files if one.state == "double"]


def _one(stock: Stock, kept: Double, double: Double, count: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"path": double.path, "model": double.model, "kept": kept.path}
    try:
        means, freed = _share(stock, kept, double, count)
    except Stopped:
        raise
    except YardError as error:
        return told | {"error": error.as_dict()}
    return told | {"means": means, "freed": freed}


def _share(stock: Stock, kept: Double, double: Double, count: Any) -> tuple[str, int]:
    """Replace one file; gives how, and the bytes that this gave back."""
    roots = stock.roots()
    ends = [Path(os.path.realpath(one.path)) for one in (kept, double)]
    bases = [base_of(roots, end.parent) for end in ends]
    if os.stat(ends[0]).st_dev != os.stat(ends[1]).st_dev:
        raise CannotShare(f"{double.path} lies on another disk than {kept.path}.", reason="other-device")
    number = uuid.uuid4().hex
    last = os.stat(ends[1]).st_nlink == 1
    one = Share(
        id=number,
        root=str(bases[0]),
        kept=str(ends[0]),
        to_root=str(bases[1]),
        double=str(ends[1]),
        path=double.path,
        temp=f".{ends[1].name[:100]}.{number}.tmp",
        mark=_mark(kept),
    )
    with stock.claims.claim(number, ends):
        means = sharing.share(books(stock), one, _mark(double), lambda _: _settle(stock, double.path), count)
    return means, double.size if last else 0


def _mark(one: Double) -> Mark:
    """What the catalogue knows of a file, as the system tells it: databases' integers are signed."""
    unsigned = [number + 2**64 if number < 0 else number for number in (one.device, one.inode)]
    return Mark(unsigned[0], unsigned[1], one.size, one.mtime_ns)


def _settle(stock: Stock, path: str) -> None:
    """The file has the same bytes in another place: what was measured of it holds there."""
    stamp = stamp_of(Path(path))
    if stamp is None:
        return
    stock.catalogue.restamp(path, (stamp.size, stamp.mtime_ns, stamp.device, stamp.inode))
    proof = stock.yard.proofs.last_known(Path(path))
    if proof is not None and proof.stamp.size == stamp.size:
        stock.yard.proofs.keep([replace(proof, stamp=stamp)])


def recover_shares(stock: Stock) -> None:
    """Clear away what a crash left of a replacement."""

    def settle(one: Share) -> None:
        _settle(stock, one.path)

    with stock.claims.alone() as alone:
        if alone and books(stock).is_dir():
            sharing.recover(books(stock), settle)


DEDUPE = Chore("dedupe", "Give back the space of duplicates", DedupeOptions, dedupe)
