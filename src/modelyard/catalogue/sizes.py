"""The bytes of each model on the disk, and their order.

A kind has sizes of its own, so that in the database's index all others may stand before it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable
from itertools import islice

from modelyard.catalogue.bits import flags_of
from modelyard.catalogue.order import Order, beginning

_MANY = 500
"""Changed models of which all are sorted again, when somebody asks."""


class Sizes:
    """Sizes by number, and the numbers sorted by them when that was asked for."""

    def __init__(self) -> None:
        self.of = array("q")
        self._sorted: array[int] | None = None

    def copy(self) -> Sizes:
        """The same sizes, to be changed; not sorted."""
        copied = Sizes()
        copied.of = self.of[:]
        return copied

    def reach(self, last: int) -> None:
        """Have room for this number."""
        self.of.extend(array("q", [0]) * (last + 1 - len(self.of)))

    def sort_as(self, before: Sizes, changed: Collection[int]) -> None:
        """Be sorted when the sizes before were, of which few changed."""
        if before._sorted is None or len(changed) > _MANY:
            return
        numbers = before._sorted[:]
        for number in filter(len(before.of).__gt__, changed):
            place = bisect_left(numbers, before._key(number), key=before._key)
            if place < len(numbers) and numbers[place] == number:
                del numbers[place]
        for number in filter(len(self.of).__gt__, changed):
            numbers.insert(bisect_left(numbers, self._key(number), key=self._key), number)
        self._sorted = numbers

    def page(self, order: Order, fitting: int) -> list[int]:
        """The numbers of a page and of one model more.

        Args:
            fitting: The models that fit, a bit each.
        """
        numbers, begin = self._in_order(), beginning(order)
        way: Iterable[int]
        if order.descending:
            passed = len(numbers) - bisect_left(numbers, begin, key=self._key) if begin else 0
            way = islice(reversed(numbers), passed, None)
        else:
            way = islice(numbers, bisect_right(numbers, begin, key=self._key) if begin else 0, None)
        fits = flags_of(fitting).ljust(len(self.of), b"\0")
        return list(islice(filter(fits.__getitem__, way), order.offset, order.offset + order.most + 1))

    def _in_order(self) -> array[int]:
        if self._sorted is None:
            self._sorted = array("i", sorted(range(len(self.of)), key=self.of.__getitem__))
        return self._sorted

    def _key(self, number: int) -> tuple[float, int]:
        return self.of[number], number
