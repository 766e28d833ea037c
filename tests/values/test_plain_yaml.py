"""YAML from strangers: plain data or a clear refusal."""

from __future__ import annotations

import pytest

from modelyard.errors import BadValue
from modelyard.values.plain_yaml import read_yaml

SURPRISES = "a: no\nb: 012\nc: 1:30:00\nd: 3\ne: 1.5\nf: true\ng:\nh: 2001-01-01\n"


def test_what_people_wrote_stays_what_they_wrote() -> None:
    plain = {"a": "no", "b": "012", "c": "1:30:00", "d": 3, "e": 1.5, "f": True, "g": None, "h": "2001-01-01"}
    assert read_yaml(SURPRISES) == plain


def test_a_reader_that_guesses_like_pyyaml_can_be_asked_for() -> None:
    guessed = read_yaml(SURPRISES, guessing=True)
    assert (guessed["a"], guessed["b"], guessed["c"]) == (False, 10, 5400)


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nb: *x",
        "a: {<<: {b: 1}}",
        "a: !!python/object/apply:os.system [id]",
        "[" * 60,
        "a: [",
        "\x00",
        "a" * 2**21,
    ],
    ids=["alias", "merge", "tag", "deep", "open", "control", "long"],
)
def test_bombs_tags_and_damage_are_refused(text: str) -> None:
    with pytest.raises(BadValue):
        read_yaml(text)


def test_aliases_and_merges_are_read_where_they_are_asked_for() -> None:
    text = "a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 2\n"
    assert read_yaml(text, shared=True) == {"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1, "e": 2}}


@pytest.mark.parametrize(
    "text",
    [
        "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)),
        "a0: &a0 {k: v}\n" + "".join(f"a{n}: &a{n} {{p: *a{n - 1}, q: *a{n - 1}}}\n" for n in range(1, 25)),
        "a: &a [*a]",
        "a: &a {b: {c: *a}}",
        "a: &a !!python/object/apply:os.system [id]\nb: *a",
    ],
    ids=["bomb", "pairs", "self", "deeper self", "tag"],
)
def test_few_aliases_are_no_way_to_a_bomb(text: str) -> None:
    with pytest.raises(BadValue):
        read_yaml(text, shared=True)
