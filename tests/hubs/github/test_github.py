from __future__ import annotations

import pytest

from hubs.conftest import Ask
from hubs.told_api import ToldApi, answer
from modelyard.errors import (
    BadAnswer,
    FileNotInModel,
    KeyWrong,
    ModelNotFound,
    NothingSelected,
    RateLimited,
    RevisionNotFound,
    ServerFailed,
    YardError,
)
from modelyard.hubs.github import GitHub
from modelyard.testing import PracticeHub
from modelyard.values.offers import Address, Listing, Source

LINK = "https://github.com/org/tool/releases/download/v1.1/upscaler.safetensors"
SPENT = answer(403, {"message": "API rate limit exceeded"}, x_ratelimit_remaining="0", x_ratelimit_reset="1900000000")


def resolve(ask: Ask, text: str, **env: str) -> Listing:
    hub, address = ask(**env).read(text)
    assert hub.name == "github"
    return hub.resolve(address)


def test_a_repository_means_its_latest_release(ask: Ask, practice: PracticeHub) -> None:
    listing = resolve(ask, "gh:org/tool")
    assert listing.address == Address("github", "org/tool", "v1.1")
    by_name = {offer.path: offer for offer in listing.offers}
    content = practice.github.releases["org/tool"][0].assets["upscaler.safetensors"]
    assert by_name["upscaler.safetensors"].claimed == {"sha256": content.sha256}
    assert by_name["upscaler.safetensors"].size == content.size
    assert by_name["upscaler.safetensors"].sources[0].url == f"{practice.url}{LINK.removeprefix('https://github.com')}"


def test_a_link_to_an_asset_means_that_asset(ask: Ask) -> None:
    [offer] = resolve(ask, LINK).offers
    assert (offer.path, offer.address.revision) == ("upscaler.safetensors", "v1.1")
    [latest] = resolve(ask, "https://github.com/org/tool/releases/latest/download/tool-linux.zip").offers
    assert latest.address.revision == "v1.1"


def test_an_asset_from_before_digests_has_none(ask: Ask) -> None:
    [offer] = resolve(ask, "gh:org/tool@v1.0/old.pth").offers
    assert offer.claimed == {}
    assert offer.size == 200_000


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("gh:org/missing", ModelNotFound),
        ("gh:org/tool@v9", RevisionNotFound),
        ("gh:org/tool/missing.bin", FileNotInModel),
        ("gh:org/tool/*.gguf", NothingSelected),
    ],
)
def test_each_refusal_is_its_own_error(ask: Ask, text: str, error: type[YardError]) -> None:
    with pytest.raises(YardError) as caught:
        resolve(ask, text)
    assert type(caught.value) is error


def test_a_missing_release_names_the_ones_there_are(ask: Ask) -> None:
    with pytest.raises(RevisionNotFound) as caught:
        resolve(ask, "gh:org/tool@v9")
    assert "v1.1" in caught.value.hint


def test_when_the_api_is_spent_a_direct_link_still_works() -> None:
    hub = GitHub(ToldApi({"releases/tags/v1.1": SPENT}))
    [offer] = hub.resolve(Address("github", "org/tool", "v1.1", "upscaler.safetensors")).offers
    assert (offer.size, offer.claimed) == (None, {})
    assert offer.sources[0].url == LINK
    assert offer.note


def test_when_the_api_is_spent_a_whole_release_says_until_when() -> None:
    hub = GitHub(ToldApi({"releases/latest": SPENT}))
    with pytest.raises(RateLimited) as caught:
        hub.resolve(Address("github", "org/tool"))
    assert caught.value.facts["until"] == 1900000000
    assert "keys set github" in caught.value.hint


def test_a_private_asset_can_be_had_through_the_api_too() -> None:
    release = {"tag_name": "v1", "assets": [{"id": 9, "name": "x.bin", "size": 3, "digest": "sha256:" + "A" * 64}]}
    [offer] = GitHub(ToldApi({"tags/v1": answer(body=release)})).resolve(Address("github", "o/r", "v1")).offers
    assert offer.sources[1] == Source(
        "https://api.github.com/repos/o/r/releases/assets/9", "github", (("Accept", "application/octet-stream"),)
    )


def test_the_key_goes_to_the_api_and_never_to_the_site() -> None:
    realm = GitHub(ToldApi({})).realm
    assert realm.covers("https://api.github.com")
    assert not realm.covers("https://github.com")


@pytest.mark.parametrize(
    "release",
    [
        {},
        {"tag_name": 5, "assets": {}},
        {"assets": [None, 3, {}, {"name": 5}, {"name": "a/b"}, {"name": "x", "state": "new"}]},
        {"tag_name": "../x", "assets": [{"name": "x", "size": -1, "digest": "md5:zz", "id": {}}]},
    ],
)
def test_odd_releases_never_crash(release: object) -> None:
    listing = GitHub(ToldApi({"latest": answer(body=release)})).resolve(Address("github", "o/r"))
    for offer in listing.offers:
        assert (offer.size, offer.claimed) == (None, {})


def test_a_release_of_another_shape_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer):
        GitHub(ToldApi({"latest": answer(body=[1])})).resolve(Address("github", "o/r"))


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (answer(404, url=LINK), FileNotInModel),
        (answer(429, url=LINK), RateLimited),
        (answer(401, url=LINK), KeyWrong),
        (answer(502, url=LINK), ServerFailed),
        (answer(200, b"<!DOCTYPE html>", url=LINK), ServerFailed),
    ],
)
def test_a_refused_download_is_explained(given: object, error: type[YardError]) -> None:
    found = GitHub(ToldApi({})).explain(given, Source(LINK, "github"))  # type: ignore[arg-type]
    assert type(found) is error


def test_a_key_is_checked_by_its_owner() -> None:
    api = ToldApi({"/user": answer(body={"login": "ada"}, x_oauth_scopes="repo, read:org")})
    report = GitHub(api, keyed=lambda _: True).check_key()
    assert (report.valid, report.owner, report.scopes) == (True, "ada", ("repo", "read:org"))
    assert not GitHub(ToldApi({"/user": answer(401)}), keyed=lambda _: True).check_key().valid
    assert not GitHub(ToldApi({})).check_key().valid
