"""Which models have the most common tags: a bit for every model, kept from change to change.

Bits are held of the tags that are shown and of a few that might come up to them. Of every other tag is known
that *at most* so many models have it: one that may stand among the first is looked up, so that what is shown is exact.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.bits import bits_of, listed, numbers_of
from modelyard.store.shelves import model_tags
from modelyard.values.categories import CATEGORIES

SHOWN = 300
"""Tags that are counted: those that most models have."""
_CHUNK = 500


_BY_TAG = sa.select(model_tags.c.tag, sa.func.count(), listed(model_tags.c.model)).group_by(model_tags.c.tag)


class Tags(msgspec.Struct, frozen=True):
    """The tags of one moment.

    Attributes:
        bits: Of each tag that is watched a bit for every model that is there and has it.
        numbers: How many these are.
        rest: Of each other tag, how many models have it at most.
        shown: The most common ones of models that are there, and the categories.
        there: A bit for every model that is there.
    """

    bits: Mapping[str, int]
    numbers: Mapping[str, int]
    rest: Mapping[str, int]
    shown: Collection[str]
    there: int

    def counts(self, chosen: int) -> dict[str, int]:
        """How many of the chosen models, a bit each, have each of the tags that are shown."""
        if chosen == self.there:
            return {tag: number for tag in self.shown if (number := self.numbers[tag])}
        found = {tag: (self.bits[tag] & chosen).bit_count() for tag in self.shown}
        return {tag: number for tag, number in found.items() if number}

    def after(self, db: Connection, changed: Collection[int], there: int) -> Tags:
        """The same when these models have changed.

        Args:
            there: A bit for every model that is there.
        """
        fresh, gone = _of_models(db, sorted(changed)), bits_of(changed)
        bits, rest = dict(self.bits), dict(self.rest)
        touched = {tag: one & ~gone for tag, one in bits.items() if one & gone}
        for tag, found in fresh.items():
            if tag in bits:
                touched[tag] = touched.get(tag, bits[tag]) | bits_of(found) & there
            else:
                rest[tag] = rest.get(tag, 0) + len(found)
        numbers = {**self.numbers, **{tag: one.bit_count() for tag, one in touched.items()}}
        return _settled(db, bits | touched, numbers, rest, there)


def all_tags(db: Connection, there: int) -> Tags:
    """Every tag, counted anew."""
    rows = sorted(db.execute(_BY_TAG).all(), key=lambda row: (-row[1], row[0]))
    watched = {row[0]: bits_of(numbers_of(row[2])) & there for row in rows[: SHOWN + SHOWN // 4]}
    numbers = {tag: one.bit_count() for tag, one in watched.items()}
    return _settled(db, watched, numbers, {row[0]: row[1] for row in rows if row[0] not in watched}, there)


def _settled(db: Connection, bits: dict[str, int], numbers: dict[str, int], rest: dict[str, int], there: int) -> Tags:
    """Watch each tag that may be among the most common ones, until those are known."""
    while True:
        ranks = sorted((-number, tag) for tag, number in numbers.items())
        last = ranks[SHOWN - 1] if len(ranks) >= SHOWN else (0, "")
        doubtful = [tag for tag, most in rest.items() if (-most, tag) < last or tag in CATEGORIES]
        if not doubtful:
            break
        for tag in doubtful:
            del rest[tag]
        found = {tag: one & there for tag, one in _with_tags(db, doubtful).items()}
        bits |= found
        numbers |= {tag: one.bit_count() for tag, one in found.items()}
    for number, tag in ranks[2 * SHOWN :]:
        if tag not in CATEGORIES:
            del bits[tag], numbers[tag]
            rest[tag] = -number
    shown = {tag for number, tag in ranks[:SHOWN] if number}
    rest = {tag: most for tag, most in rest.items() if most}
    return Tags(bits, numbers, rest, shown | (CATEGORIES & bits.keys()), there)


def _with_tags(db: Connection, tags: list[str]) -> dict[str, int]:
    """The models with each of these tags; none, where no model has it any more."""
    found = dict.fromkeys(tags, 0)
    for first in range(0, len(tags), _CHUNK):
        chosen = _BY_TAG.where(model_tags.c.tag.in_(tags[first : first + _CHUNK]))
        found |= {row[0]: bits_of(numbers_of(row[2])) for row in db.execute(chosen)}
    return found


def _of_models(db: Connection, numbers: list[int]) -> dict[str, list[int]]:
    """The tags of these models, and which of them have each."""
    found: dict[str, list[int]] = {}
    for first in range(0, len(numbers), _CHUNK):
        chosen = _BY_TAG.where(model_tags.c.model.in_(numbers[first : first + _CHUNK]))
        for row in db.execute(chosen):
            found.setdefault(row[0], []).extend(numbers_of(row[2]))
    return found
