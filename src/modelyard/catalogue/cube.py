"""How many models there are by each column: counted in memory, and mended by what changed since.

Every model is in one *cell*: the tuple of its values in `FACETS`. A filter is a look at each cell, of which
there are a few thousand at most. What fits is a number with a bit for each model, so that words and tags, which no
cell knows, are put together with it at once; what they leave is counted by its cells.
A cube is the counts of one moment: a change makes another one, so that who looks at it needs no lock.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import compress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.asking import FACETS, Asking, Choice, lacks
from modelyard.catalogue.bits import bits_of, bits_of_flags, flags_of, listed, numbers_of
from modelyard.catalogue.sizes import Sizes
from modelyard.catalogue.tagged import Tags, all_tags
from modelyard.store.shelves import models

_EMPTY = 500
"""Empty cells that are no reason to count all again."""
_CHUNK = 500
_REMEMBERED = 16
"""Questions of one moment whose answers are remembered: a list and the counts beside it are asked for one by one."""

Cell = tuple[Any, ...]
Counts = dict[str, dict[Any, int]]

Fit = tuple[int, int | None]
"""The models that fit a question, a bit each; and those that fit what no cell knows, None where that is nothing."""

_VALUES = tuple(models.c[name] for name in FACETS)
_LACKS = {name: lacks(name) for name in ("preview", "sha256")}
"""What models may lack and no cell tells."""
_CELLS = (
    sa.select(sa.func.count(), sa.func.max(models.c.id), listed(models.c.id), listed(models.c.size), *_VALUES)
    .where(models.c.gone == 0)
    .group_by(*_VALUES)
)
"""One row a cell, along the index `models_as_cube`; a row a model takes Python six times as long."""


class Cube:
    """The counts of one moment.

    Args:
        version: The last change of the catalogue that is counted.
    """

    def __init__(self, version: int) -> None:
        self.version = version
        self.there = 0
        self.remembered: dict[Asking, Fit] = {}
        self._cells: list[Cell] = []
        self._counts: list[int] = []
        self._sums: list[int] = []
        self._cell_of = array("i")  # by id; -1 where there is no model
        self.sizes = Sizes()
        self._lacking: dict[str, int] = {}
        self._tags: Tags | None = None

    @classmethod
    def counted(cls, db: Connection, version: int) -> Cube:
        """All models, counted anew."""
        cube, rows = cls(version), db.execute(_CELLS).all()
        cube._cells = [tuple(row[4:]) for row in rows]
        cube._counts = [row[0] for row in rows]
        cube._reach(max((row[1] for row in rows), default=-1))
        for cell, row in enumerate(rows):
            sizes = numbers_of(row[3])
            cube._sums.append(sum(sizes))
            for number, size in zip(numbers_of(row[2]), sizes, strict=True):
                cube._cell_of[number] = cell
                cube.sizes.of[number] = size
        cube.there = bits_of_flags(bytes(map((-1).__lt__, cube._cell_of)))
        for name, lacking in _LACKS.items():
            told = db.execute(sa.select(listed(models.c.id)).where(models.c.gone == 0, lacking)).scalar()
            cube._lacking[name] = bits_of(numbers_of(told or ""))
        return cube

    def after(self, db: Connection, changed: Collection[int], version: int) -> Cube:
        """The counts when these models have changed."""
        rows = _rows(db, sorted(changed))
        if self._counts.count(0) > len(self._counts) // 2 + _EMPTY:
            return Cube.counted(db, version)  # most of its cells are empty by now
        cube = Cube(version)
        cube._cells, cube._counts, cube._sums = self._cells.copy(), self._counts.copy(), self._sums.copy()
        cube._cell_of, cube.sizes = self._cell_of[:], self.sizes.copy()
        cube._reach(max((row.id for row in rows), default=-1))
        for number in filter(len(self._cell_of).__gt__, changed):
            cube._drop(number)
        at = {cell: place for place, cell in enumerate(cube._cells)}
        for row in rows:
            cell = tuple(row[-len(FACETS) :])
            cube._add(row.id, row.size, at.setdefault(cell, len(at)), cell)
        cube.sizes.sort_as(self.sizes, changed)
        others = ~bits_of(changed)
        cube.there = self.there & others | bits_of([row.id for row in rows])
        for at_row, (name, bits) in enumerate(self._lacking.items(), 2):
            cube._lacking[name] = bits & others | bits_of([row.id for row in rows if row[at_row]])
        if self._tags is not None:
            cube._tags = self._tags.after(db, changed, cube.there)
        return cube

    def _reach(self, last: int) -> None:
        missing = last + 1 - len(self._cell_of)
        self._cell_of.extend(array("i", [-1]) * missing)
        self.sizes.reach(last)

    def _drop(self, number: int) -> None:
        if (cell := self._cell_of[number]) >= 0:
            self._counts[cell] -= 1
            self._sums[cell] -= self.sizes.of[number]
            self._cell_of[number] = -1

    def _add(self, number: int, size: int, place: int, cell: Cell) -> None:
        if place == len(self._cells):
            self._cells.append(cell)
            self._counts.append(0)
            self._sums.append(0)
        self._counts[place] += 1
        self._sums[place] += size
        self._cell_of[number], self.sizes.of[number] = place, size

    def counts(self, asked: Mapping[str, Choice], narrow: int | None = None) -> Counts:
        """For each column, how many models would fit with each of its values.

        A column's own filter does not count for its own values: a person sees what else could be chosen.

        Args:
            narrow: Only these models, a bit each; all when None.
        """
        found: Counts = {name: {} for name in FACETS}
        filters = [(at, asked[name]) for at, name in enumerate(FACETS) if name in asked]
        for cell, number in self._numbers(narrow):
            values = self._cells[cell]
            wrong = [at for at, wanted in filters if values[at] not in wanted]
            if len(wrong) > 1:
                continue
            for at in wrong or range(len(FACETS)):
                column = found[FACETS[at]]
                column[values[at]] = column.get(values[at], 0) + number
        return found

    def fitting(self, asked: Mapping[str, Choice]) -> int:
        """The models that fit, a bit each."""
        if not asked:
            return self.there
        fits = self._fitting(asked)
        fits.append(False)  # the cell of no model, -1
        return bits_of_flags(bytes(map(fits.__getitem__, self._cell_of)))

    def _fitting(self, asked: Mapping[str, Choice]) -> list[bool]:
        filters = [(FACETS.index(name), wanted) for name, wanted in asked.items()]
        return [all(cell[at] in wanted for at, wanted in filters) for cell in self._cells]

    def bytes_of(self, asked: Mapping[str, Choice], fit: Fit) -> int:
        """The bytes on the disk of the models that fit."""
        if fit[1] is None:
            return sum(compress(self._sums, self._fitting(asked)))
        return sum(compress(self.sizes.of, flags_of(fit[0])))

    def lacking(self, name: str) -> int:
        """Models without this, a bit each."""
        return self._lacking[name] if name in self._lacking else self.fitting({name: Choice(frozenset(("",)))})

    def of_size(self, least: int, most: float) -> int:
        """Models with so many bytes, a bit each."""
        return bits_of_flags(bytes(least <= size <= most for size in self.sizes.of)) & self.there

    def remember(self, asking: Asking, fit: Fit) -> None:
        """Keep an answer as long as nothing changes; the database must know all that is counted here."""
        if len(self.remembered) >= _REMEMBERED:
            self.remembered = {}
        self.remembered[asking] = fit

    @property
    def has_tags(self) -> bool:
        """Whether tags are counted."""
        return self._tags is not None

    def count_tags(self, db: Connection) -> None:
        """Count tags, too, now and after each change; the database must know all that is counted here."""
        self._tags = all_tags(db, self.there)

    def tags(self, fitting: int) -> dict[str, int]:
        """How many of these models have each of the most common tags, and of the categories."""
        return self._tags.counts(fitting) if self._tags else {}

    def with_tag(self, tag: str) -> int | None:
        """The models with a tag, a bit each; None where it is too rare to be known here."""
        return self._tags.bits.get(tag) if self._tags else None

    @property
    def total(self) -> int:
        """How many models there are."""
        return sum(self._counts)

    def _numbers(self, narrow: int | None) -> Iterable[tuple[int, int]]:
        if narrow is None:
            return [(cell, number) for cell, number in enumerate(self._counts) if number]
        return Counter(compress(self._cell_of, flags_of(narrow))).items()


def _rows(db: Connection, numbers: Sequence[int]) -> list[Any]:
    """Number, size, what is lacking and values of those of these models that are there."""
    found: list[Any] = []
    lacked = (lack.label(name) for name, lack in _LACKS.items())
    query = sa.select(models.c.id, models.c.size, *lacked, *_VALUES).where(models.c.gone == 0)
    for first in range(0, len(numbers), _CHUNK):
        found += db.execute(query.where(models.c.id.in_(numbers[first : first + _CHUNK]))).all()
    return found
