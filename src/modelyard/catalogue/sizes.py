"""The bytes of each model on the disk: their order, and their sums.

A kind has sizes of its own, so that in the database's index all others may stand before it. Sums and ranges are
told by *planes*: one bit of the sizes of all models (a bit-sliced index: O'Neil and Quass, "Improved Query Performance
with Variant Indexes", SIGMOD 1997).
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice

from modelyard.catalogue.bits import bits_of, flags_of, numbers_in
from modelyard.catalogue.order import Order, beginning

_MANY = 500
"""Changed models of which all are sorted again, when somebody asks."""
_FEW = 3000
"""So many are sorted when they are asked for; of more, a page is met soon on the way along all."""


class Sizes:
    """Sizes by number, and what was made of them when somebody asked; a number that no model has may have any."""

    def __init__(self) -> None:
        self._of = array("q")
        self._sorted: array[int] | None = None
        self._planes: list[int] | None = None

    @classmethod
    def told(cls, numbers: Sequence[int], sizes: Iterable[int]) -> Sizes:
        """From the sizes of these numbers."""
        found = cls()
        found._reach(max(numbers, default=-1))
        for number, size in zip(numbers, sizes, strict=True):
            found._of[number] = size
        return found

    def after(self, changed: Mapping[int, int]) -> Sizes:
        """The same when these numbers have other sizes."""
        made = Sizes()
        made._of = self._of[:]
        made._reach(max(changed, default=-1))
        for number, size in changed.items():
            made._of[number] = size
        if len(changed) + len(made._of) - len(self._of) <= _MANY:
            made._sorted = made._sorted_as(self, changed)
            made._planes = made._planes_as(self, changed)
        return made

    def sum(self, fitting: int) -> int:
        """The bytes of these models, a bit each."""
        return sum((plane & fitting).bit_count() << power for power, plane in enumerate(self._sliced()))

    def at_least(self, least: int, among: int) -> int:
        """Those of these models, a bit each, that have so many bytes."""
        larger, same = 0, among
        planes = self._sliced()
        if least.bit_length() > len(planes):
            return 0
        for power in reversed(range(len(planes))):
            if least >> power & 1:
                same &= planes[power]
            else:
                larger |= same & planes[power]
                same &= ~planes[power]
        return larger | same

    def page(self, order: Order, fitting: int) -> list[int]:
        """The numbers of a page and of one model more.

        Args:
            fitting: The models that fit, a bit each.
        """
        numbers, begin = self._in_order(fitting), beginning(order)
        way: Iterable[int]
        if order.descending:
            passed = len(numbers) - bisect_left(numbers, begin, key=self._key) if begin else 0
            way = islice(reversed(numbers), passed, None)
        else:
            way = islice(numbers, bisect_right(numbers, begin, key=self._key) if begin else 0, None)
        fits = flags_of(fitting).ljust(len(self._of), b"\0")
        return list(islice(filter(fits.__getitem__, way), order.offset, order.offset + order.most + 1))

    def _reach(self, last: int) -> None:
        self._of.extend(array("q", [0]) * (last + 1 - len(self._of)))

    def _in_order(self, fitting: int) -> array[int]:
        """All numbers sorted, or the few that fit."""
        if fitting.bit_count() <= _FEW:
            return array("i", sorted(numbers_in(fitting), key=self._of.__getitem__))
        if self._sorted is None:
            self._sorted = array("i", sorted(range(len(self._of)), key=self._of.__getitem__))
        return self._sorted

    def _sorted_as(self, before: Sizes, changed: Collection[int]) -> array[int] | None:
        if before._sorted is None:
            return None
        numbers = before._sorted[:]
        for number in filter(len(before._of).__gt__, changed):
            del numbers[bisect_left(numbers, before._key(number), key=before._key)]
        new = [*filter(len(before._of).__gt__, changed), *range(len(before._of), len(self._of))]
        for number in new:
            numbers.insert(bisect_left(numbers, self._key(number), key=self._key), number)
        return numbers

    def _sliced(self) -> list[int]:
        """The planes, the lowest first."""
        if self._planes is None:
            raw, width = self._of.tobytes(), self._of.itemsize
            columns = [raw[at::width] for at in (range(width) if sys.byteorder == "little" else reversed(range(width)))]
            powers = range(max(self._of, default=0).bit_length())
            self._planes = [_plane(columns[power // 8], power % 8) for power in powers]
        return self._planes

    def _planes_as(self, before: Sizes, changed: Mapping[int, int]) -> list[int] | None:
        if before._planes is None:
            return None
        others, most = ~bits_of(changed), max(changed.values(), default=0).bit_length()
        planes = [plane & others for plane in before._planes]
        planes += [0] * (most - len(planes))
        for power in range(most):
            planes[power] |= bits_of([number for number, size in changed.items() if size >> power & 1])
        return planes

    def _key(self, number: int) -> tuple[float, int]:
        return self._of[number], number


def _plane(column: bytes, power: int) -> int:
    """One bit of each byte, as the bits of a number."""
    digits = bytes(0x30 + (value >> power & 1) for value in range(256))
    return int(column.translate(digits)[::-1] or b"0", 2)
