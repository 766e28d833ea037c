"""What a backup takes out of the catalogue, and what comes back from one: all of it in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from modelyard.catalogue.keepsakes import (
    Keepsake,
    Regained,
    Search,
    Spot,
    keepsakes_after,
    keepsakes_of,
    lost_searches,
    regain,
    regain_searches,
    spots,
)
from modelyard.catalogue.shelf import Shelf

_CHUNK = 500


class Recalling(Shelf):
    """Tells what only the catalogue knows, and takes it back."""

    def keepsakes(self) -> Iterator[Keepsake]:
        """Every model, those that are gone, too; only a few hundred are held at a time."""
        after = 0
        while True:
            with self.database.reading() as db:
                found = keepsakes_after(db, after, _CHUNK)
            if not found:
                return
            yield from found
            after = found[-1].id

    def spots(self) -> list[Spot]:
        """Where every model lies, those first that are on the disk now."""
        with self.database.reading() as db:
            return spots(db)

    def regain(
        self,
        numbers: Sequence[int],
        decide: Callable[[Keepsake], Regained],
        searched: Iterable[Search],
        *,
        dry_run: bool = False,
    ) -> tuple[list[Regained], list[Search]]:
        """Write back what was lost, in one transaction: all of it or nothing; gives what that is.

        Args:
            decide: From what is known of a model to what is to be written.
            dry_run: Write nothing.
        """
        done: list[Regained] = []
        with self.database.reading() if dry_run else self.database.writing() as db:
            for first in range(0, len(numbers), _CHUNK):
                known = keepsakes_of(db, numbers[first : first + _CHUNK])
                found = [one for one in map(decide, known) if one]
                if not dry_run:
                    regain(db, found, self.wall())
                done += found
            lost = lost_searches(db, searched)
            if not dry_run:
                regain_searches(db, lost)
                self.changed(db, {one.model for one in done})
        if not dry_run:
            self.tell("model.changed", [one.model for one in done])
        return done, lost
