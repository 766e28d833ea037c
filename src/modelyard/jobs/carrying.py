"""What belongs to a model on the disk, and taking all of it somewhere: files, proofs and the catalogue together."""

from __future__ import annotations

import contextlib
import logging
import os
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from modelyard.catalogue.model import FileFacts, Model
from modelyard.catalogue.relocating import Relocation
from modelyard.errors import DiskFull, NoSuchFile, UnsafePath, YardError
from modelyard.jobs.stock import Stock
from modelyard.library.beside import Beside
from modelyard.library.roots.roots import Root, Roots
from modelyard.library.shifting import shift as shifting
from modelyard.library.shifting.copying import Count
from modelyard.library.shifting.journal import Shift
from modelyard.library.shifting.shift import Made, on_one_device, step_of
from modelyard.library.sidecars.belonging import anchor_of, sidecars_of, stem_of
from modelyard.library.walk import Seen
from modelyard.store.proofs import Stamp, stamp_of
from modelyard.values.shards import index_of
from modelyard.values.sizes import show_size
from modelyard.values.suffixes import LISTED, suffix_of

_log = logging.getLogger("modelyard.library")


class Load(msgspec.Struct, frozen=True):
    """Everything on the disk that is one model.

    Attributes:
        home: The folder it lies in, links resolved.
        base: The real path of the root that holds `home`: where links end.
        files: Its own files, or its folder.
        beside: Small files that belong to it alone.
        shared: Small files that another model needs, too.
        known: The paths of its files as the catalogue has them.
    """

    model: Model
    root: Root
    home: Path
    base: Path
    files: tuple[Path, ...]
    beside: tuple[Path, ...]
    shared: tuple[Path, ...]
    known: tuple[str, ...]
    tree: bool = False

    @property
    def name(self) -> str:
        """Of its main file, or its folder."""
        return os.path.basename(self.model.path)

    @property
    def index(self) -> Path | None:
        """The list of a sharded set's tensors, which names its files."""
        name = index_of(self.name)
        return self.home / name if name and self.home / name in self.beside else None


class Way(msgspec.Struct, frozen=True):
    """Where one file of a model goes: its new name in the new folder."""

    source: Path
    name: str
    stays: bool = False


def gather(stock: Stock, number: int) -> Load:
    """Look for everything that goes with a model.

    Raises:
        NoSuchModel: There is none of that number.
        NoSuchFile: It is not on the disk.
        UnsafePath: It lies outside the roots, or holds another root.
        ReadOnlyDisk: Its root is registered as read-only.
    """
    model = stock.catalogue.get(number)
    path = Path(model.path)
    if model.gone or not os.path.lexists(path):
        raise NoSuchFile(f"{model.title} is not on the disk any more.", hint="Look what is there: `modelyard scan`.")
    roots = stock.roots()
    root = roots.writable(path)
    home = Path(os.path.realpath(path.parent))
    base = base_of(roots, home)
    known = tuple(file.path for file in stock.catalogue.files(number))
    if path.is_dir() and not path.is_symlink():
        _check_whole(roots, home / path.name)
        return Load(model, root, home, base, (home / path.name,), (), (), known, tree=True)
    files = tuple(home / os.path.basename(one) for one in known)
    if any(os.path.dirname(one) != str(path.parent) for one in known):
        raise UnsafePath(f"The files of {model.title} lie in several folders.", hint="Run `modelyard scan`.")
    return Load(model, root, home, base, files, *_beside(home, files), known)


def base_of(roots: Roots, real: Path) -> Path:
    """The real path of the deepest root that holds a real path.

    Raises:
        UnsafePath: None does.
    """
    bases = [Path(os.path.realpath(root.path)) for root in roots.all]
    within = [base for base in bases if real == base or base in real.parents]
    if not within:
        raise UnsafePath(f"{real} lies in no registered root.", hint="Register its folder: `modelyard roots add`.")
    return max(within, key=lambda base: len(base.parts))


def _check_whole(roots: Roots, folder: Path) -> None:
    for root in roots.all:
        if Path(os.path.realpath(root.path)).is_relative_to(folder):
            raise UnsafePath(f"{root.path} is a root of its own inside {folder}.", hint="Remove one of both roots.")


def _beside(home: Path, files: Sequence[Path]) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    names = set(os.listdir(home))
    own: dict[Path, None] = {}
    shared: dict[Path, None] = {}
    for file in files:
        found = sidecars_of(file, names)
        own |= dict.fromkeys(found.moves)
        shared |= dict.fromkeys(found.shared)
        index = index_of(file.name)
        if index in names:
            own[home / index] = None
    return tuple(own), tuple(path for path in shared if path not in own)


def shift_of(load: Load, ways: Sequence[Way], to: Path, to_base: Path, what: str, facts: Mapping[str, Any]) -> Shift:
    """The shift that takes files of a model to a folder: by renames on one file system, else by copies.

    Args:
        to: The folder, links resolved; need not exist.
        to_base: The real path of the root that holds it.
    """
    number = uuid.uuid4().hex
    place = to.relative_to(to_base)
    near = on_one_device([load.home, *load.files, to])
    steps = tuple(
        step_of(
            way.source,
            (place / way.name).as_posix(),
            load.base,
            stays=way.stays,
            temp_for=number if way.stays or not near else "",
        )
        for way in ways
    )
    return Shift(id=number, what=what, root=str(load.base), to_root=str(to_base), steps=steps, facts=dict(facts))


def carry(stock: Stock, shift: Shift, count: Count = lambda _: None, made: Made | None = None) -> None:
    """Do a shift, and keep catalogue and proofs in line.

    Raises:
        Busy: Another command moves one of these files.
        TargetExists, DiskError, Damaged, Stopped: It did not work, and all is as it was.
    """
    check_room(stock, shift)
    paths = [path for old, new, _ in shift.ways() for path in (old, new)]
    with stock.claims.claim(shift.id, paths):
        shifting.carry(books(stock), shift, lambda done: settle(stock, done), count, made)


def check_room(stock: Stock, shift: Shift) -> None:
    """Whether what has to be copied fits.

    Raises:
        DiskFull: It does not.
    """
    check_copy_room(stock, Path(shift.to_root), [Path(shift.root, step.source) for step in shift.steps if step.temp])


def check_copy_room(stock: Stock, folder: Path, copied: Sequence[Path]) -> None:
    """Whether copies of these fit into a folder.

    Raises:
        DiskFull: They do not.
    """
    needed = sum(map(size_of, copied))
    free = room(folder) if needed else None
    if needed and free is not None and needed + stock.yard.reserve(free) > free:
        raise DiskFull(
            f"{folder} has {show_size(free)} free, and {show_size(needed)} would come.",
            hint="Free some room there, or choose another root.",
        )


def room(folder: Path) -> int | None:
    """Bytes that may still be written there, None where the system does not say."""
    if not hasattr(os, "statvfs"):
        return None
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.lstat().st_size


def books(stock: Stock) -> Path:
    """Where the journals of shifts lie."""
    return stock.folder / "shifts"


def recover(stock: Stock) -> None:
    """Finish or undo what a crash left; a drive that is away is waited for."""
    with stock.claims.alone() as alone:
        for shift, told in shifting.recover(books(stock), lambda done: settle(stock, done)) if alone else ():
            words = told.message if isinstance(told, YardError) else "finished" if told else "undone"
            _log.warning("An unfinished %s of %s: %s", shift.what, shift.root, words)


# --- the books ------------------------------------------------------------------------------------


def relocation(load: Load, root: Root, path: Path, ways: Mapping[Path, Path], *, gone: bool = False) -> dict[str, Any]:
    """The facts that `settle` needs, as JSON-able data.

    Args:
        path: The new path of the model as the catalogue shall have it.
        ways: New paths by old ones, links resolved; the folder of a tree stands for all that lies in it.
    """
    old_home, new_home = os.path.dirname(load.model.path), path.parent
    told = {os.path.join(old_home, old.name): str(new_home / new.name) for old, new in ways.items()}
    if load.tree:
        files = {one: str(path) + one[len(load.model.path) :] for one in load.known}
        preview = str(path) + load.model.preview[len(load.model.path) :] if load.model.preview else ""
    else:
        files = {one: told.get(one, one) for one in load.known}
        preview = told.get(load.model.preview, load.model.preview)
    moved = Relocation(
        model=load.model.id,
        path=str(path),
        root=str(root.path),
        folder=root.folder,
        place=os.path.relpath(path, root.path).replace(os.sep, "/"),
        name=load.model.name if gone else path.name if load.tree else stem_of(path.name),
        files=files,
        preview=preview,
        gone=gone,
    )
    found: dict[str, Any] = msgspec.to_builtins(moved)
    return found


def settle(stock: Stock, shift: Shift) -> None:
    """Bring proofs and catalogue in line with a shift whose files have landed."""
    told = shift.facts.get("relocation")
    if told is None:
        return
    one = msgspec.convert(told, Relocation)
    facts: dict[str, FileFacts] = {}
    for old, new in one.files.items():
        stamp = stamp_of(Path(new))
        _take_proof(stock, Path(old), Path(new), stamp)
        if stamp is not None:
            facts[new] = FileFacts(new, stamp.size, stamp.mtime_ns, stamp.device, stamp.inode)
    path = Path(one.path)
    beside = "" if one.gone else stamp_beside(anchor_of(path, folder=path.is_dir()))
    stock.catalogue.relocate(msgspec.structs.replace(one, sidecars=beside), facts)


def _take_proof(stock: Stock, old: Path, new: Path, stamp: Stamp | None) -> None:
    """A proof goes with its file; a proven copy has the same bytes under another stamp."""
    proofs = stock.yard.proofs
    proof = proofs.last_known(old) or proofs.last_known(new)
    if proof is None:
        return
    if old != new:
        proofs.rename(old, new)
    if stamp is not None and (stamp.size, stamp.mtime_ns) == (proof.stamp.size, proof.stamp.mtime_ns):
        proofs.keep([replace(proof, path=new, stamp=stamp)])


def stamp_beside(path: Path) -> str:
    """The stamp of the small files beside a model, as a scan makes it."""
    stem = stem_of(path.name).lower()
    others: dict[str, Seen] = {}
    for name in os.listdir(path.parent):
        ours = name.lower().startswith(stem) and name != path.name and not name.startswith(".")
        if ours and suffix_of(name) not in LISTED:
            with contextlib.suppress(OSError):  # a broken link belongs to nobody
                found = os.stat(path.parent / name)
                others[name] = Seen(name, name, found.st_size, found.st_mtime_ns, 0, 0)
    return Beside(others).stamp(path.name)
