"""How many models there are by each column: counted in memory, and mended by what changed since.

Every model is in one *cell*: the tuple of its values in `FACETS`. A filter is a look at each cell, of which
there are a few thousand at most; words and tags, which no cell knows, count the cells of the ids they find.
A cube is the counts of one moment: a change makes another one, so that who looks at it needs no lock.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import compress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.asking import FACETS, Choice
from modelyard.catalogue.tagged import Tags, all_tags, bits_of_flags, listed, numbers_of
from modelyard.store.shelves import models

_WINDOW = 4000
_NAMED = 500
"""Cells that are named to the database one by one."""
_CHUNK = 500

Cell = tuple[Any, ...]
Counts = dict[str, dict[Any, int]]

_VALUES = tuple(models.c[name] for name in FACETS)
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
        self._cells: list[Cell] = []
        self._counts: list[int] = []
        self._cell_of = array("i")  # by id; -1 where there is no model
        self._size_of = array("q")
        self._tags: Tags | None = None

    @classmethod
    def counted(cls, db: Connection, version: int) -> Cube:
        """All models, counted anew."""
        cube, rows = cls(version), db.execute(_CELLS).all()
        cube._cells = [tuple(row[4:]) for row in rows]
        cube._counts = [row[0] for row in rows]
        cube._reach(max((row[1] for row in rows), default=-1))
        for cell, row in enumerate(rows):
            for number, size in zip(numbers_of(row[2]), numbers_of(row[3]), strict=True):
                cube._cell_of[number] = cell
                cube._size_of[number] = size
        return cube

    def after(self, db: Connection, changed: Collection[int], version: int) -> Cube:
        """The counts when these models have changed."""
        rows = _rows(db, sorted(changed))
        if self._counts.count(0) > len(self._counts) // 2 + _NAMED:
            return Cube.counted(db, version)  # most of its cells are empty by now
        cube = Cube(version)
        cube._cells, cube._counts = self._cells.copy(), self._counts.copy()
        cube._cell_of, cube._size_of = self._cell_of[:], self._size_of[:]
        cube._reach(max((row[0] for row in rows), default=-1))
        for number in filter(len(self._cell_of).__gt__, changed):
            if (cell := self._cell_of[number]) >= 0:
                cube._counts[cell] -= 1
                cube._cell_of[number] = -1
        at = {cell: place for place, cell in enumerate(cube._cells)}
        for row in rows:
            cube._add(row[0], row[1], at.setdefault(tuple(row[2:]), len(at)), tuple(row[2:]))
        if self._tags is not None:
            cube._tags = self._tags.after(db, changed, cube._there())
        return cube

    def _reach(self, last: int) -> None:
        missing = last + 1 - len(self._cell_of)
        self._cell_of.extend(array("i", [-1]) * missing)
        self._size_of.extend(array("q", [0]) * missing)

    def _add(self, number: int, size: int, place: int, cell: Cell) -> None:
        if place == len(self._cells):
            self._cells.append(cell)
            self._counts.append(0)
        self._counts[place] += 1
        self._cell_of[number], self._size_of[number] = place, size

    def counts(self, asked: Mapping[str, Choice], ids: Sequence[int] | None = None) -> Counts:
        """For each column, how many models would fit with each of its values.

        A column's own filter does not count for its own values: a person sees what else could be chosen.

        Args:
            ids: Only these models, which are `known`; all when None.
        """
        found: Counts = {name: {} for name in FACETS}
        filters = [(at, asked[name]) for at, name in enumerate(FACETS) if name in asked]
        for cell, number in self._numbers(ids):
            values = self._cells[cell]
            wrong = [at for at, wanted in filters if values[at] not in wanted]
            if len(wrong) > 1:
                continue
            for at in wrong or range(len(FACETS)):
                column = found[FACETS[at]]
                column[values[at]] = column.get(values[at], 0) + number
        return found

    def fitting(self, asked: Mapping[str, Choice], ids: Sequence[int] | None = None) -> bytes:
        """A byte for every number of a model, 1 where it fits.

        Args:
            ids: Only these models, which are `known`; all when None.
        """
        filters = [(FACETS.index(name), wanted) for name, wanted in asked.items()]
        fits = [all(cell[at] in wanted for at, wanted in filters) for cell in self._cells]
        fits.append(False)  # the cell of no model, -1
        if ids is None:
            return bytes(map(fits.__getitem__, self._cell_of))
        flags, cell_of = bytearray(len(self._cell_of)), self._cell_of
        for number in ids:
            flags[number] = fits[cell_of[number]]
        return bytes(flags)

    def bytes_of(self, fitting: bytes) -> int:
        """The bytes of these models on the disk."""
        return sum(compress(self._size_of, fitting))

    @property
    def has_tags(self) -> bool:
        """Whether tags are counted."""
        return self._tags is not None

    def count_tags(self, db: Connection) -> None:
        """Count tags, too, now and after each change; the database must know all that is counted here."""
        self._tags = all_tags(db, self._there())

    def tags(self, fitting: bytes) -> dict[str, int]:
        """How many of these models have each of the most common tags, and of the categories."""
        return self._tags.counts(bits_of_flags(fitting)) if self._tags else {}

    def _there(self) -> int:
        return bits_of_flags(self.fitting({}))

    def known(self, ids: list[int]) -> list[int]:
        """Those of these numbers that were given to models when this was counted."""
        last = len(self._cell_of)
        return ids if max(ids, default=0) < last else [number for number in ids if number < last]

    @property
    def numbers(self) -> Iterator[int]:
        """The numbers of all models."""
        return compress(range(len(self._cell_of)), map((-1).__lt__, self._cell_of))

    @property
    def total(self) -> int:
        """How many models there are."""
        return sum(self._counts)

    def window(self, asked: Mapping[str, Choice], hits: int | None, most: int) -> int:
        """How many models along the order to look at for a page; 0 when gathering all that fit is sooner.

        Twice as many as hold a page when what fits lies evenly along the order, as it often does not.

        Args:
            hits: How many models have the words asked for; None when none were.
        """
        every = self.total
        fitting = sum(number for _, number in self._fitting(asked))
        expected = fitting * (1.0 if hits is None else hits / max(every, 1))
        wanted = math.ceil(2 * (most + 1) * every / max(expected, 1))
        return wanted if wanted <= _WINDOW else 0

    def cells(self, asked: Mapping[str, Choice]) -> list[Cell] | None:
        """The cells of all that fit; None when they are too many to be named."""
        found = [cell for cell, _ in self._fitting(asked)]
        return found if len(found) <= _NAMED else None

    def _fitting(self, asked: Mapping[str, Choice]) -> Iterator[tuple[Cell, int]]:
        filters = [(FACETS.index(name), wanted) for name, wanted in asked.items()]
        cells = zip(self._cells, self._counts, strict=True)
        return (
            (cell, number) for cell, number in cells if number and all(cell[at] in wanted for at, wanted in filters)
        )

    def _numbers(self, ids: Iterable[int] | None) -> Iterable[tuple[int, int]]:
        if ids is None:
            return [(cell, number) for cell, number in enumerate(self._counts) if number]
        found = Counter(map(self._cell_of.__getitem__, ids))
        found.pop(-1, None)
        return found.items()


def _rows(db: Connection, numbers: Sequence[int]) -> list[Any]:
    """Number, size and values of those of these models that are there."""
    found: list[Any] = []
    for first in range(0, len(numbers), _CHUNK):
        chosen = models.c.id.in_(numbers[first : first + _CHUNK])
        found += db.execute(sa.select(models.c.id, models.c.size, *_VALUES).where(models.c.gone == 0, chosen)).all()
    return found
