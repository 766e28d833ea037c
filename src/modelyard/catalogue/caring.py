"""What work on the library asks and writes: hashes, verdicts, hubs' facts, newer versions, rounds of upkeep."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from modelyard.catalogue.measuring import (
    Unmeasured,
    half_measured,
    keep_check,
    keep_digests,
    overdue,
    to_verify,
    tried,
    unmeasured,
)
from modelyard.catalogue.model import Health, Model
from modelyard.catalogue.refreshing import Learned, Subject, due, learn, subjects
from modelyard.catalogue.shelf import Shelf
from modelyard.catalogue.upkeep import Lacks, lacks, mark, marked
from modelyard.catalogue.versions import Installed, Newer, Proven, ignore, installed, keep_newer, list_newer, proven
from modelyard.values.about import About, Version


class Caring(Shelf):
    """Says what is left to do, and keeps what was done."""

    def measured(
        self,
        found: Mapping[str, Mapping[str, str]],
        at: float,
        proven: Collection[str] = (),
        stamps: Mapping[str, tuple[int, int, int]] | None = None,
    ) -> int:
        """Digests that were measured of files, by path and algorithm; gives how many were written.

        Args:
            proven: Paths whose digests are those that a hub or a person promised.
            stamps: Size, time and inode that each file had while it was read; one that the catalogue knows with
                another stamp is passed over, and so is one that it does not know.
        """
        if not found:
            return 0
        with self.database.writing() as db:
            numbers = keep_digests(db, found, at, proven, stamps)
            self.changed(db, numbers)
        self.tell("model.changed", numbers)
        return len(numbers)

    def tried(self, number: int, at: float) -> None:
        """A model could not be read: the others come first next time."""
        with self.database.writing() as db:
            tried(db, number, at)

    def unmeasured(self, ids: Sequence[int] = (), most: int = 0, but: Sequence[str] = ()) -> list[Unmeasured]:
        """Files without digests, the smallest first; of these models, or of all; some paths left alone."""
        with self.database.reading() as db:
            return unmeasured(db, ids, most, but)

    def to_verify(self, ids: Sequence[int] = (), before: float = 0.0, most: int = 0) -> list[Model]:
        """Models to read whole: those that were never checked, then the longest unseen ones."""
        with self.database.reading() as db:
            return to_verify(db, ids, before, most)

    def overdue(self, before: float, most: int) -> list[int]:
        """Models that nobody checked since then: favourites and often used ones first."""
        with self.database.reading() as db:
            return overdue(db, before, most)

    def half_measured(self, before: float, settled: float) -> list[tuple[int, str]]:
        """Models, with their paths, that lack hashes which only the catalogue wants, and that nobody read since."""
        with self.database.reading() as db:
            return half_measured(db, before, settled)

    def checked(self, number: int, problems: Collection[str], *, good: bool, at: float) -> Health:
        """Write down what reading a model whole said; gives its health.

        Args:
            good: Somebody knew what it should be, and that is what it is.
        """
        with self.database.writing() as db:
            health = keep_check(db, number, problems, good, at)
            self.changed(db, [number])
        self.tell("model.changed", [number])
        return health

    def due(self, ids: Sequence[int] = (), *, every: bool = False, before: float, most: int = 0) -> list[int]:
        """Models to ask hubs about: see `refreshing.due`."""
        with self.database.reading() as db:
            return due(db, ids, every=every, before=before, most=most)

    def subjects(self, ids: Sequence[int]) -> list[Subject]:
        """What a question to hubs needs to know of a few models."""
        with self.database.reading() as db:
            return subjects(db, ids)

    def learn(self, found: Mapping[int, Learned]) -> dict[int, About]:
        """Write what hubs told of a few models, in one transaction; gives what is known of them now."""
        with self.database.writing() as db:
            kept = learn(db, found)
            self.changed(db, kept.keys())
        self.tell("model.changed", list(kept))
        return kept

    def lacks(self, checked_since: float) -> Lacks:
        """What the models lack: see `upkeep.lacks`."""
        with self.database.reading() as db:
            return lacks(db, checked_since)

    def mark(self, name: str) -> None:
        """Remember that something is done now."""
        with self.database.writing() as db:
            mark(db, name, self.wall())

    def marked(self, name: str) -> float:
        """When something was last done, seconds since 1970; 0 for never."""
        with self.database.reading() as db:
            return marked(db, name)

    def installed(self, ids: Sequence[int] = ()) -> dict[tuple[str, str], list[Installed]]:
        """What is here of each hub's model, by hub and its own id; only of the models that these belong to."""
        with self.database.reading() as db:
            return installed(db, ids)

    def proven(self, hubs: Sequence[str], ids: Sequence[int] = (), after: int = 0, most: int = 1000) -> list[Proven]:
        """A page of measured files that may come from these hubs: see `versions.proven`."""
        with self.database.reading() as db:
            return proven(db, hubs, ids, after, most)

    def newer(self, *, ignored: bool = False) -> list[Newer]:
        """Newer versions that were found."""
        with self.database.reading() as db:
            return list_newer(db, ignored=ignored)

    def keep_newer(self, number: int, versions: Sequence[Version]) -> None:
        """Write down which versions are newer than a model; what was ignored stays ignored."""
        with self.database.writing() as db:
            keep_newer(db, number, versions, self.wall())

    def ignore_version(self, number: int, version: str, *, on: bool) -> None:
        """Hear no more of a version, or of one again; `*` is every version that is known now."""
        with self.database.writing() as db:
            ignore(db, number, version, on=on, at=self.wall())
