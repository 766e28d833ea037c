"""Pages by size are those of a plain sort, after any changes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modelyard.catalogue.bits import bits_of
from modelyard.catalogue.order import Order, mark
from modelyard.catalogue.sizes import Sizes

SIZES = st.lists(st.integers(0, 5), max_size=40)
CHANGES = st.lists(st.dictionaries(st.integers(0, 60), st.integers(0, 5), max_size=8), max_size=6)


def plain(of: list[int], fitting: set[int], order: Order, begin: tuple[int, int] | None) -> list[int]:
    places = sorted(((of[number], number) for number in fitting), reverse=order.descending)
    if begin is not None:
        places = [place for place in places if (place < begin if order.descending else place > begin)]
    return [number for _, number in places[order.offset :][: order.most + 1]]


@given(SIZES, CHANGES, st.data())
def test_a_page_is_that_of_a_plain_sort_after_any_changes(of: list[int], told: list[dict[int, int]], data) -> None:
    sizes = Sizes()
    sizes.reach(len(of) - 1)
    for number, size in enumerate(of):
        sizes.of[number] = size
    there = set(range(len(of)))
    for changed in [{}, *told]:
        there |= changed.keys()
        after = sizes.copy()
        after.reach(max(changed, default=-1))
        for number, size in changed.items():
            after.of[number] = size
        after.sort_as(sizes, changed)
        sizes = after
        if not data.draw(st.booleans()):
            continue  # nobody asks at this moment
        now = list(sizes.of)
        fitting = data.draw(st.sets(st.sampled_from(sorted(there)))) if there else set()
        order = Order(
            sort="size",
            descending=data.draw(st.booleans()),
            most=data.draw(st.integers(1, 10)),
            offset=data.draw(st.integers(0, 5)),
        )
        assert sizes.page(order, bits_of(fitting)) == plain(now, fitting, order, None)
        begin = (data.draw(st.integers(-1, 6)), data.draw(st.integers(-1, 61)))
        behind = Order(sort="size", descending=order.descending, most=order.most, after=mark(*begin))
        assert sizes.page(behind, bits_of(fitting)) == plain(now, fitting, behind, begin)


def test_a_change_of_few_models_is_sorted_in_and_one_of_many_anew() -> None:
    sizes = Sizes()
    sizes.reach(2000)
    everything = bits_of(range(2001))
    sizes.page(Order(sort="size"), everything)
    for many in (3, 1500):
        after = sizes.copy()
        changed = range(many)
        for number in changed:
            after.of[number] = 9
        after.sort_as(sizes, changed)
        assert (after._sorted is None) is (many > 500)
        assert after.page(Order(sort="size", descending=True, most=1), everything) == [many - 1, many - 2]
