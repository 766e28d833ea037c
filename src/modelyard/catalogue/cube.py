"""How many models there are by each column: counted in memory, and mended by what changed since.

What fits is a number with a bit for each model, so that columns, words and tags are put together with it at once.
A cube is the counts of one moment: a change makes another one, so that who looks at it needs no lock.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.asking import FACETS, Asking, Choice, lacks
from modelyard.catalogue.bitmaps import Bitmaps, bitmaps
from modelyard.catalogue.bits import bits_of, listed, numbers_of
from modelyard.catalogue.sizes import Sizes
from modelyard.catalogue.tagged import Tags, all_tags
from modelyard.catalogue.views import Facets
from modelyard.store.shelves import models

_CHUNK = 500
_REMEMBERED = 16
"""Questions of one moment whose answers are remembered: a list and the counts beside it are asked for one by one."""

Counts = dict[str, dict[Any, int]]

Fit = tuple[int, int | None]
"""The models that fit a question, a bit each; and those that fit what no column knows, None where that is nothing."""

_VALUES = tuple(models.c[name] for name in FACETS)
_LACKS = {name: lacks(name) for name in ("preview", "sha256")}
"""What models may lack and no column tells."""
_CELLS = sa.select(listed(models.c.id), listed(models.c.size), *_VALUES).where(models.c.gone == 0).group_by(*_VALUES)
"""One row for all models with the same values, along the index `models_as_cube`; a row each takes six times as long."""


class Cube:
    """The counts of one moment.

    Args:
        version: The last change of the catalogue that is counted.

    Attributes:
        there: The models that are there, a bit each.
        remembered: What fits the last questions.
        told: The counts that were told of these, without and with tags.
    """

    def __init__(self, version: int) -> None:
        self.version = version
        self.there = 0
        self.sizes = Sizes()
        self.remembered: dict[Asking, Fit] = {}
        self.told: dict[tuple[Asking, bool], Facets] = {}
        self._columns: dict[str, Bitmaps] = {}
        self._lacking: dict[str, int] = {}
        self._tags: Tags | None = None

    @classmethod
    def counted(cls, db: Connection, version: int) -> Cube:
        """All models, counted anew."""
        cube, rows = cls(version), db.execute(_CELLS).all()
        cells = [(numbers_of(row[0]), row[2:]) for row in rows]
        every = [number for numbers, _ in cells for number in numbers]
        cube.there = bits_of(every)
        cube._columns = {name: bitmaps(_by_value(cells, at)) for at, name in enumerate(FACETS)}
        cube.sizes = Sizes.told(every, (size for row in rows for size in numbers_of(row[1])))
        for name, lacking in _LACKS.items():
            told = db.execute(sa.select(listed(models.c.id)).where(models.c.gone == 0, lacking)).scalar()
            cube._lacking[name] = bits_of(numbers_of(told or ""))
        return cube

    def after(self, db: Connection, changed: Collection[int], version: int) -> Cube:
        """The counts when these models have changed."""
        rows, cube = _rows(db, sorted(changed)), Cube(version)
        cells = [([row.id], row[-len(FACETS) :]) for row in rows]
        for at, (name, column) in enumerate(self._columns.items()):
            cube._columns[name] = column.after(changed, _by_value(cells, at))
        cube.sizes = self.sizes.after({row.id: row.size for row in rows})
        others = ~bits_of(changed)
        cube.there = self.there & others | bits_of([row.id for row in rows])
        for at_row, (name, bits) in enumerate(self._lacking.items(), 2):
            cube._lacking[name] = bits & others | bits_of([row.id for row in rows if row[at_row]])
        if self._tags is not None:
            cube._tags = self._tags.after(db, changed, cube.there)
        return cube

    def counts(self, asked: Mapping[str, Choice], narrow: int | None = None) -> Counts:
        """For each column, how many models would fit with each of its values.

        A column's own filter does not count for its own values: a person sees what else could be chosen.

        Args:
            narrow: Only these models, a bit each; all when None.
        """
        fits = {name: self._columns[name].fitting(choice) for name, choice in asked.items()}
        always = [] if narrow is None else [narrow]
        found: Counts = {}
        for name, column in self._columns.items():
            others = always + [fit for other, fit in fits.items() if other != name]
            found[name] = column.counts(functools.reduce(operator.and_, others) if others else None)
        return found

    def fitting(self, asked: Mapping[str, Choice]) -> int:
        """The models that fit, a bit each."""
        fits = (self._columns[name].fitting(choice) for name, choice in asked.items())
        return functools.reduce(operator.and_, fits, self.there)

    def lacking(self, name: str) -> int:
        """Models without this, a bit each."""
        return self._lacking[name] if name in self._lacking else self.fitting({name: Choice(frozenset(("",)))})

    def of_size(self, least: float, most: float) -> int:
        """Models with so many bytes, a bit each; ``inf`` is no limit."""
        if most < 0:
            return 0
        found = self.sizes.at_least(max(0, math.ceil(least)), self.there) if least < math.inf else 0
        return found if most == math.inf else found & ~self.sizes.at_least(math.floor(most) + 1, found)

    def remember(self, asking: Asking, fit: Fit) -> None:
        """Keep an answer as long as nothing changes; the database must know all that is counted here."""
        if len(self.remembered) >= _REMEMBERED:
            self.remembered, self.told = {}, {}
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


def _by_value(cells: Sequence[tuple[Sequence[int], Sequence[Any]]], at: int) -> dict[Any, list[int]]:
    """The numbers of models by their value in one column.

    Args:
        cells: Numbers, and the values of all columns that these have in common.
    """
    found: dict[Any, list[int]] = {}
    for numbers, values in cells:
        found.setdefault(values[at], []).extend(numbers)
    return found


def _rows(db: Connection, numbers: Sequence[int]) -> list[Any]:
    """Number, size, what is lacking and values of those of these models that are there."""
    found: list[Any] = []
    lacked = (lack.label(name) for name, lack in _LACKS.items())
    query = sa.select(models.c.id, models.c.size, *lacked, *_VALUES).where(models.c.gone == 0)
    for first in range(0, len(numbers), _CHUNK):
        found += db.execute(query.where(models.c.id.in_(numbers[first : first + _CHUNK]))).all()
    return found
