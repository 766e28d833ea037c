"""Hugging Face's protocol as poorer servers speak it: static mirrors, odd proxies, hostile answers."""

from __future__ import annotations

import pytest

from hubs.told_api import ToldApi, answer
from modelyard.errors import BadAnswer, ModelNotFound, ServerFailed, YardError
from modelyard.hubs.base import accompanied
from modelyard.hubs.huggingface import HuggingFace
from modelyard.values.offers import Address, Listing

MIRROR = "https://mirror.example"
SHA, A, G = "c" * 40, "a" * 64, "b" * 40
INFO = answer(body={"id": "org/repo", "sha": SHA, "siblings": [{"rfilename": "x.bin"}, {"rfilename": "../evil"}]})
TREE = answer(body=[{"type": "file", "path": "x.bin", "oid": G, "size": 9, "lfs": {"oid": A, "size": 9}}])
REVISION, TREE_URL = "GET https://mirror.example/api/models/org/repo/revision/main", f"/tree/{SHA}?recursive=true"


def resolve(api: ToldApi, path: str | None = None, revision: str | None = None) -> Listing:
    return HuggingFace(api, MIRROR).resolve(Address("huggingface", "org/repo", revision, path))


def test_without_head_the_tree_answers() -> None:
    for status in (404, 405, 501):
        api = ToldApi({"HEAD": answer(status), REVISION: INFO, TREE_URL: TREE, "x.bin": answer(status)})
        [offer] = resolve(api, "x.bin").offers
        assert offer.claimed == {"sha256": A}


def test_a_head_that_tells_too_little_is_completed_by_the_tree() -> None:
    api = ToldApi(
        {"resolve/main/x.bin": answer(200, etag='W/"5f-9"', content_length="9"), REVISION: INFO, TREE_URL: TREE}
    )
    [offer] = resolve(api, "x.bin").offers
    assert (offer.claimed, offer.address.revision) == ({"sha256": A}, SHA)


def test_a_mirror_of_files_alone_still_serves_a_file() -> None:
    api = ToldApi({"resolve/main/x.bin": answer(200, etag='"5f-9"', content_length="9")})
    [offer] = resolve(api, "x.bin").offers
    assert (offer.size, offer.claimed, offer.address.revision) == (9, {}, None)
    assert offer.sources[0].url == f"{MIRROR}/org/repo/resolve/main/x.bin"
    told = accompanied(HuggingFace(api, MIRROR), Address("huggingface", "org/repo", None, "x.bin"))
    assert (told.offers, told.companions) == ((offer,), ())


def test_a_mirror_without_revision_route_or_tree_lists_by_its_info() -> None:
    api = ToldApi({"GET https://mirror.example/api/models/org/repo": INFO})
    assert [offer.path for offer in resolve(api).offers] == ["x.bin"]


def test_weak_and_quoted_etags_are_read() -> None:
    api = ToldApi(
        {"x.bin": answer(302, x_linked_etag=f'W/"{A}"', x_linked_size="9", x_repo_commit=SHA, location="https://cdn/x")}
    )
    [offer] = resolve(api, "x.bin").offers
    assert (offer.size, offer.claimed, offer.address.revision) == (9, {"sha256": A}, SHA)


def test_the_length_of_a_redirect_is_not_the_files() -> None:
    api = ToldApi(
        {
            "x.bin": answer(302, x_linked_etag=f'"{A}"', content_length="77", location="https://c/x"),
            REVISION: INFO,
            TREE_URL: TREE,
        }
    )
    assert resolve(api, "x.bin").offers[0].size == 9


@pytest.mark.parametrize("etag", ["../../etc/passwd", "a" * 8192, 'a"b/c', "\x00"])
def test_an_odd_etag_is_no_hash(etag: str) -> None:
    api = ToldApi({"x.bin": answer(200, etag=etag, content_length="9", x_repo_commit="../x")})
    [offer] = resolve(api, "x.bin").offers
    assert offer.claimed == {}
    assert offer.address.revision is None


@pytest.mark.parametrize(
    "link",
    [
        '<https://evil.example/api/models/org/repo/tree/x?cursor=1>; rel="next"',
        '<http://mirror.example/api/x>; rel="next"',
        '<https://mirror.example:444/api/x>; rel="next"',
    ],
)
def test_a_next_page_on_another_server_is_not_fetched(link: str) -> None:
    api = ToldApi({REVISION: INFO, TREE_URL: answer(body=[], link=link)})
    with pytest.raises(BadAnswer):
        resolve(api)
    assert not any("evil" in url or "444" in url for url in api.asked)


def test_a_list_that_leads_back_to_itself_ends() -> None:
    url = f"https://mirror.example/api/models/org/repo/tree/{SHA}?recursive=true"
    api = ToldApi({REVISION: INFO, TREE_URL: answer(body=[], link=f'<{url}>; rel="next"')})
    with pytest.raises(BadAnswer):
        resolve(api)


@pytest.mark.parametrize(
    "tree",
    [
        [None, 3, "x", [], {}, {"type": "file"}, {"type": "file", "path": 5}, {"type": "directory", "path": "a"}],
        [{"type": "file", "path": path} for path in ("../x", "/x", "a//b", "a\\b", "a\nb", "", "a/../b", "x" * 5000)],
    ],
)
def test_entries_that_make_no_sense_are_left_out(tree: list[object]) -> None:
    good = {"type": "file", "path": "x.bin", "size": -5, "oid": "zz", "lfs": {"oid": 3, "size": "9"}, "xetHash": 7}
    api = ToldApi({REVISION: INFO, TREE_URL: answer(body=[*tree, good])})
    [offer] = resolve(api).offers
    assert (offer.path, offer.size, offer.claimed, offer.xet) == ("x.bin", None, {}, None)


@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"[]", b'"x"', b"3", b"{", b"[" * 100_000, b"\xff"])
def test_an_info_of_another_shape_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        resolve(ToldApi({REVISION: answer(body=body)}))


@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"{}", b'"x"'])
def test_a_tree_of_another_shape_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        resolve(ToldApi({REVISION: INFO, TREE_URL: answer(body=body)}))


def test_odd_types_in_an_info_are_ignored() -> None:
    odd = {
        "id": ["x"],
        "sha": 5,
        "siblings": {},
        "gated": 7,
        "cardData": [],
        "tags": [1, "license:mit"],
        "likes": "many",
    }
    api = ToldApi({REVISION: answer(body=odd), "/tree/main?recursive=true": TREE})
    listing = resolve(api)
    assert listing.address == Address("huggingface", "org/repo")
    assert listing.licence == "mit"
    assert "likes" not in listing.facts


def test_a_failing_mirror_is_a_server_error_that_may_be_retried() -> None:
    with pytest.raises(ServerFailed) as caught:
        resolve(ToldApi({REVISION: answer(503)}))
    assert caught.value.retryable


def test_a_plain_404_without_words_means_no_model() -> None:
    with pytest.raises(ModelNotFound):
        resolve(ToldApi({}))
    with pytest.raises(ModelNotFound):
        resolve(ToldApi({}), "x.bin")


def test_words_of_the_hub_are_made_fit_for_a_line() -> None:
    api = ToldApi({REVISION: answer(418, x_error_message="bad\x1b[31m\r\nthing" + "x" * 900)})
    with pytest.raises(YardError) as caught:
        resolve(api)
    assert "\x1b" not in caught.value.message
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 400
