from __future__ import annotations

import pytest

from hubs.conftest import Ask
from hubs.told_api import ToldApi, answer
from modelyard.errors import (
    BadAnswer,
    FileNotInModel,
    ModelNotFound,
    NothingSelected,
    Removed,
    RevisionNotFound,
    YardError,
)
from modelyard.hubs.civitai import Civitai
from modelyard.testing import PracticeHub
from modelyard.testing.civitai_data import hashes_of
from modelyard.values.offers import Access, Address, Listing


def resolve(ask: Ask, text: str, **env: str) -> Listing:
    hub, address = ask(**env).read(text)
    assert hub.name == "civitai"
    return hub.resolve(address)


def test_a_model_means_its_newest_public_version(ask: Ask, practice: PracticeHub) -> None:
    listing = resolve(ask, "civitai:100")
    assert listing.address == Address("civitai", "100", "201")
    assert listing.title == "Practice LoRA v1"
    [offer] = listing.offers
    assert (offer.path, offer.kind, offer.primary) == ("practice_lora.safetensors", "LORA", True)
    assert offer.sources[0].url == f"{practice.url}/api/download/models/201?fileId=301"
    assert listing.facts["trigger_words"] == ["prctc style"]
    assert listing.facts["creator"] == "ada"
    assert "commercial use: Image" in (listing.licence or "")


def test_every_hash_kind_is_claimed_in_lower_case(ask: Ask, practice: PracticeHub) -> None:
    [offer] = resolve(ask, "civitai:100@201").offers
    content = practice.civitai.models[100].versions[1].files[0].content
    told = {name.lower(): value.lower() for name, value in hashes_of(content).items()}
    assert offer.claimed == told
    assert offer.claimed["sha256"] == content.sha256
    assert len(offer.claimed["autov3"]) == 12
    assert offer.size == content.size


def test_all_variants_are_offered_and_companions_stand_apart(ask: Ask) -> None:
    listing = resolve(ask, "civitai:101")
    assert [(offer.path, offer.primary) for offer in listing.offers] == [
        ("big_pruned.safetensors", True),
        ("big_full.safetensors", False),
    ]
    assert [(offer.path, offer.kind, offer.role) for offer in listing.companions] == [
        ("big.vae.safetensors", "VAE", "companion")
    ]
    assert "fp32" in (listing.offers[1].note or "")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("civitai:101@203?fileId=304", "big_full.safetensors"),
        ("civitai:101@203?fileId=305", "big.vae.safetensors"),
        (
            "https://civitai.com/api/download/models/203?type=Model&format=SafeTensor&size=full&fp=fp32",
            "big_full.safetensors",
        ),
        ("https://civitai.com/api/download/models/203?type=Model&format=SafeTensor", "big_pruned.safetensors"),
        ("https://civitai.com/api/download/models/203?type=VAE", "big.vae.safetensors"),
        ("urn:air:sdxl:checkpoint:civitai:101@203+304.safetensors", "big_full.safetensors"),
        ("civitai:101/*full*", "big_full.safetensors"),
        ("civitai:101/big.vae.safetensors", "big.vae.safetensors"),
    ],
)
def test_a_link_that_chooses_a_file_means_that_file(ask: Ask, text: str, name: str) -> None:
    [offer] = resolve(ask, text).offers
    assert (offer.path, offer.primary, offer.role) == (name, True, "main")


def test_every_source_names_its_file_whatever_the_keys_owner_prefers(ask: Ask) -> None:
    for offer in (*resolve(ask, "civitai:101").offers, *resolve(ask, "civitai:101").companions):
        assert f"?fileId={dict(offer.address.options)['fileId']}" in offer.sources[0].url


def test_an_offers_address_leads_back_to_that_offer(ask: Ask) -> None:
    hubs = ask()
    hub, address = hubs.read("civitai:101")
    for offer in hub.resolve(address).offers:
        _, again = hubs.read(hubs.show(offer.address))
        assert [one.path for one in hub.resolve(again).offers] == [offer.path]


def test_a_version_alone_is_enough(ask: Ask) -> None:
    assert resolve(ask, "civitai:@203").address.model == "101"


@pytest.mark.parametrize(
    ("number", "access"),
    [("100", Access.OPEN), ("104", Access.EARLY), ("105", Access.LOGIN), ("107", Access.OPEN)],
)
def test_access_is_told_in_advance(ask: Ask, number: str, access: Access) -> None:
    assert resolve(ask, f"civitai:{number}").access is access


def test_with_a_key_nobody_asks_whether_a_login_is_needed(ask: Ask, practice: PracticeHub) -> None:
    assert resolve(ask, "civitai:105", CIVITAI_TOKEN="ck_good").access is Access.UNKNOWN
    assert not practice.log.find("*/mini/*")


def test_a_fresh_file_has_no_hashes_yet(ask: Ask) -> None:
    [offer] = resolve(ask, "civitai:107").offers
    assert offer.claimed == {}
    assert "Pending" in (offer.note or "")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("civitai:999", ModelNotFound),
        ("civitai:@99999999", ModelNotFound),
        ("civitai:999@1", ModelNotFound),
        ("civitai:100@99999999", RevisionNotFound),
        ("civitai:100@202", RevisionNotFound),
        ("civitai:100@203", RevisionNotFound),
        ("civitai:102", Removed),
        ("civitai:102@204", Removed),
        ("civitai:109", FileNotInModel),
        ("civitai:@211", FileNotInModel),
        ("civitai:101@203?fileId=1", FileNotInModel),
        ("civitai:101?fp=fp8", FileNotInModel),
        ("civitai:101/*.gguf", NothingSelected),
        ("civitai:101/x.safetensors", FileNotInModel),
        ("civitai:9999999999999", ModelNotFound),
    ],
)
def test_each_refusal_is_its_own_error(ask: Ask, text: str, error: type[YardError]) -> None:
    with pytest.raises(YardError) as caught:
        resolve(ask, text)
    assert type(caught.value) is error
    assert caught.value.hint


def test_a_missing_version_names_the_ones_there_are(ask: Ask) -> None:
    with pytest.raises(RevisionNotFound) as caught:
        resolve(ask, "civitai:100@99999999")
    assert "201 (v1)" in caught.value.hint


# --- odd answers -----------------------------------------------------------------------------------


def told(version: object, **more: object) -> Listing:
    api = ToldApi({"model-versions/7": answer(body=version, **more)})  # type: ignore[arg-type]
    return Civitai(api, keyed=lambda _: True).resolve(Address("civitai", "", "7"))


FILE = {"id": 1, "name": "x.safetensors", "type": "Model", "sizeKB": 1.5, "downloadUrl": "https://undefined/x"}


def test_a_size_counts_only_when_it_is_a_whole_number_of_bytes() -> None:
    for kilobytes, size in (
        (1.5, 1536),
        (2082642.474609375, 2132625894),
        (0.001, None),
        ("9", None),
        (True, None),
        (-1, None),
    ):
        [offer] = told({"id": 7, "files": [FILE | {"sizeKB": kilobytes}]}).offers
        assert offer.size == size


def test_links_are_rebuilt_and_a_file_of_another_version_keeps_its_own() -> None:
    vae = FILE | {"id": 2, "type": "VAE", "downloadUrl": "https://undefined/api/download/models/99?type=VAE"}
    listing = told({"id": 7, "modelId": 1, "files": [FILE, vae]})
    assert listing.offers[0].sources[0].url == "https://civitai.com/api/download/models/7?fileId=1"
    assert listing.companions[0].sources[0].url == "https://civitai.com/api/download/models/99?fileId=2"


def test_old_long_autov3_is_cut_and_broken_hashes_are_dropped() -> None:
    hashes = {"AutoV3": "AB" * 32, "SHA256": "xyz", "CRC32": None, "BLAKE3": "C" * 64, "Other": "1"}
    [offer] = told({"id": 7, "files": [FILE | {"hashes": hashes}]}).offers
    assert offer.claimed == {"autov3": "abababababab", "blake3": "c" * 64}


def test_without_a_primary_mark_a_safetensor_wins_over_a_pickle_and_a_vae() -> None:
    files = [
        FILE | {"id": 1, "name": "a.vae", "type": "VAE", "metadata": {"format": "SafeTensor"}},
        FILE | {"id": 2, "name": "a.ckpt", "metadata": {"format": "PickleTensor"}},
        FILE | {"id": 3, "name": "a.safetensors", "metadata": {"format": "SafeTensor"}},
    ]
    listing = told({"id": 7, "files": files})
    assert [offer.path for offer in listing.offers if offer.primary] == ["a.safetensors"]


def test_generation_only_versions_are_disabled() -> None:
    assert told({"id": 7, "usageControl": "Generation", "files": [FILE]}).access is Access.DISABLED


@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"[]", b"3", b'"x"', b"[" * 100_000])
def test_a_version_of_another_shape_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        told(body)


@pytest.mark.parametrize(
    "version",
    [
        {},
        {"id": None, "files": None},
        {"id": "x", "files": [None, 3, "x", {}]},
        {"files": [{"name": 5}, {"id": {}, "name": "x", "hashes": [], "metadata": 3, "sizeKB": "x", "primary": "yes"}]},
        {"id": 7, "model": [], "modelId": {}, "stats": 3, "images": {}, "trainedWords": {"a": 1}, "files": [FILE]},
    ],
)
def test_missing_and_odd_fields_never_crash(version: object) -> None:
    for offer in told(version).offers:
        assert offer.sources


def test_an_error_may_be_a_text_or_an_object() -> None:
    for body in ({"error": {"issues": [{"message": "too far"}]}}, {"error": "too far"}, {"message": "too far"}):
        with pytest.raises(YardError) as caught:
            told(body, status=418)
        assert "too far" in caught.value.message
