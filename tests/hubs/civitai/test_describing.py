"""What CivitAI tells about models, by hash and by number, in few requests."""

from __future__ import annotations

import pytest

from hubs.conftest import Ask
from hubs.told_api import ToldApi, answer
from modelyard.errors import ModelNotFound, RevisionNotFound
from modelyard.hubs.base import Describing
from modelyard.hubs.civitai import Civitai
from modelyard.testing import PracticeHub
from modelyard.values.offers import Address


def describing(ask: Ask) -> Describing:
    hub = ask().named("civitai")
    assert isinstance(hub, Describing)
    return hub


def test_a_hash_tells_everything_that_is_said_of_its_model(ask: Ask, practice: PracticeHub) -> None:
    value = practice.civitai.models[100].versions[1].files[0].content.sha256
    about = describing(ask).about_by_hash([value])[value]
    assert (about.hub, about.model_id, about.version_id) == ("civitai", "100", "201")
    assert (about.name, about.author, about.tags) == ("Practice LoRA", "ada", ("style", "practice"))
    assert about.description == "<p>To practise on.</p>"
    assert about.trained_words == ("prctc style",)
    assert about.claimed["sha256"] == value
    assert about.licence == "commercial use: Image"
    assert [picture.kind for picture in about.pictures] == ["image", "video", "image"]
    assert about.completeness == "complete"


def test_a_thousand_hashes_cost_one_request_and_one_for_each_hundred_models(ask: Ask, practice: PracticeHub) -> None:
    known = [model.versions[0].files[0].content.sha256 for model in practice.civitai.every()[-150:]]
    wanted = [*known, *(f"{number:064x}" for number in range(2000))]
    hub = describing(ask)
    practice.log.clear()
    found = hub.about_by_hash(wanted)
    assert set(found) == set(known)
    assert all(about.completeness == "complete" for about in found.values())
    assert len(practice.log.find("*")) == 3


def test_a_model_that_lists_leave_out_is_asked_for_alone() -> None:
    value = "ab" * 32
    version = {"id": 5, "modelId": 3, "name": "v1", "files": [{"hashes": {"SHA256": value.upper()}}]}
    told = {
        "by-hash/ids": answer(body=[{"modelId": 3, "modelVersionId": 5, "hash": value.upper()}]),
        "/models?ids=3&limit=1&nsfw=true": answer(body={"items": [], "metadata": {}}),
    }
    shown = Civitai(ToldApi({**told, "/models/3": answer(body={"id": 3, "name": "Kept", "modelVersions": [version]})}))
    assert shown.about_by_hash([value])[value].name == "Kept"
    hidden = Civitai(ToldApi({**told, f"/by-hash/{value.upper()}": answer(body=version)}))
    assert hidden.about_by_hash([value])[value].version_id == "5"


def test_a_short_hash_is_found_and_a_strange_one_is_not(ask: Ask, practice: PracticeHub) -> None:
    short = practice.civitai.models[100].versions[1].files[0].hashes["AutoV3"].lower()
    found = describing(ask).about_by_hash([short, "0123456789ab", "no hash", ""])
    assert list(found) == [short]
    assert found[short].name == "Practice LoRA"


def test_an_address_tells_the_same_as_a_hash(ask: Ask, practice: PracticeHub) -> None:
    hub = describing(ask)
    value = practice.civitai.models[100].versions[1].files[0].content.sha256
    by_hash = hub.about_by_hash([value])[value]
    for address in (Address("civitai", "100"), Address("civitai", "100", "201"), Address("civitai", "", "201")):
        assert hub.about(address) == by_hash


def test_what_was_deleted_is_told_precisely(ask: Ask) -> None:
    with pytest.raises(ModelNotFound):
        describing(ask).about(Address("civitai", "99999"))
    with pytest.raises(RevisionNotFound):
        describing(ask).about(Address("civitai", "100", "99999"))


def test_versions_come_with_their_files(ask: Ask) -> None:
    [version] = describing(ask).versions(Address("civitai", "101"))
    assert (version.id, version.name, version.base_model) == ("203", "v1", "SDXL 1.0")
    assert (version.files[0].name, version.files[0].size) == ("big_pruned.safetensors", 2_000_000)
    assert all(len(file.claimed["sha256"]) == 64 for file in version.files)
    assert version.page == "https://civitai.com/models/101?modelVersionId=203"
