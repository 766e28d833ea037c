"""How many models there are by each column: counted in memory, made anew when the catalogue changed.

Every model is in one *cell*: the tuple of its values in `FACETS`. A filter is a look at each cell, of which
there are a few thousand at most; words and tags, which no cell knows, count the cells of the ids they find.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.asking import FACETS, Choice
from modelyard.store.shelves import model_tags, models
from modelyard.values.categories import CATEGORIES

_TAGS = 300
"""Tags that are counted: those that most models have."""
_WINDOW = 4000
_NAMED = 500
"""Cells that are named to the database one by one."""

Cell = tuple[Any, ...]
Counts = dict[str, dict[Any, int]]


def _listed(column: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    return sa.func.aggregate_strings(sa.cast(column, sa.Text), ",")


_CELLS = (
    sa.select(sa.func.count(), sa.func.max(models.c.id), _listed(models.c.id), _listed(models.c.size))
    .add_columns(*(models.c[name] for name in FACETS))
    .where(models.c.gone == 0)
    .group_by(*(models.c[name] for name in FACETS))
)
"""One row a cell, along the index `models_as_cube`; a row a model takes Python six times as long."""


class Cube:
    """The counts of one moment.

    Args:
        version: How often the catalogue had changed then.
    """

    def __init__(self, db: Connection, version: int) -> None:
        self.version = version
        rows = db.execute(_CELLS).all()
        self._cells: list[Cell] = [tuple(row[4:]) for row in rows]
        self._counts: list[int] = [row[0] for row in rows]
        last = max((row[1] for row in rows), default=-1)
        self._cell_of = array("i", [-1]) * (last + 1)  # by id; -1 where there is no model
        self._size_of = array("q", [0]) * (last + 1)
        for cell, row in enumerate(rows):
            for number, size in zip(map(int, row[2].split(",")), map(int, row[3].split(",")), strict=True):
                self._cell_of[number] = cell
                self._size_of[number] = size
        self._sizes = [sum(map(int, row[3].split(","))) for row in rows]
        self._tags: dict[str, int] | None = None

    def counts(self, asked: Mapping[str, Choice], ids: Sequence[int] | None = None) -> tuple[int, int, Counts]:
        """How many models fit and their bytes, and for each column how many would fit with each of its values.

        A column's own filter does not count for its own values: a person sees what else could be chosen.

        Args:
            ids: Only these models; all when None.
        """
        found: Counts = {name: {} for name in FACETS}
        filters = [(at, asked[name]) for at, name in enumerate(FACETS) if name in asked]
        total, fitting = 0, set[int]()
        for cell, number in self._numbers(ids):
            values = self._cells[cell]
            wrong = [at for at, wanted in filters if values[at] not in wanted]
            if len(wrong) > 1:
                continue
            for at in wrong or range(len(FACETS)):
                column = found[FACETS[at]]
                column[values[at]] = column.get(values[at], 0) + number
            if not wrong:
                total += number
                fitting.add(cell)
        return total, self._bytes(fitting, ids), found

    def _bytes(self, cells: Collection[int], ids: Sequence[int] | None) -> int:
        if ids is None:
            return sum(self._sizes[cell] for cell in cells)
        known = filter(len(self._cell_of).__gt__, ids)
        return sum(self._size_of[number] for number in known if self._cell_of[number] in cells)

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
        return ((cell, number) for cell, number in cells if all(cell[at] in wanted for at, wanted in filters))

    def _numbers(self, ids: Iterable[int] | None) -> Iterable[tuple[int, int]]:
        if ids is None:
            return enumerate(self._counts)
        known = len(self._cell_of)
        found = Counter(map(self._cell_of.__getitem__, filter(known.__gt__, ids)))
        found.pop(-1, None)
        return found.items()

    def tags(self, db: Connection, asked: Mapping[str, Choice], ids: Iterable[int] | None = None) -> dict[str, int]:
        """How many of the models that fit have each of the most common tags, and of the categories."""
        if self._tags is None:
            self._tags = _tags(db)
        fitting = [all(cell[FACETS.index(name)] in wanted for name, wanted in asked.items()) for cell in self._cells]
        digits = bytearray(b"0" * len(self._cell_of))
        if ids is None:
            digits = bytearray(b"01"[cell >= 0 and fitting[cell]] for cell in self._cell_of)
        else:
            for number in ids:
                if number < len(digits) and (cell := self._cell_of[number]) >= 0 and fitting[cell]:
                    digits[number] = 49
        mask = int(bytes(digits[::-1]) or b"0", 2)
        found = {tag: (bits & mask).bit_count() for tag, bits in self._tags.items()}
        return {tag: number for tag, number in found.items() if number}


def _tags(db: Connection) -> dict[str, int]:
    """The most common tags and the categories, each with a bit for every model that has it."""
    common = sa.select(model_tags.c.tag).group_by(model_tags.c.tag).order_by(sa.func.count().desc(), model_tags.c.tag)
    names = CATEGORIES.union(db.execute(common.limit(_TAGS)).scalars())
    found: dict[str, bytearray] = {}
    for tag, number in db.execute(sa.select(model_tags.c.tag, model_tags.c.model).where(model_tags.c.tag.in_(names))):
        bits = found.setdefault(tag, bytearray())
        if number // 8 >= len(bits):
            bits.extend(bytes(number // 8 + 1 - len(bits)))
        bits[number // 8] |= 1 << (number % 8)
    return {tag: int.from_bytes(bits, "little") for tag, bits in found.items()}
