from __future__ import annotations

import json

import pytest

from hubs.conftest import Ask
from hubs.told_api import ToldApi, answer
from modelyard.errors import (
    AccessError,
    BadAnswer,
    DownloadsDisabled,
    EarlyAccess,
    FileNotInModel,
    KeyScope,
    KeyWrong,
    LoginNeeded,
    RateLimited,
    Removed,
    ServerFailed,
    YardError,
)
from modelyard.hubs.civitai import Civitai
from modelyard.testing import PracticeHub
from modelyard.testing.civitai_data import hashes_of
from modelyard.values.offers import Source

DOWNLOAD = "https://civitai.com/api/download/models/201?fileId=301"
SOURCE = Source(DOWNLOAD, "civitai")


# --- by hash ---------------------------------------------------------------------------------------


def test_any_kind_of_hash_finds_the_file(ask: Ask, practice: PracticeHub) -> None:
    content = practice.civitai.models[100].versions[1].files[0].content
    hub = ask().named("civitai")
    for value in hashes_of(content).values():
        for spelling in (value.upper(), value.lower()):
            [offer] = hub.by_hash([spelling])[spelling]
            assert offer.path == "practice_lora.safetensors"
            assert offer.address.model == "100"


def test_many_hashes_cost_few_requests(ask: Ask, practice: PracticeHub) -> None:
    hub = ask().named("civitai")
    known = [model.versions[0].files[0].content.sha256 for model in practice.civitai.every()[-150:]]
    wanted = [*known, *(f"{number:064x}" for number in range(2000))]
    practice.log.clear()
    found = hub.by_hash(wanted)
    assert set(found) == set(known)
    assert len(practice.log.find("*/by-hash/ids")) == 1
    assert len(practice.log.find("*/by-hash")) == 2
    assert all(offer.claimed["sha256"] == value for value, offers in found.items() for offer in offers)


def test_up_to_a_hundred_hashes_are_one_request(ask: Ask, practice: PracticeHub) -> None:
    known = [model.versions[0].files[0].content.sha256 for model in practice.civitai.every()[-100:]]
    practice.log.clear()
    assert len(ask().named("civitai").by_hash(known)) == 100
    assert len(practice.log) == 1


def test_a_hash_that_nobody_has_is_missing_from_the_answer(ask: Ask) -> None:
    assert ask().named("civitai").by_hash(["0" * 64, "0" * 8, "not hex"]) == {}


def test_nulls_duplicates_and_undefined_hosts_are_tolerated() -> None:
    version = {
        "id": 7,
        "modelId": 3,
        "files": [
            {
                "id": 1,
                "name": "x",
                "hashes": {"SHA256": "A" * 64},
                "downloadUrl": "https://undefined/api/download/models/7",
            }
        ],
    }
    api = ToldApi({"by-hash": answer(body=[None, version, version, 3, {"id": None}])})
    found = Civitai(api).by_hash(["a" * 64, "b" * 64])
    [offer] = found["a" * 64]
    assert offer.sources[0].url == "https://civitai.com/api/download/models/7?fileId=1"


def test_a_list_of_hashes_answered_by_no_list_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer):
        Civitai(ToldApi({"by-hash": answer(body={"a": 1})})).by_hash(["a" * 64, "b" * 64])


# --- search ----------------------------------------------------------------------------------------


def test_a_search_follows_cursors_until_the_limit(ask: Ask, practice: PracticeHub) -> None:
    found = ask().named("civitai").search("Other", limit=250)
    assert len({finding.address for finding in found}) == 250
    assert len(practice.log.find("/api/v1/models")) == 3
    assert found[0].address.startswith("civitai:")


def test_a_search_knows_kinds_in_any_spelling(ask: Ask) -> None:
    for kind in ("lora", "LORA"):
        found = ask().named("civitai").search("Other", limit=10, kind=kind)
        assert {finding.kind for finding in found} == {"LORA"}


def test_an_overloaded_search_is_tried_again(ask: Ask, practice: PracticeHub) -> None:
    practice.civitai.overloaded = 1
    assert ask().named("civitai").search("Practice", limit=3)


def test_a_search_for_an_unknown_kind_says_so(ask: Ask) -> None:
    with pytest.raises(YardError):
        ask().named("civitai").search("x", limit=3, kind="Bogus")


def test_a_cursor_that_does_not_move_ends_the_search() -> None:
    page = answer(body={"items": [{"id": 1, "name": "x"}], "metadata": {"nextCursor": "a|b"}})
    assert len(Civitai(ToldApi({"": page})).search("x", limit=50)) == 2


# --- keys ------------------------------------------------------------------------------------------


def test_a_key_is_told_by_its_owner(ask: Ask) -> None:
    report = ask(CIVITAI_API_KEY="ck_good").named("civitai").check_key()
    assert (report.valid, report.owner, report.kind) == (True, "ada", "api-key")


def test_a_wrong_key_and_no_key_are_told_apart(ask: Ask) -> None:
    assert "not know" in (ask(CIVITAI_TOKEN="ck_junk").named("civitai").check_key().note or "")
    assert "No key" in (ask().named("civitai").check_key().note or "")


@pytest.mark.parametrize(
    ("bits", "scopes", "note"),
    [
        (2**25 - 1, ("Full",), False),
        (5, ("UserRead", "ModelsRead"), False),
        (1, ("UserRead",), True),
        (None, (), False),
    ],
)
def test_the_bits_of_a_key_are_named(bits: int | None, scopes: tuple[str, ...], note: bool) -> None:
    me = {"id": 1, "username": "ada", "status": "active"} | ({} if bits is None else {"tokenScope": bits})
    report = Civitai(ToldApi({"/me": answer(body=me)})).check_key()
    assert report.scopes == scopes
    assert bool(report.note) is note


# --- refused downloads -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (
            401,
            {
                "error": "Unauthorized",
                "message": "The creator of this asset requires you to be logged in to download it",
            },
            LoginNeeded,
        ),
        (
            401,
            {"error": "Unauthorized", "message": "The creator of this asset has disabled downloads on this file"},
            DownloadsDisabled,
        ),
        (403, {"error": "Early Access", "deadline": "2030-01-01T00:00:00.000Z", "message": "..."}, EarlyAccess),
        (403, {"error": "You do not have access to download this file"}, AccessError),
        (403, {"error": "Forbidden"}, AccessError),
        (404, {"error": "File not found"}, FileNotInModel),
        (410, {"error": "Model archived, not available for download"}, Removed),
        (429, {"error": "We've noticed an unusual amount of downloading"}, RateLimited),
        (500, {"error": "x"}, ServerFailed),
        (503, "<html>Cloudflare</html>", ServerFailed),
        (403, "<html>Cloudflare</html>", AccessError),
    ],
)
def test_a_refused_download_is_explained(status: int, body: object, error: type[YardError]) -> None:
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    found = Civitai(ToldApi({})).explain(answer(status, data, url=DOWNLOAD), SOURCE)
    assert type(found) is error


def test_early_access_tells_its_deadline() -> None:
    body = {"error": "Early Access", "deadline": "2030-01-01T00:00:00.000Z"}
    found = Civitai(ToldApi({})).explain(answer(403, body, url=DOWNLOAD), SOURCE)
    assert found is not None
    assert "2030-01-01" in found.message
    assert found.facts["deadline"] == "2030-01-01T00:00:00.000Z"


def test_the_log_in_page_in_place_of_a_model_means_log_in() -> None:
    page = answer(200, b"<!DOCTYPE html>", url="https://civitai.com/login?returnUrl=/x", content_type="text/html")
    assert type(Civitai(ToldApi({})).explain(page, SOURCE)) is LoginNeeded


@pytest.mark.parametrize(
    ("me", "error"),
    [
        (answer(401), KeyWrong),
        (answer(body={"id": 1, "tokenScope": 1}), KeyScope),
        (answer(body={"id": 1, "tokenScope": 4}), LoginNeeded),
        (answer(body={"id": 1}), LoginNeeded),
    ],
)
def test_with_a_key_the_site_is_asked_what_is_wrong_with_it(me: object, error: type[YardError]) -> None:
    hub = Civitai(ToldApi({"/me": me}), keyed=lambda _: True)  # type: ignore[dict-item]
    refused = answer(401, {"error": "Unauthorized", "message": "requires you to be logged in"}, url=DOWNLOAD)
    assert type(hub.explain(refused, SOURCE)) is error


def test_disabled_downloads_never_speak_of_keys(practice: PracticeHub) -> None:
    body = {"error": "Unauthorized", "message": "The creator of this asset has disabled downloads on this file"}
    found = Civitai(ToldApi({"/me": answer(401)}), keyed=lambda _: True).explain(
        answer(401, body, url=DOWNLOAD), SOURCE
    )
    assert type(found) is DownloadsDisabled


def test_what_the_storage_says_is_not_the_sites_opinion() -> None:
    expired = answer(403, b"<Error/>", url="https://b2.civitai.com/file/x?Authorization=canary")
    assert Civitai(ToldApi({})).explain(expired, SOURCE) is None
