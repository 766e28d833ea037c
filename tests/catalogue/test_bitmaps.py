"""Values of a column, counted by bits, are those of a plain count after any changes, however many values there are."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.catalogue import bitmaps as module
from modelyard.catalogue.asking import Choice
from modelyard.catalogue.bitmaps import Bitmaps, bitmaps
from modelyard.catalogue.bits import bits_of, numbers_in

VALUE = st.sampled_from("abcdefgh")
MODELS = st.dictionaries(st.integers(0, 40), VALUE, max_size=20)
CHANGES = st.lists(st.tuples(st.sets(st.integers(0, 45), max_size=8), MODELS), max_size=6)


def by_value(values: dict[int, str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, value in values.items():
        found.setdefault(value, []).append(number)
    return found


@pytest.mark.parametrize("most", [0, 1, 3, 100])
def test_counts_are_those_of_a_plain_count_after_any_changes(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST", most)

    @given(MODELS, CHANGES, st.sets(st.integers(0, 45)), st.frozensets(VALUE), st.frozensets(VALUE))
    def counted(
        values: dict[int, str],
        changes: list[tuple[set[int], dict[int, str]]],
        among: set[int],
        wanted: frozenset[str],
        unwanted: frozenset[str],
    ) -> None:
        column, choice = bitmaps(by_value(values)), Choice(wanted, unwanted)
        for gone, fresh in [(set[int](), dict[int, str]()), *changes]:
            values = {number: value for number, value in values.items() if number not in gone} | fresh
            column = column.after(gone | fresh.keys(), by_value(fresh))
            assert column.counts() == Counter(values.values())
            assert column.counts(bits_of(among)) == Counter(values[one] for one in among if one in values)
            assert set(numbers_in(column.fitting(choice))) == {one for one in values if values[one] in choice}
            assert len(column.bits) <= most and all(column.bits.values())

    counted()


def test_a_hundred_thousand_values_take_no_bits_each() -> None:
    column = bitmaps({f"base {number}": [number] for number in range(100_000)})
    assert len(column.bits) == 500
    column = column.after(range(100), {"new": list(range(100))})
    assert column.counts(bits_of(range(101)))["new"] == 100
    assert sum(column.counts().values()) == 100_000
    assert column.fitting(Choice(frozenset(("base 99999",)))) == 1 << 99_999


def test_values_that_nobody_has_any_more_are_given_up() -> None:
    column: Bitmaps = bitmaps({})
    for turn in range(1200):
        column = column.after([0], {turn: [0]})
        assert column.counts() == {turn: 1}
    assert len(column.bits) == 1 and not column.rest
