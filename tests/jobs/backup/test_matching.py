"""A record of a backup finds its model by bytes before place, each model once, and never one with other bytes."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from modelyard.catalogue.keepsakes import Spot
from modelyard.jobs.backup.form import FileRecord, ModelRecord
from modelyard.jobs.backup.matching import match

A, B = "a" * 64, "b" * 64


def spot(number: int, place: str, sha256: str = "", root: str = "/r", modified: float = 1.0, size: int = 5) -> Spot:
    return Spot(number, f"{root}/{place}", root, "loras", place, size, modified, sha256)


def record(place: str, sha256: str = "", root: str = "/r", modified: float = 1.0, size: int = 5) -> ModelRecord:
    file = FileRecord(place=place, size=size, mtime_ns=int(modified * 1e9), inode=1, sha256=sha256)
    return ModelRecord(root=root, folder="loras", place=place, size=size, files=(file,), sha256=sha256)


def found(records: list[ModelRecord], spots: list[Spot]) -> dict[int, str]:
    return {number: one.place for number, one in match(records, spots)[0].items()}


def test_bytes_that_went_elsewhere_are_followed_and_what_stands_in_their_place_gets_nothing() -> None:
    assert found([record("x", A)], [spot(1, "x", B), spot(2, "y", A)]) == {2: "x"}
    assert found([record("x", A)], [spot(1, "x", B)]) == {}


def test_of_equal_bytes_each_copy_keeps_its_own_words_in_whatever_order() -> None:
    spots = [spot(1, "x", A), spot(2, "y"), spot(3, "z", A)]
    for records in ([record("x", A), record("y", A)], [record("y", A), record("x", A)]):
        assert found(records, spots) == {1: "x", 2: "y"}


def test_unmeasured_copies_of_two_roots_are_told_apart_by_root_then_by_time_and_else_left() -> None:
    spots = [spot(1, "x", root="/r"), spot(2, "x", root="/s")]
    assert {number: one.root for number, one in match([record("x", root="/s"), record("x")], spots)[0].items()} == {
        1: "/r",
        2: "/s",
    }
    moved = [spot(1, "x", root="/t", modified=7), spot(2, "x", root="/u", modified=8)]
    assert found([record("x", modified=8)], moved) == {2: "x"}
    assert found([record("x", modified=9)], moved) == {}, "either might be meant"
    assert found([record("x", modified=9)], moved[:1]) == {1: "x"}


def test_a_model_that_was_gone_takes_no_place_of_one_that_was_there() -> None:
    was_gone = msgspec.structs.replace(record("x", A), gone=True)
    assert found([was_gone, record("y", A)], [spot(1, "z", A)]) == {1: "y"}


@given(
    st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from(("", A, B)), st.sampled_from("rs")), max_size=6),
    st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from(("", A, B)), st.sampled_from("rs")), max_size=6),
)
def test_each_record_and_each_model_is_taken_once_and_never_with_other_bytes(
    told: list[tuple[str, str, str]], here: list[tuple[str, str, str]]
) -> None:
    records = [record(place, sha, root) for place, sha, root in told]
    spots = [spot(number, place, sha, root) for number, (place, sha, root) in enumerate(here)]
    taken, left = match(records, spots)
    assert len(taken) + len(left) == len(records)
    assert len({id(one) for one in taken.values()}) == len(taken)
    assert all(not (one.sha256 and spots[n].sha256) or one.sha256 == spots[n].sha256 for n, one in taken.items())
