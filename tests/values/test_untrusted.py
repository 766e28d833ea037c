"""Strangers' JSON is read without trusting its shape."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.values.untrusted import LONGEST, claims, finite, number, record, records, text, texts, whole

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(ANY)
def test_whatever_comes_the_answer_has_its_type(value: Any) -> None:
    assert isinstance(record(value), dict) and isinstance(records(value), list)
    assert isinstance(text(value), str) and isinstance(number(value), str)
    assert all(isinstance(each, str) and each for each in texts(value))
    count = whole(value)
    assert count is None or 0 <= count < 2**63
    claims(record(value))


def test_text_is_bounded_and_can_be_stored_anywhere() -> None:
    assert text("a\0b\ud800é") == "ab?é"
    assert len(text("x" * 10**6)) == LONGEST


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (7, "7"),
        ("7", "7"),
        (7.0, "7"),
        (0, ""),
        ("007", ""),
        (-1, ""),
        (True, ""),
        ("Model not found", ""),
        (1e999, ""),
        ("٣", ""),
    ],
)
def test_ids(value: object, told: str) -> None:
    assert number(value) == told


@pytest.mark.parametrize(("value", "told"), [(1, 1.0), (-0.5, -0.5), (True, None), ("1", None), (10**400, None)])
def test_numbers(value: object, told: float | None) -> None:
    assert finite(value) == told
    assert finite(float("nan")) is None and finite(float("-inf")) is None


def test_one_text_may_stand_for_a_list() -> None:
    assert texts("a") == texts(["a", "", 5, None]) == ("a",)
    assert len(texts(["a"] * 10**5)) == 1000


def test_only_well_formed_digests_of_known_algorithms_are_claims() -> None:
    hashes = {
        "SHA256": "AB" * 32,
        "sha256": "CD" * 32,
        "BLAKE3": "x",
        "Other": "ab",
        "CRC32": 5,
        "AutoV3": " ABABABABABAB ",
    }
    assert claims(hashes) == {"sha256": "ab" * 32, "autov3": "ab" * 6}
    assert json.dumps(claims([("md5", "0" * 32)])) == '{"md5": "%s"}' % ("0" * 32)
