"""What left CivitAI is found in the archive that kept it, and counts only with the hash that was claimed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubs.conftest import Ask
from hubs.told_api import ToldApi, answer
from modelyard.app import App
from modelyard.errors import HashDiffers, ModelNotFound, Removed, RevisionNotFound
from modelyard.hubs.civitai.archive import ENDPOINT, MOST_AT_ONCE, Archive, Kept
from modelyard.hubs.civitai.hub import Civitai
from modelyard.jobs.wish import Outcome, Wish
from modelyard.testing import PracticeHub
from modelyard.testing.civarchive import Mirror
from modelyard.values.offers import Access, Address, Listing, Source

GONE = Address("civitai", "100", "201")
HASH = "ab" * 32


def resolve(ask: Ask, text: str) -> Listing:
    hub, address = ask().read(text)
    return hub.resolve(address)


def test_a_deleted_model_is_offered_by_the_archive(ask: Ask, practice: PracticeHub) -> None:
    model = practice.civitai.delete(100)
    practice.civarchive.keep(model)
    file = model.versions[1].files[0]
    listing = resolve(ask, "civitai:100@201")
    (offer,) = listing.offers
    assert (listing.title, listing.access, listing.address.revision) == ("Practice LoRA v1", Access.OPEN, "201")
    assert (offer.path, offer.size, dict(offer.claimed)) == (
        file.name,
        file.content.size,
        {"sha256": file.content.sha256},
    )
    assert offer.primary and offer.note == "CivArchive keeps it; CivitAI no longer shows it."
    assert [one.url for one in offer.sources] == [f"{practice.url}/civarchive/api/download/models/201"]
    assert (listing.facts["kept_by"], listing.facts["trigger_words"]) == ("CivArchive", ["prctc style"])
    assert listing.page == f"{practice.url}/civarchive/models/100?modelVersionId=201"


def test_the_archive_is_not_asked_for_what_the_site_shows(ask: Ask, practice: PracticeHub) -> None:
    practice.civarchive.keep(practice.civitai.models[100])
    assert "kept_by" not in resolve(ask, "civitai:100@201").facts
    assert practice.log.find("/civarchive/*") == []


@pytest.mark.parametrize(
    ("text", "error"),
    [("civitai:999", ModelNotFound), ("civitai:100@999", RevisionNotFound), ("civitai:102", Removed)],
)
def test_what_the_archive_has_not_either_is_refused_in_the_sites_own_words(
    ask: Ask, practice: PracticeHub, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"shows no|no public version|archived"):
        resolve(ask, text)
    assert len(practice.log.find("/civarchive/*", status=404)) == 1


def test_a_version_that_alone_is_gone_and_an_archived_model_are_found_too(ask: Ask, practice: PracticeHub) -> None:
    practice.civarchive.keep(practice.civitai.models[100])
    practice.civarchive.keep(practice.civitai.models[102])
    assert resolve(ask, "civitai:100@202").address.revision == "202"
    assert resolve(ask, "civitai:102").offers[0].path == "file-304.safetensors"


def test_another_models_version_is_not_taken_for_it(ask: Ask, practice: PracticeHub) -> None:
    practice.civarchive.keep(practice.civitai.models[100])
    with pytest.raises(RevisionNotFound, match="belongs to model 101"):
        resolve(ask, "civitai:100@203")


def test_one_file_of_several_can_be_chosen(ask: Ask, practice: PracticeHub) -> None:
    practice.civarchive.keep(practice.civitai.delete(101)).mirrors[304] = [Mirror("https://mirror.example/full")]
    assert [offer.path for offer in resolve(ask, "civitai:101@203?fileId=304").offers] == ["big_full.safetensors"]
    assert [offer.path for offer in resolve(ask, "civitai:101@203/*full*").offers] == ["big_full.safetensors"]
    for odd in ("civitai:101@203?fileId=9", "civitai:101@203/*.gguf"):
        with pytest.raises(ModelNotFound):
            resolve(ask, odd)


@pytest.mark.parametrize("shape", ["plain", "data", "files"])
def test_a_hash_that_the_site_does_not_know_is_found_in_every_shape_of_answer(
    ask: Ask, practice: PracticeHub, shape: Any
) -> None:
    file = practice.civarchive.keep(practice.civitai.delete(101)).model.versions[0].files[0]
    practice.civarchive.shape = shape
    wanted = file.content.sha256.upper()
    found = ask().named("civitai").by_hash([wanted, "0" * 64, "1234567890"])
    assert list(found) == [wanted]
    (offer,) = found[wanted]
    assert (offer.address.model, offer.address.revision, offer.path) == ("101", "203", "big_pruned.safetensors")


def test_a_known_hash_asks_no_archive(ask: Ask, practice: PracticeHub) -> None:
    known = practice.civitai.models[100].versions[1].files[0].content.sha256
    assert ask().named("civitai").by_hash([known])
    assert practice.log.find("/civarchive/*") == []


def test_a_whole_library_of_unknown_files_asks_the_archive_a_few_times_only() -> None:
    api = ToldApi({})
    Archive(api, ENDPOINT).by_hash([f"{number:064x}" for number in range(500)])
    assert len(api.asked) == MOST_AT_ONCE


def test_an_archive_that_cannot_be_reached_is_asked_once(ask: Ask, practice: PracticeHub) -> None:
    practice.faults.use("s500forever", "/civarchive/*", on="any")
    practice.civitai.delete(100)
    assert ask().named("civitai").by_hash([f"{number:064x}" for number in range(3)]) == {}
    assert {one.path for one in practice.log.find("/civarchive/*")} == {f"/civarchive/api/sha256/{0:064x}"}
    with pytest.raises(ModelNotFound):
        resolve(ask, "civitai:100@201")


def test_where_a_person_chose_another_site_the_public_archive_is_not_asked() -> None:
    api = ToldApi({})
    with pytest.raises(ModelNotFound):
        Civitai(api, "https://models.example").resolve(GONE)
    assert {one.split("/")[2] for one in api.asked} == {"models.example"}
    with pytest.raises(ModelNotFound):
        Civitai(api).resolve(GONE)
    assert f"GET {ENDPOINT}/api/models/100?modelVersionId=201" in api.asked


def kept(*mirrors: dict[str, object], **file: object) -> Kept:
    told = {"id": 7, "name": "a.safetensors", "sha256": HASH, "mirrors": list(mirrors), **file}
    return Kept({"id": 100, "version": {"id": 201, "modelId": 100, "files": [told]}}, ENDPOINT, public=True)


def test_mirrors_come_first_and_deleted_or_paid_ones_never() -> None:
    (offer,) = kept(
        {"url": "https://civitai.com/api/download/models/201", "source": "civitai"},
        {"url": "https://gated.example/a", "is_gated": True},
        {"url": "https://gone.example/a", "deletedAt": "2025-01-01"},
        {"url": "https://paid.example/a", "is_paid": True},
        {"url": "https://free.example/a"},
        {"url": "file:///etc/passwd"},
        {"url": None},
    ).offers
    assert [one.url for one in offer.sources] == [
        "https://free.example/a",
        f"{ENDPOINT}/api/download/models/201",
        "https://gated.example/a",
        "https://civitai.com/api/download/models/201",
    ]
    assert {one.told_by_public for one in offer.sources} == {True}


def test_a_file_without_a_hash_is_not_offered() -> None:
    assert kept(sha256=None).offers == kept(sha256="short").offers == kept(name=None).offers == []


def test_a_mirrors_refusal_is_not_told_as_civitais() -> None:
    site = Civitai(ToldApi({}))
    assert site.explain(answer(404, {"error": "x"}), Source("https://hub.example/x")) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(HASH),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "model", "version", "files", "mirrors", "id", "name", "sha256", "url", "sizeKB"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(told=st.dictionaries(st.sampled_from(["data", "model", "version", "files", "id"]), JSON, max_size=4))
def test_no_answer_breaks_it_and_every_offer_has_a_hash(told: dict[str, object]) -> None:
    for offer in Kept(told, ENDPOINT, public=True).offers:
        assert offer.claimed["sha256"] == HASH and offer.sources and offer.path


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"null", b'{"version": []}'])
def test_nonsense_means_that_it_has_nothing(body: bytes) -> None:
    archive = Archive(ToldApi({"201": answer(200, body), HASH: answer(200, body)}), ENDPOINT)
    assert archive.listing(GONE) is None
    assert archive.by_hash([HASH]) == {}


def download(hub: PracticeHub, address: str, to: Path) -> Outcome:
    with App({**os.environ, **hub.env()}, flags={"retry.first": "0.01"}) as app:
        wish = app.download(Wish([address], to=f"{to}/"))
        (outcome,) = wish.run(wish.plan())
        return outcome


def test_a_deleted_model_arrives_from_a_mirror_proven_and_a_lying_mirror_is_left(tmp_path: Path) -> None:
    with PracticeHub() as hub:
        model = hub.civitai.delete(101)
        right = model.versions[0].files[0].content
        honest = hub.add_file("copy.safetensors", right)
        lying = hub.add_fault("flip", right)[0]
        lost = f"{hub.url}/files/lost.safetensors"
        hub.civarchive.keep(model, stored=False).mirrors[303] = [Mirror(lost), Mirror(honest)]
        outcome = download(hub, "civitai:101@203", tmp_path / "first")
        assert (outcome.error, outcome.proven, outcome.target.name) == (None, ("sha256",), "big_pruned.safetensors")
        assert hashlib.sha256(outcome.target.read_bytes()).hexdigest() == right.sha256
        hub.civarchive.keep(model, stored=False).mirrors[303] = [Mirror(lying)]
        refused = download(hub, "civitai:101@203", tmp_path / "second")
        assert isinstance(refused.error, HashDiffers)
        assert not (tmp_path / "second").exists()
