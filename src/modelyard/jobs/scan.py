"""The scan flow: walk the roots, read what is new or changed, keep it in the catalogue.

An unchanged file costs one stat. A file that cannot be read is a result, not an end. A model that vanished
is looked for elsewhere before it counts as gone, and nothing below a folder that could not be read is lost.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from modelyard.catalogue.keeping import Stamps
from modelyard.catalogue.model import Entry
from modelyard.catalogue.views import Kept
from modelyard.errors import NoSuchRoot
from modelyard.jobs.chores import Chore, Options, Step, Tell
from modelyard.jobs.sighting import Sighting, as_listed, entry_of, is_below, other_drive, unchanged, was_moved, weights
from modelyard.jobs.stock import Reading, Stock, real_roots
from modelyard.jobs.sweeping import swept
from modelyard.library.beside import Beside
from modelyard.library.roots.roots import Problem, Root
from modelyard.library.sidecars.belonging import PIPELINE
from modelyard.library.units import Unit, is_pipeline, units_of
from modelyard.library.walk import Folder, Walk
from modelyard.net.stop import Stop

BATCH = 1024
"""Models that are read, and written in one transaction: of more, others who write wait too long."""
_NEWS = 100
"""Models of each sort that the report of a scan names."""
_MOST_TOLD = 1000
_MANY = 500
"""New models after which the database looks at its indexes again."""


@dataclass
class Scanned:
    """What a scan did so far.

    Attributes:
        seen: Models on the disk.
        failed: Paths and words of files that could not be read as models.
        news: The first models that are new, changed, moved (with where they were) and gone.
    """

    seen: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    gone: int = 0
    problems: list[Problem] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    news: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    seconds: float = 0.0

    def note(self, what: str, number: int, path: str, **more: str) -> None:
        """Remember one of the first models of which there is something to tell."""
        told = self.news.setdefault(what, [])
        if len(told) < _NEWS:
            told.append({"id": number, "path": path, **more})

    def as_dict(self) -> dict[str, object]:
        """The numbers and the first problems, as JSON-able data."""
        told = {name: getattr(self, name) for name in ("seen", "added", "changed", "moved", "gone")}
        problems = [
            {"code": one.code, "path": one.path, "message": one.words, "hint": one.hint} for one in self.problems
        ]
        failed = [{"path": path, "message": words} for path, words in self.failed]
        return told | {
            "seconds": round(self.seconds, 2),
            "problems": problems[:200],
            "unreadable": failed[:200],
            "models": self.news,
        }


@dataclass
class Scan:
    """One scan.

    Args:
        tell: Called after each batch with what was done so far.
        deep: Read every head again, whatever the stamps say.
        gentle: Rest as long as it works.
    """

    stock: Stock
    stop: Stop
    tell: Callable[[Scanned], object] = lambda _: None
    deep: bool = False
    gentle: bool = False
    done: Scanned = field(default_factory=Scanned)
    _reads: ThreadPoolExecutor | None = None
    _ahead: tuple[list[Sighting], Future[list[Reading]]] | None = None
    _missed: dict[int, str] = field(default_factory=dict)
    _kept: set[int] = field(default_factory=set)

    def run(self, chosen: Sequence[Root] | None = None) -> Scanned:
        """Scan some roots, or all.

        Raises:
            Stopped: Somebody asked to stop; what was found until then is kept.
        """
        began = time.monotonic()
        roots = self.stock.roots()
        self.done.problems += roots.problems
        allowed = real_roots(roots)
        others = {str(root.path) for root in roots.all}
        with ThreadPoolExecutor(1, "heads") as self._reads:
            for root in roots.all if chosen is None else chosen:
                self._root(root, Walk(root, allowed, _own(self.stock)), others - {str(root.path)})
        self._lose()
        if self.done.added + self.done.changed > _MANY:
            for _ in self.stock.catalogue.settle():
                self.stop.check()
            self.stock.catalogue.count_ahead()
        self.done.seconds = time.monotonic() - began
        self.tell(self.done)
        return self.done

    def files(self, paths: Iterable[str]) -> list[int]:
        """Look at a few files that came or changed; gives the models' ids."""
        wanted = set(paths)
        found = {
            one.unit.path: one  # a diffusers folder is seen from each folder inside it
            for folder in sorted({os.path.dirname(path) for path in wanted})
            for one in self._in_folder(folder)
            if wanted & {file.path for file in one.unit.files}
        }
        return self._keep(list(found.values()))

    def folder(self, path: str) -> list[int]:
        """Look at one folder of a root, not at those below it; gives the ids of what is new or changed there."""
        known = self.stock.catalogue.stamps_of(path)
        return self._keep([one for one in self._in_folder(path) if not unchanged(one, known)])

    def _in_folder(self, folder: str) -> list[Sighting]:
        roots = self.stock.roots()
        root = roots.holding(Path(folder) / "x")
        if root is None:
            return []
        above = [folder, *map(str, Path(folder).parents)]
        whole = [one for one in above if one.startswith(str(root.path)) and Path(one, PIPELINE).is_file()]
        if any(one.startswith(str(root.path)) and _is(one, _own(self.stock)) for one in above):
            return []
        walk = Walk(replace(root, path=Path(whole[-1] if whole else folder)), real_roots(roots))
        here = next(walk.folders(lambda _: True), None)
        return list(self._found(here, root)) if here is not None else []

    def _root(self, root: Root, walk: Walk, others: set[str]) -> None:
        known = self.stock.catalogue.stamps(str(root.path))
        seen: set[int] = set()
        waiting: list[Sighting] = []
        for folder in walk.folders(lambda one: is_pipeline(one) or one.path in others):
            self.stop.check()
            if folder.path in others:
                continue  # a root inside a root is scanned for itself
            for found in self._found(swept(self.stock, root, folder), root):
                self.done.seen += 1
                number = unchanged(found, known)
                if number and not self.deep:
                    seen.add(number)
                    continue
                waiting.append(found)
                if len(waiting) >= BATCH:
                    seen.update(self._turn(waiting))
                    waiting = []
        seen.update(self._turn(waiting))
        seen.update(self._turn([]))
        if not seen and other_drive(root, known):
            hint = "Attach the drive again; or forget the root: modelyard roots remove."
            walk.problems.append(
                Problem("missing", str(root.path), "Its drive is not attached: the folder is empty.", hint)
            )
        self._miss(known, seen, walk)
        self.done.problems += walk.problems
        self.stock.last_problems[str(root.path)] = walk.problems

    def _found(self, folder: Folder, root: Root) -> Iterator[Sighting]:
        if is_pipeline(folder):
            files = tuple(weights(folder.path))
            inside = Beside({name: seen for name, seen in folder.others.items() if name != PIPELINE})
            unit = Unit(folder.path, files or (folder.others[PIPELINE],), folder=True)
            yield Sighting(unit, root, inside, PIPELINE, inside.stamp(PIPELINE))
            return
        beside = Beside(folder.others)
        for unit in units_of(folder):
            name = os.path.basename(unit.path)
            yield Sighting(unit, root, beside, name, beside.stamp(name))

    def _turn(self, found: list[Sighting]) -> list[int]:
        """Begin to read these heads, and meanwhile keep what was read before; gives the ids of that."""
        assert self._reads is not None
        ahead, self._ahead = self._ahead, None
        if found:
            self._ahead = (found, self._reads.submit(self.stock.reader.read, [one.unit.path for one in found]))
        return self._keep(ahead[0], ahead[1].result()) if ahead else []

    def _keep(self, found: Sequence[Sighting], readings: Sequence[Reading] | None = None) -> list[int]:
        if not found:
            return []
        began = time.monotonic()
        if readings is None:
            readings = self.stock.reader.read([one.unit.path for one in found])
        readings = [as_listed(one.root, one.unit.path, each) for one, each in zip(found, readings, strict=True)]
        entries, kept = self._written(found, readings)
        left = self._forget_moved(entries, kept)
        self.done.failed += [
            (one.unit.path, words) for one, reading in zip(found, readings, strict=True) for words in reading.words
        ]
        del self.done.failed[_MOST_TOLD:]
        self._report(kept, entries)
        for before, after in kept.moved:
            self.stock.yard.proofs.rename(Path(before), Path(after))
        self._take_proofs(entries)
        self.tell(self.done)
        if self.gentle:
            self.stop.wait(time.monotonic() - began)
        return [number for number in kept.numbers if number not in left]

    def _written(self, found: Sequence[Sighting], readings: Sequence[Reading]) -> tuple[list[Entry], Kept]:
        """Read sidecars and keep what they say, unless somebody wrote the model meanwhile: then read them again."""
        catalogue = self.stock.catalogue
        entries, moment = self._entries(found, readings)
        kept = catalogue.keep_found(entries, was_moved, moment)
        if kept.touched:
            pairs = zip(found, readings, kept.numbers, strict=True)
            again = [(one, reading) for one, reading, number in pairs if number in kept.touched]
            late, moment = self._entries([one for one, _ in again], [reading for _, reading in again])
            catalogue.keep_found(late, was_moved, moment)  # of what is touched once more, the next scan reads them
        return entries, kept

    def _forget_moved(self, entries: Sequence[Entry], kept: Kept) -> set[int]:
        """What was moved between the look at its folder and now is no new model where it was; gives which."""
        left = {
            number
            for number, entry in zip(kept.numbers, entries, strict=True)
            if number in kept.added and not os.path.lexists(entry.path)
        }
        if left:
            self.stock.catalogue.forget(left)
            kept.added.difference_update(left)
        return left

    def _entries(self, found: Sequence[Sighting], readings: Sequence[Reading]) -> tuple[list[Entry], int]:
        """What the catalogue is told, and a moment before which nothing of it was read."""
        with self.stock.beside:  # what is in the catalogue by then is in the sidecars
            moment = self.stock.catalogue.moment()
        unread: list[Problem] = []
        entries = [entry_of(one, reading, unread.append) for one, reading in zip(found, readings, strict=True)]
        self.done.problems += unread[: max(0, _MOST_TOLD - len(self.done.problems))]
        return entries, moment

    def _report(self, kept: Kept, entries: Sequence[Entry]) -> None:
        self.done.added += len(kept.added)
        self.done.changed += len(kept.changed)
        self.done.moved += len(kept.moved)
        before = {after: old for old, after in kept.moved}
        for number, entry in zip(kept.numbers, entries, strict=True):
            if entry.path in before:
                self.done.note("moved", number, entry.path, before=before[entry.path])
            elif number in kept.added or number in kept.changed:
                self.done.note("added" if number in kept.added else "changed", number, entry.path)

    def _take_proofs(self, entries: Sequence[Entry]) -> None:
        """What we measured when the file arrived need not be measured again."""
        proven = self.stock.yard.proofs.of_each(file.path for entry in entries for file in entry.files)
        kept = {path for path, proof in proven.items() if proof.claimed}
        digests = {path: proof.measured for path, proof in proven.items()}
        self.stock.catalogue.measured(digests, self.stock.wall(), kept)

    def _miss(self, known: Stamps, seen: set[int], walk: Walk) -> None:
        """Note which models were not seen; another root may still show them under a new path."""
        dark = tuple(
            problem.path for problem in walk.problems if problem.code not in ("link-outside", "bad-name", "quarantined")
        )
        self._kept |= seen
        for path, file in known.files.items():
            if file.model not in seen and not file.gone and not is_below(path, dark):
                self._missed.setdefault(file.model, path)

    def _lose(self) -> None:
        missed = sorted(self._missed.keys() - self._kept)
        lost = self.stock.catalogue.lose_missed({number: self._missed[number] for number in missed})
        self.done.gone += len(lost)
        for number in lost[:_NEWS]:
            self.done.note("gone", number, self._missed[number])


def _own(stock: Stock) -> tuple[int, int]:
    found = os.stat(stock.folder)
    return found.st_dev, found.st_ino


def _is(path: str, key: tuple[int, int]) -> bool:
    try:
        found = os.stat(path)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == key


class ScanOptions(Options, frozen=True, kw_only=True):
    """What can be said about a scan.

    Attributes:
        roots: Paths of roots; empty is all.
        deep: Read every head again, whatever the stamps say.
        gentle: Rest as long as it works.
    """

    roots: tuple[str, ...] = ()
    deep: bool = False
    gentle: bool = False


def scan(stock: Stock, options: ScanOptions, stop: Stop, tell: Tell) -> dict[str, object]:
    """Scan roots.

    Raises:
        NoSuchRoot: One of them is not registered.
    """
    known = {str(root.path): root for root in stock.roots().all}
    for path in options.roots:
        if path not in known:
            raise NoSuchRoot(f"{path} is not registered.")
    chosen = [known[path] for path in options.roots] or None

    def told(done: Scanned) -> None:
        tell(Step(done.seen, None, f"{done.seen:,} models seen, {done.added:,} new, {done.changed:,} changed"))

    return Scan(stock, stop, told, options.deep, options.gentle).run(chosen).as_dict()


SCAN = Chore("scan", "Look for new and changed models", ScanOptions, scan)
