"""What is written into the catalogue: by scans, by moves of our own, by a model's owner, by programs that use it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue import changes
from modelyard.catalogue.doubles import restamp
from modelyard.catalogue.indexing import merge_words
from modelyard.catalogue.keeping import Stamps, keep, models_at, rewrite, stamps, stamps_of
from modelyard.catalogue.measuring import (
    adopt,
)
from modelyard.catalogue.model import Entry, FileFacts, find
from modelyard.catalogue.moving import WasMoved, away, recognise
from modelyard.catalogue.relocating import Relocation, relocate
from modelyard.catalogue.shelf import Shelf
from modelyard.catalogue.usage import count_uses, keep_search
from modelyard.catalogue.views import Kept
from modelyard.store.shelves import model_files, models, searches
from modelyard.values.about import About

_CHUNK = 500


class Writing(Shelf):
    """Writes what is on the disks and what people say of it."""

    def stamps(self, root: str) -> Stamps:
        """What the catalogue knows of the files below a root, for a scan to compare."""
        with self.database.reading() as db:
            return stamps(db, root)

    def stamps_of(self, folder: str) -> Stamps:
        """What the catalogue knows of the files of one folder."""
        with self.database.reading() as db:
            return stamps_of(db, folder)

    def keep(self, entries: Sequence[Entry]) -> list[int]:
        """What a scan found: new models are added, known ones brought up to date, in one transaction.

        What was measured stays while the stamp of the file is the same; what the owner wrote always stays.

        Returns:
            Their ids, in order.
        """
        with self.database.writing() as db:
            kept, fresh, dropped = keep(db, entries, self.wall())
            self.changed(db, dropped.union(kept))
        self.tell("model.added", [number for number in kept if number in fresh])
        self.tell("model.changed", [number for number in kept if number not in fresh])
        return kept

    def keep_found(self, entries: Sequence[Entry], was_moved: WasMoved, moment: int) -> Kept:
        """As `keep`; a new path whose bytes stood elsewhere, where they are no more, is the same model, moved.

        Args:
            was_moved: Looks at the disk, before the transaction begins.
            moment: See `moment`; taken before the sidecars were read.
        """
        with self.database.reading() as db:
            gone = away(db, entries, was_moved)
        with self.database.writing() as db:
            touched = self._since(db, entries, moment)
            moved = recognise(db, entries, gone)
            numbers, fresh, dropped = keep(db, entries, self.wall(), touched)
            self.changed(db, dropped.union(numbers, (one.model for one in moved)))
        self.tell("model.added", [number for number in numbers if number in fresh])
        self.tell("model.changed", [number for number in numbers if number not in fresh])
        changed = set(numbers) - fresh - {one.model for one in moved}
        return Kept(numbers, fresh, changed, [one.way for one in moved], touched & changed)

    def settle(self) -> Iterator[None]:
        """After much was written: questions are answered fast again. In steps; others write between two of them."""
        self.database.learn()
        begin = more = True
        while more:
            yield
            with self.database.writing() as db:
                more, begin = merge_words(db, begin=begin), False

    def moment(self) -> int:
        """The number of the last change: what is read of a model after it is no older than that."""
        with self.database.reading() as db:
            return changes.last(db)[0]

    def _since(self, db: Connection, entries: Sequence[Entry], moment: int) -> set[int]:
        """The models that were written since a moment; those of all entries when nobody knows which."""
        if (now := changes.last(db)[0]) == moment:
            return set()
        told = changes.since(db, moment, now)
        return told if told is not None else models_at(db, [entry.path for entry in entries])

    def adopt(self, path: str, is_away: Callable[[str], bool]) -> None:
        """A model that vanished had the bytes that were just measured here: its owner's words go over.

        Args:
            is_away: Whether the place of a path cannot be seen now.
        """
        with self.database.writing() as db:
            number = adopt(db, path, is_away)
            numbers = [] if number is None else [number]
            self.changed(db, numbers)
        self.tell("model.changed", numbers)

    def lose(self, numbers: Iterable[int]) -> None:
        """Models that are not on the disk any more: kept, with what is known of them, but not listed."""
        lost = list(numbers)
        if not lost:
            return
        with self.database.writing() as db:
            for first in range(0, len(lost), _CHUNK):
                chunk = lost[first : first + _CHUNK]
                db.execute(models.update().where(models.c.id.in_(chunk), models.c.gone == 0).values(gone=self.wall()))
            self.changed(db, lost)
        self.tell("model.gone", lost)

    def lose_missed(self, missed: Mapping[int, str]) -> list[int]:
        """As `lose`, for models that a scan did not see at their paths; of one that was moved meanwhile it saw nothing.

        Args:
            missed: A path of each, as the catalogue had it when the scan began.

        Returns:
            Those that are gone.
        """
        lost: list[int] = []
        if not (numbers := list(missed)):
            return lost
        with self.database.writing() as db:
            for first in range(0, len(numbers), _CHUNK):
                asked = numbers[first : first + _CHUNK]
                query = sa.select(model_files.c.model, model_files.c.path).where(model_files.c.model.in_(asked))
                chunk = [row.model for row in db.execute(query) if missed[row.model] == row.path]
                db.execute(models.update().where(models.c.id.in_(chunk), models.c.gone == 0).values(gone=self.wall()))
                lost += chunk
            self.changed(db, lost)
        self.tell("model.gone", lost)
        return lost

    def lose_paths(self, paths: Sequence[str]) -> None:
        """Models whose main files went are not listed any more."""
        query = sa.select(model_files.c.model).where(model_files.c.path.in_(paths), model_files.c.main)
        with self.database.reading() as db:
            lost = list(db.execute(query).scalars())
        self.lose(lost)

    def lose_roots(self, roots: Iterable[str]) -> None:
        """Models of roots that are not registered any more are not listed any more."""
        chosen = list(roots)
        with self.database.reading() as db:
            lost = list(
                db.execute(sa.select(models.c.id).where(models.c.root.in_(chosen), models.c.gone == 0)).scalars()
            )
        self.lose(lost)

    def restamp(self, path: str, stamp: Sequence[int]) -> None:
        """A file has the same bytes in another place on the disk: see `doubles.restamp`."""
        with self.database.writing() as db:
            number = restamp(db, path, stamp)
            numbers = [] if number is None else [number]
            self.changed(db, numbers)
        self.tell("model.changed", numbers)

    def relocate(self, one: Relocation, facts: Mapping[str, FileFacts]) -> bool:
        """We moved a model ourselves: see `relocating.relocate`; gives whether it is known."""
        with self.database.writing() as db:
            numbers = relocate(db, one, facts, self.wall())
            self.changed(db, numbers)
        if numbers:
            self.tell("model.gone" if one.gone else "model.changed", [one.model])
        return bool(numbers)

    def forget(self, numbers: Iterable[int]) -> None:
        """Drop models from the catalogue, with what is known of them. Files stay."""
        lost = list(numbers)
        with self.database.writing() as db:
            for first in range(0, len(lost), _CHUNK):
                db.execute(models.delete().where(models.c.id.in_(lost[first : first + _CHUNK])))
            self.changed(db, lost)
        self.tell("model.gone", lost)

    def write(self, number: int, values: dict[str, Any], also: Callable[[Connection], object] = lambda _: None) -> None:
        """Change columns of one model.

        Args:
            also: Called with the connection, inside the same transaction.
        """
        with self.database.writing() as db:
            db.execute(models.update().where(models.c.id == number).values(**values))
            also(db)
            self.changed(db, [number])
        self.tell("model.changed", [number])

    def describe(self, number: int, change: Callable[[About], About], **columns: Any) -> About:
        """Change what is known of a model apart from its bytes; gives what is known now.

        Args:
            change: From what was known to what is known now.
            columns: Further columns to set.

        Raises:
            NoSuchModel: There is none.
        """
        with self.database.writing() as db:
            row = find(db, number)
            about = change(msgspec.json.decode(row["about"], type=About))
            rewrite(db, row, about, columns)
            self.changed(db, [number])
        self.tell("model.changed", [number])
        return about

    def used(self, uses: Sequence[tuple[str, float, str]]) -> int:
        """Count uses: path, seconds since 1970, local day; gives how many paths are known."""
        with self.database.writing() as db:
            known = count_uses(db, uses)
        self.tell("model.changed", list(dict.fromkeys(known)))
        return len(known)

    def remember_search(self, text: str) -> None:
        """Remember a search."""
        with self.database.writing() as db:
            keep_search(db, text, self.wall())

    def forget_searches(self) -> None:
        """Forget all searches."""
        with self.database.writing() as db:
            db.execute(searches.delete())
