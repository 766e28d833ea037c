"""Which models have which value of a column: for each value a bit for every model (a bitmap index).

What fits several questions is put together with `&` and `|` and counted at once, whatever the number of models.
Bits take as much room for one model as for all: where a column has very many values, models with the rarest ones
are kept one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Mapping, Sequence
from typing import Any

import msgspec

from modelyard.catalogue.bits import bits_of, flags_of, joined

_MOST = 500
"""Values of a column that have bits; each takes an eighth of a byte a model."""


class Bitmaps(msgspec.Struct, frozen=True):
    """The values of one column at one moment.

    Attributes:
        bits: Of each common value, the models that have it.
        numbers: How many these are.
        rest: The values of the other models, by number; a value that became common late stands in both.
    """

    bits: Mapping[Any, int]
    numbers: Mapping[Any, int]
    rest: Mapping[int, Any]

    def fitting(self, choice: Container[Any]) -> int:
        """The models whose value is among these."""
        rest = bits_of([number for number, value in self.rest.items() if value in choice])
        return joined([*(one for value, one in self.bits.items() if value in choice), rest])

    def counts(self, among: int | None = None) -> dict[Any, int]:
        """How many models have each value.

        Args:
            among: Only these, a bit each; all when None.
        """
        if among is None:
            return dict(Counter(self.numbers) + Counter(self.rest.values()) if self.rest else self.numbers)
        found = {value: number for value, one in self.bits.items() if (number := (one & among).bit_count())}
        if self.rest:
            flags = flags_of(among).ljust(max(self.rest) + 1, b"\0")
            found = dict(Counter(found) + Counter(value for number, value in self.rest.items() if flags[number]))
        return found

    def after(self, changed: Collection[int], fresh: Mapping[Any, Sequence[int]]) -> Bitmaps:
        """The same when these models have changed.

        Args:
            fresh: Those that are there, by the value they have now.
        """
        gone, rest = bits_of(changed), dict(self.rest)
        bits: dict[Any, int] = dict(self.bits)
        for number in changed:
            rest.pop(number, None)
        touched = {value: one & ~gone for value, one in bits.items() if one & gone}
        for value, found in fresh.items():
            if value in bits or len(bits) < _MOST:
                touched[value] = touched.get(value, bits.setdefault(value, 0)) | bits_of(found)
            else:
                rest |= dict.fromkeys(found, value)
        numbers = {**self.numbers, **{value: one.bit_count() for value, one in touched.items()}}
        bits = {value: one for value, one in (bits | touched).items() if one}
        return Bitmaps(bits, {value: numbers[value] for value in bits}, rest)


def bitmaps(found: Mapping[Any, Sequence[int]]) -> Bitmaps:
    """A column, by the models that have each of its values."""
    ranks = sorted(found, key=lambda value: -len(found[value]))
    common, rare = ranks[:_MOST], ranks[_MOST:]
    rest = {number: value for value in rare for number in found[value]}
    return Bitmaps({value: bits_of(found[value]) for value in common}, {one: len(found[one]) for one in common}, rest)
