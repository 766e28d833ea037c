"""Which models fit a question: what is counted already answers most of it, the database is asked for the rest."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Iterable, Iterator

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.asking import Asking, beyond, chosen_values, hits, is_narrow, is_words_only, tagged
from modelyard.catalogue.bits import bits_of, joined, listed, numbers_of
from modelyard.catalogue.cube import Cube, Fit
from modelyard.catalogue.words import asked_words
from modelyard.store.shelves import models


def sieved(db: Connection, asking: Asking, cube: Cube, *, same: bool) -> Fit:
    """The models that fit.

    Args:
        same: The database shows the very moment that is counted: the answer may be remembered.
    """
    if (known := cube.remembered.get(asking)) is not None:
        return known
    columns = cube.fitting(chosen_values(asking))
    narrow = functools.reduce(operator.and_, _parts(db, asking, cube), cube.there) if is_narrow(asking) else None
    fit = columns if narrow is None else columns & narrow, narrow
    if same and asking.unused_since is None:  # uses are counted without a change of what is counted here
        cube.remember(asking, fit)
    return fit


def _parts(db: Connection, asking: Asking, cube: Cube) -> Iterator[int]:
    """What no column knows, part by part: each a bit for every model that fits it."""
    for tag in asking.tags:
        yield _with_any(db, cube, [tag])
    if asking.category:
        yield _with_any(db, cube, asking.category)
    if unwanted := [value for name, value in asking.exclude if name == "tag"]:
        yield ~_with_any(db, cube, unwanted)
    for name in asking.without:
        yield cube.lacking(name)
    if asking.larger is not None or asking.smaller is not None:
        yield cube.of_size(asking.larger or 0, math.inf if asking.smaller is None else asking.smaller)
    kept = tuple(pair for pair in asking.exclude if pair[0] != "tag")
    rest = {"tags": (), "category": (), "exclude": kept, "without": (), "larger": None, "smaller": None}
    left = msgspec.structs.replace(asking, **rest)
    if is_narrow(left):
        yield bits_of(_found(db, left))


def _with_any(db: Connection, cube: Cube, tags: Iterable[str]) -> int:
    known = {tag: cube.with_tag(tag) for tag in tags}
    rare = [tag for tag, bits in known.items() if bits is None]
    looked_up = bits_of(_numbers(db, tagged(*rare))) if rare else 0
    return joined([looked_up, *(bits for bits in known.values() if bits is not None)])


def _found(db: Connection, asking: Asking) -> list[int]:
    words = asked_words(asking.text)
    if db.dialect.name == "sqlite" and words and is_words_only(asking):
        return _numbers(db, hits(words))
    return _numbers(db, sa.select(models.c.id).where(*beyond(asking, db.dialect.name)))


def _numbers(db: Connection, query: sa.Select[tuple[int]] | sa.TextualSelect) -> list[int]:
    """The numbers that a query finds, as one text: a row for each takes Python twice as long."""
    told = db.execute(sa.select(listed(query.subquery().c[0]))).scalar()
    return numbers_of(told) if told else []
