"""Which models have the most common tags: a bit for every model, kept from change to change.

Bits are held of the tags that are shown and of a few that might come up to them. Of every other tag is known
that *at most* so many models have it: one that may stand among the first is looked up, so that what is shown is exact.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.store.shelves import model_tags
from modelyard.values.categories import CATEGORIES

SHOWN = 300
"""Tags that are counted: those that most models have."""
_CHUNK = 500
_FEW = 16
_FLAG_TO_DIGIT = bytes.maketrans(b"\0\1", b"01")


def listed(column: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    """The numbers of a group in one text: a row for each takes Python many times as long."""
    return sa.func.aggregate_strings(sa.cast(column, sa.Text), ",")


def numbers_of(told: str) -> list[int]:
    """What `listed` listed; JSON is read in a fifth of the time."""
    return msgspec.json.decode(f"[{told}]", type=list[int])


_BY_TAG = sa.select(model_tags.c.tag, sa.func.count(), listed(model_tags.c.model)).group_by(model_tags.c.tag)


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of one moment.

    Attributes:
        bits: Of each tag that is watched a bit for every model that has it.
        rest: Of each other tag, how many models have it at most.
        shown: The most common ones of models that are there, and the categories.
    """

    bits: Mapping[str, int]
    rest: Mapping[str, int]
    shown: Collection[str]

    def counts(self, chosen: int) -> dict[str, int]:
        """How many of the chosen models, a bit each, have each of the tags that are shown."""
        found = {tag: (self.bits[tag] & chosen).bit_count() for tag in self.shown}
        return {tag: number for tag, number in found.items() if number}

    def after(self, db: Connection, numbers: Iterable[int], there: int) -> Tags:
        """The same when these models have changed.

        Args:
            there: A bit for every model that is there.
        """
        fresh = _of_models(db, sorted(numbers))
        changed = bits_of(numbers)
        bits = {tag: one & ~changed if one & changed else one for tag, one in self.bits.items()}
        rest = dict(self.rest)
        for tag, found in fresh.items():
            if tag in bits:
                bits[tag] |= bits_of(found)
            else:
                rest[tag] = rest.get(tag, 0) + len(found)
        return _settled(db, bits, rest, there)


def all_tags(db: Connection, there: int) -> Tags:
    """Every tag, counted anew."""
    rows = sorted(db.execute(_BY_TAG).all(), key=lambda row: (-row[1], row[0]))
    watched = {row[0]: bits_of(numbers_of(row[2])) for row in rows[: SHOWN + SHOWN // 4]}
    return _settled(db, watched, {row[0]: row[1] for row in rows if row[0] not in watched}, there)


def _settled(db: Connection, bits: dict[str, int], rest: dict[str, int], there: int) -> Tags:
    """Watch each tag that may be among the most common ones, until those are known."""
    while True:
        ranks = sorted((-(one & there).bit_count(), tag) for tag, one in bits.items())
        last = ranks[SHOWN - 1] if len(ranks) >= SHOWN else (0, "")
        doubtful = [tag for tag, most in rest.items() if (-most, tag) < last or tag in CATEGORIES]
        if not doubtful:
            break
        for tag in doubtful:
            del rest[tag]
        bits |= _with_tags(db, doubtful)
    for number, tag in ranks[2 * SHOWN :]:
        if tag not in CATEGORIES:
            del bits[tag]
            rest[tag] = -number
    shown = {tag for number, tag in ranks[:SHOWN] if number}
    return Tags(bits, {tag: most for tag, most in rest.items() if most}, shown | (CATEGORIES & bits.keys()))


def bits_of(numbers: Iterable[int]) -> int:
    """A number with a bit for each of these."""
    chosen = numbers if isinstance(numbers, Collection) else list(numbers)
    if len(chosen) <= _FEW:
        return functools.reduce(operator.or_, (1 << number for number in chosen), 0)
    flags = bytearray(max(chosen) + 1)
    for number in chosen:
        flags[number] = 1
    return bits_of_flags(flags)


def bits_of_flags(flags: bytes | bytearray) -> int:
    """A number with a bit for each byte that is 1."""
    return int(flags.translate(_FLAG_TO_DIGIT)[::-1] or b"0", 2)


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
