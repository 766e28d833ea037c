"""Pages by size, sums and ranges are those of a plain sort and a plain sum, after any changes."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.catalogue import sizes as module
from modelyard.catalogue.bits import bits_of, numbers_in
from modelyard.catalogue.order import Order, mark
from modelyard.catalogue.sizes import Sizes

SIZE = st.one_of(st.integers(0, 5), st.integers(0, 2**62))
SIZES = st.lists(SIZE, max_size=40)
CHANGES = st.lists(st.dictionaries(st.integers(0, 60), SIZE, max_size=8), max_size=6)


def plain(of: dict[int, int], fitting: set[int], order: Order, begin: tuple[int, int] | None) -> list[int]:
    places = sorted(((of[number], number) for number in fitting), reverse=order.descending)
    if begin is not None:
        places = [place for place in places if (place < begin if order.descending else place > begin)]
    return [number for _, number in places[order.offset :][: order.most + 1]]


@pytest.mark.parametrize("few", [0, 5])
def test_what_is_told_is_that_of_a_plain_sort_and_sum_after_any_changes(
    few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FEW", few)

    @given(SIZES, CHANGES, st.data())
    def told(given_sizes: list[int], changes: list[dict[int, int]], data: st.DataObject) -> None:
        of = dict(enumerate(given_sizes))
        sizes = Sizes.told([*of], of.values())
        for changed in [{}, *changes]:
            of |= changed
            sizes = sizes.after(changed)
            if not data.draw(st.booleans()):
                continue  # nobody asks at this moment
            fitting = data.draw(st.sets(st.sampled_from(sorted(of)))) if of else set()
            bits, order = (
                bits_of(fitting),
                Order(
                    sort="size",
                    descending=data.draw(st.booleans()),
                    most=data.draw(st.integers(1, 10)),
                    offset=data.draw(st.integers(0, 5)),
                ),
            )
            assert sizes.page(order, bits) == plain(of, fitting, order, None)
            begin = (data.draw(st.integers(-1, 6)), data.draw(st.integers(-1, 61)))
            behind = Order(sort="size", descending=order.descending, most=order.most, after=mark(*begin))
            assert sizes.page(behind, bits) == plain(of, fitting, behind, begin)
            assert sizes.sum(bits) == sum(of[number] for number in fitting)
            least = data.draw(SIZE)
            assert set(numbers_in(sizes.at_least(least, bits))) == {one for one in fitting if of[one] >= least}

    told()


@pytest.mark.parametrize("order", ["big", "little"])
def test_bytes_are_sliced_in_the_order_of_the_machine(order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = Sizes.told([0, 1], [0x0102, 2**40])
    if order != sys.byteorder:
        sizes._of.byteswap()
        monkeypatch.setattr(sys, "byteorder", order)
        monkeypatch.setattr(module, "max", lambda *_, **__: 2**40, raising=False)
    assert (sizes.sum(1), sizes.sum(2)) == (0x0102, 2**40)


def test_a_change_of_few_models_is_sorted_in_and_one_of_many_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FEW", 100)
    sizes = Sizes.told(range(2001), [0] * 2001)
    everything = bits_of(range(2001))
    sizes.page(Order(sort="size"), everything)
    assert sizes.sum(everything) == 0
    for many in (3, 1500):
        after = sizes.after(dict.fromkeys(range(many), 9))
        assert (after._sorted is None) is (after._planes is None) is (many > 500)
        assert after.page(Order(sort="size", descending=True, most=1), everything) == [many - 1, many - 2]
        assert after.sum(everything) == 9 * many
    far = sizes.after({10_000: 1})
    assert far._sorted is None, "numbers between are many, too"
    assert far.page(Order(sort="size", descending=True, most=1), everything | 1 << 10_000) == [10_000, 2000]


def test_few_models_are_sorted_without_all_the_others() -> None:
    sizes = Sizes.told(range(20_000), [number % 7 for number in range(20_000)])
    assert sizes.page(Order(sort="size"), 0) == []
    assert sizes.page(Order(sort="size"), bits_of([5, 8, 19_999])) == [19_999, 8, 5]
    assert sizes._sorted is None
