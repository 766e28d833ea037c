from __future__ import annotations

import pytest

from hubs.conftest import Ask
from hubs.told_api import ToldApi, answer
from modelyard.errors import (
    FileNotInModel,
    KeyScope,
    KeyWrong,
    LicenceNotAccepted,
    LoginNeeded,
    ModelNotFound,
    Removed,
    ServerFailed,
    YardError,
)
from modelyard.hubs.huggingface import HuggingFace
from modelyard.testing import PracticeHub
from modelyard.values.offers import Address, Source

GATED = Address("huggingface", "org/gated")
SOURCE = Source("https://huggingface.co/org/repo/resolve/main/a/x.bin", "huggingface")


def test_a_search_gives_models_with_their_addresses(ask: Ask) -> None:
    hub = ask().named("huggingface")
    found = hub.search("model-24", limit=5)
    assert len(found) == 5
    assert found[0].address == "hf:many/model-249"
    assert found[0].downloads == 249
    assert hub.read(found[0].address)


def test_a_search_goes_on_over_pages_until_the_limit(ask: Ask, practice: PracticeHub) -> None:
    found = ask().named("huggingface").search("model-", limit=230)
    assert len({finding.address for finding in found}) == 230
    assert len(practice.log.find("/api/models")) == 3


def test_datasets_are_searched_as_datasets(ask: Ask) -> None:
    assert [found.address for found in ask().named("huggingface").search("data", limit=5, kind="dataset")] == [
        "hf:datasets/org/data"
    ]


def test_odd_rows_of_a_search_are_left_out() -> None:
    rows = [None, {}, {"id": 5}, {"id": "../x"}, {"id": "org/good", "downloads": "many", "gated": "auto"}]
    [finding] = HuggingFace(ToldApi({"direction=-1": answer(body=rows)})).search("x", limit=9)
    assert (finding.title, finding.downloads, finding.gated) == ("org/good", None, True)


@pytest.mark.parametrize(
    ("key", "kind", "owner"),
    [("hf_good", "read", "ada"), ("hf_write", "write", "ada"), ("hf_fine", "fine-grained", "ada")],
)
def test_a_key_is_told_by_its_kind_and_owner(ask: Ask, key: str, kind: str, owner: str) -> None:
    report = ask(HF_TOKEN=key).named("huggingface").check_key()
    assert (report.valid, report.kind, report.owner, report.opens) == (True, kind, owner, None)


@pytest.mark.parametrize(
    ("key", "opens"), [("hf_good", True), ("hf_bad", False), ("hf_narrow", False), ("hf_fine", True)]
)
def test_whether_a_key_opens_a_gated_model_is_asked_not_guessed(ask: Ask, key: str, opens: bool) -> None:
    report = ask(HF_TOKEN=key).named("huggingface").check_key(GATED)
    assert report.opens is opens
    assert (report.note is None) is opens


def test_a_wrong_key_and_no_key_are_told_apart(ask: Ask) -> None:
    wrong = ask(HF_TOKEN="hf_junk").named("huggingface").check_key()
    none = ask().named("huggingface").check_key()
    assert (wrong.valid, none.valid) == (False, False)
    assert "not know" in (wrong.note or "")
    assert "No key" in (none.note or "")


def test_there_is_no_search_by_hash(ask: Ask, practice: PracticeHub) -> None:
    assert ask().named("huggingface").by_hash(["a" * 64]) == {}
    assert len(practice.log) == 0


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (401, {"x_error_code": "GatedRepo"}, LoginNeeded),
        (403, {"x_error_code": "GatedRepo"}, LicenceNotAccepted),
        (
            403,
            {
                "x_error_code": "GatedRepo",
                "x_error_message": "Please enable access to gated repositories in your fine-grained token settings",
            },
            KeyScope,
        ),
        (403, {"x_error_message": "This token does not have the required permissions"}, KeyScope),
        (403, {"x_error_message": "Access to this resource is disabled."}, Removed),
        (404, {"x_error_code": "EntryNotFound"}, FileNotInModel),
        (401, {}, ModelNotFound),
        (503, {}, ServerFailed),
        (200, {"content_type": "text/html"}, ServerFailed),
    ],
)
def test_a_refused_download_is_explained(status: int, headers: dict[str, str], error: type[YardError]) -> None:
    found = HuggingFace(ToldApi({})).explain(answer(status, url=SOURCE.url, **headers), SOURCE)
    assert type(found) is error


def test_a_401_with_a_key_is_a_wrong_key_only_when_whoami_says_so() -> None:
    refused = answer(401, url=SOURCE.url)
    for status, error in ((401, KeyWrong), (200, ModelNotFound)):
        hub = HuggingFace(ToldApi({"whoami-v2": answer(status, {})}), keyed=lambda _: True)
        assert type(hub.explain(refused, SOURCE)) is error


def test_what_the_cdn_says_is_not_the_hubs_opinion() -> None:
    expired = answer(403, b"<Error><Code>AccessDenied</Code></Error>", url="https://cdn.example/x")
    assert HuggingFace(ToldApi({})).explain(expired, SOURCE) is None


def test_a_page_is_a_fine_answer_when_a_page_was_asked_for() -> None:
    hub = HuggingFace(ToldApi({}))
    url = "https://huggingface.co/spaces/org/demo/resolve/main/index.html"
    assert hub.explain(answer(200, b"<!DOCTYPE html>", url=url), Source(url, "huggingface")) is None
    assert hub.explain(answer(200, b"\0\0", url=SOURCE.url), SOURCE) is None
