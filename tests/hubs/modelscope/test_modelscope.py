from __future__ import annotations

import pytest

from hubs.conftest import Ask
from hubs.told_api import ToldApi, answer
from modelyard.errors import (
    BadAnswer,
    FileNotInModel,
    KeyWrong,
    LicenceNotAccepted,
    LoginNeeded,
    ModelNotFound,
    NothingSelected,
    RateLimited,
    RevisionNotFound,
    ServerFailed,
    YardError,
)
from modelyard.hubs.modelscope import ModelScope
from modelyard.testing import PracticeHub
from modelyard.testing.fixtures import ODD_NAME
from modelyard.values.offers import Access, Address, Listing, Source

SOURCE = Source("https://modelscope.cn/api/v1/models/org/repo/repo?Revision=master&FilePath=x.bin", "modelscope")


def resolve(ask: Ask, text: str, **env: str) -> Listing:
    hub, address = ask(**env).read(text)
    assert hub.name == "modelscope"
    return hub.resolve(address)


def test_every_file_has_its_sha256(ask: Ask, practice: PracticeHub) -> None:
    listing = resolve(ask, "ms:org/repo")
    files = practice.modelscope.repos["models", "org/repo"].head.files
    assert {offer.path: (offer.size, dict(offer.claimed)) for offer in listing.offers} == {
        path: (content.size, {"sha256": content.sha256}) for path, content in files.items()
    }
    assert (listing.licence, listing.access) == ("apache-2.0", Access.OPEN)
    assert listing.address.revision == "master"


def test_one_file_asks_for_its_folder_only(ask: Ask, practice: PracticeHub) -> None:
    [offer] = resolve(ask, f"ms:org/repo/{ODD_NAME}").offers
    assert offer.path == ODD_NAME
    assert offer.sources[0].url.endswith("FilePath=sub+dir%2Fa%2Bb%2520c.txt")
    assert "Root=sub" in practice.log[-1].target
    assert "Recursive=False" in practice.log[-1].target


def test_a_listing_that_was_cut_is_asked_again_folder_by_folder(ask: Ask) -> None:
    listing = resolve(ask, "ms:org/big")
    assert len(listing.offers) == len({offer.path for offer in listing.offers}) == 6930


def test_a_folder_that_is_cut_itself_is_an_error_not_a_shorter_model() -> None:
    files = [{"Path": f"f{number}", "Type": "blob", "Size": 1} for number in range(3000)]
    cut = answer(body={"Data": {"Files": files}})
    api = ToldApi({"models/org/repo": answer(body={"Data": {}}), "Recursive=True": cut, "Recursive=False": cut})
    with pytest.raises(BadAnswer):
        ModelScope(api).resolve(Address("modelscope", "org/repo"))


def test_a_dataset_is_read_page_by_page_past_a_spurious_403(ask: Ask, practice: PracticeHub) -> None:
    practice.modelscope.refuse_page = 2
    listing = resolve(ask, "ms:datasets/org/data")
    assert len(listing.offers) == 451
    assert len(practice.log.find("*/repo/tree")) >= 4


def test_one_file_of_a_dataset(ask: Ask) -> None:
    [offer] = resolve(ask, "ms:datasets/org/data/data/part-0007.csv").offers
    assert "/api/v1/datasets/org/data/repo?" in offer.sources[0].url


def test_a_glob_chooses_among_all_files(ask: Ask) -> None:
    listing = resolve(ask, "ms:org/repo/*.gguf")
    assert [offer.path for offer in listing.offers] == ["sub dir/model-Q4_K_M.gguf"]


def test_the_key_opens_private_and_gated_models(ask: Ask, practice: PracticeHub) -> None:
    assert resolve(ask, "ms:org/private", MODELSCOPE_API_TOKEN="ms_good").offers
    assert resolve(ask, "ms:org/gated", MODELSCOPE_API_TOKEN="ms_good").offers
    assert {record.auth for record in practice.log} == {"bearer+cookie"}


@pytest.mark.parametrize(
    ("text", "key", "error"),
    [
        ("ms:org/missing", "", ModelNotFound),
        ("ms:org/repo@nowhere", "", RevisionNotFound),
        ("ms:org/repo@nowhere/x.bin", "", RevisionNotFound),
        ("ms:org/repo/missing.bin", "", FileNotInModel),
        ("ms:org/repo/*.onnx", "", NothingSelected),
        ("ms:org/private", "", LoginNeeded),
        ("ms:org/gated", "", LoginNeeded),
        ("ms:org/gated", "ms_junk", LicenceNotAccepted),
    ],
)
def test_each_refusal_is_its_own_error(ask: Ask, text: str, key: str, error: type[YardError]) -> None:
    with pytest.raises(YardError) as caught:
        resolve(ask, text, **({"MODELSCOPE_API_TOKEN": key} if key else {}))
    assert type(caught.value) is error


def test_a_wrong_key_does_not_hide_public_models(ask: Ask) -> None:
    assert resolve(ask, "ms:org/repo", MODELSCOPE_API_TOKEN="ms_junk").offers


def test_a_search_gives_models_with_their_addresses(ask: Ask) -> None:
    hub = ask().named("modelscope")
    found = hub.search("model-", limit=70)
    assert len({finding.address for finding in found}) == 70
    assert hub.read(found[0].address)


def test_a_key_is_checked_by_its_owner(ask: Ask) -> None:
    report = ask(MODELSCOPE_API_TOKEN="ms_good").named("modelscope").check_key(Address("modelscope", "org/gated"))
    assert (report.valid, report.owner, report.opens) == (True, "ada", True)
    assert not ask(MODELSCOPE_API_TOKEN="ms_junk").named("modelscope").check_key().valid
    assert not ask().named("modelscope").check_key().valid


@pytest.mark.parametrize(
    ("status", "body", "keyed", "error"),
    [
        (404, {"Code": 10010205001, "Message": "获取模型信息失败"}, False, ModelNotFound),
        (404, {"Code": 10010200001}, False, LoginNeeded),
        (404, {"Code": 10010200001}, True, LicenceNotAccepted),
        (404, {"Code": 10990101004}, False, RevisionNotFound),
        (404, {"Code": "10990101004"}, False, RevisionNotFound),
        (400, {"Code": 10010103009}, True, KeyWrong),
        (401, {"code": "InvalidAuthentication"}, True, KeyWrong),
        (403, {"code": "QuotaLimitExceed"}, True, RateLimited),
        (404, {}, False, FileNotInModel),
        (404, {"Code": {"x": 1}}, False, FileNotInModel),
        (429, {}, False, RateLimited),
        (500, {}, False, ServerFailed),
    ],
)
def test_a_refused_download_is_explained_by_its_number(
    status: int, body: object, keyed: bool, error: type[YardError]
) -> None:
    hub = ModelScope(ToldApi({}), keyed=lambda _: keyed)
    assert type(hub.explain(answer(status, body, url=SOURCE.url), SOURCE)) is error


def test_what_the_storage_says_is_not_the_hubs_opinion() -> None:
    assert ModelScope(ToldApi({})).explain(answer(403, url="https://oss.example/x"), SOURCE) is None


@pytest.mark.parametrize(
    "data",
    [
        None,
        3,
        "x",
        {"Files": "x"},
        {"Files": {"a": 1}},
        {"Files": [None, 3, {"Path": 5}, {"Path": "../x"}, {"Path": "a\nb"}]},
    ],
)
def test_a_listing_of_another_shape_is_empty_or_a_bad_answer(data: object) -> None:
    api = ToldApi({"models/org/repo": answer(body={"Data": [1]}), "Recursive=True": answer(body={"Data": data})})
    try:
        assert ModelScope(api).resolve(Address("modelscope", "org/repo")).offers == ()
    except BadAnswer:
        return


def test_a_listing_may_be_the_data_itself() -> None:
    rows = [{"Path": "x.bin", "Type": "blob", "Size": 4, "Sha256": "A" * 64}, {"Path": "sub", "Type": "tree"}]
    api = ToldApi({"models/org/repo": answer(body={}), "Recursive=True": answer(body={"Data": rows})})
    [offer] = ModelScope(api).resolve(Address("modelscope", "org/repo")).offers
    assert (offer.path, offer.size, offer.claimed) == ("x.bin", 4, {"sha256": "a" * 64})
