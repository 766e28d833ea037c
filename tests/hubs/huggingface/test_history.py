"""Which commit changed a file last, and what came before: read in few questions, and not guessed where none tells."""

from __future__ import annotations

from typing import Any

import pytest

from hubs.told_api import ToldApi, answer
from modelyard.errors import BadAnswer, ModelNotFound
from modelyard.hubs.huggingface.hub import HuggingFace
from modelyard.net.api import Answer
from modelyard.values.about import Change
from modelyard.values.offers import Address

AT = Address("huggingface", "o/m")
ONE, TWO, LOST = "1" * 40, "2" * 40, "3" * 40
API = "https://huggingface.co/api/models/o/m"


def page(*commits: str, after: str = "") -> Answer:
    return answer(body=[{"id": one} for one in commits], **({"link": f'<{API}/{after}>; rel="next"'} if after else {}))


def test_paths_are_asked_fifty_at_a_time_and_what_makes_no_sense_is_left_out() -> None:
    entries = [
        {"path": "a", "lastCommit": {"id": ONE, "title": "better", "date": "2026-01-01T00:00:00.000Z"}},
        {"path": "b", "lastCommit": {"id": "no commit"}},
        {"path": "c"},
        "nothing",
    ]
    api = ToldApi({"/paths-info/main": [answer(body=entries), answer(body=[])]})
    told = HuggingFace(api).changes(AT, [f"{number}" for number in range(60)])
    assert told == {"a": Change(ONE, "better", "2026-01-01T00:00:00.000Z")} and len(api.asked) == 2


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_mirror_without_a_history_tells_nothing_and_nothing_is_guessed(status: int) -> None:
    hub = HuggingFace(ToldApi({"/paths-info/main": answer(status), "/commits/main": answer(status)}))
    assert hub.changes(AT, ["a"]) == {} and hub.in_history(AT, ONE) is None


@pytest.mark.parametrize(
    ("commit", "revision", "found"), [(ONE, 200, True), (TWO, 200, True), (LOST, 200, False), (LOST, 404, None)]
)
def test_a_commit_is_looked_for_on_every_page_and_elsewhere_in_the_repository(
    commit: str, revision: int, found: bool | None
) -> None:
    told = {"/commits/main": page(ONE, after="commits/main?p=1"), "?p=1": page(TWO), f"/{LOST}": answer(revision, {})}
    assert HuggingFace(ToldApi(told)).in_history(AT, commit) is found


def test_the_commit_that_is_asked_about_is_in_its_own_history_unasked() -> None:
    api = ToldApi({})
    assert HuggingFace(api).in_history(Address("huggingface", "o/m", ONE), ONE) is True and api.asked == []


def test_a_history_without_an_end_is_left_after_a_while() -> None:
    api = ToldApi({"/commits/main": page(ONE, after="commits/main")})
    assert HuggingFace(api).in_history(AT, LOST) is None and len(api.asked) < 30


@pytest.mark.parametrize(
    ("body", "status", "error"), [({}, 200, BadAnswer), (b"<html>", 200, BadAnswer), ({}, 401, ModelNotFound)]
)
def test_what_is_no_history_is_an_error(body: Any, status: int, error: type[Exception]) -> None:
    told = answer(status, body)
    hub = HuggingFace(ToldApi({"/paths-info/main": told, "/commits/main": told}))
    with pytest.raises(error):
        hub.changes(AT, ["a"])
    with pytest.raises(error):
        hub.in_history(AT, ONE)
