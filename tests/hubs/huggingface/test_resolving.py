from __future__ import annotations

import hashlib

import pytest

from hubs.conftest import Ask
from modelyard.errors import (
    FileNotInModel,
    KeyScope,
    KeyWrong,
    LicenceNotAccepted,
    LoginNeeded,
    ModelNotFound,
    NothingSelected,
    Removed,
    RevisionNotFound,
    YardError,
)
from modelyard.hubs.base import accompanied
from modelyard.testing import PracticeHub
from modelyard.testing.fixtures import ODD_NAME
from modelyard.values.offers import Access, Listing


def resolve(ask: Ask, text: str, **env: str) -> Listing:
    hub, address = ask(**env).read(text)
    return hub.resolve(address)


# --- one file --------------------------------------------------------------------------------------


def test_a_single_file_costs_one_head(ask: Ask, practice: PracticeHub) -> None:
    listing = resolve(ask, "hf:org/repo/model.safetensors")
    [offer] = listing.offers
    content = practice.hf.repo("org/repo").head.files["model.safetensors"]
    assert [(record.method, record.origin) for record in practice.log] == [("HEAD", "hub")]
    assert offer.claimed == {"sha256": content.sha256}
    assert offer.size == content.size
    assert offer.address.revision == practice.hf.repo("org/repo").head.sha
    assert offer.sources[0].url == f"{practice.url}/org/repo/resolve/{offer.address.revision}/model.safetensors"
    assert listing.address == offer.address


def test_a_regular_file_is_claimed_by_its_git_hash(ask: Ask, practice: PracticeHub) -> None:
    [offer] = resolve(ask, f"hf:org/repo/{ODD_NAME}").offers
    content = practice.hf.repo("org/repo").head.files[ODD_NAME]
    data = bytes(content.read(0, content.size))
    assert offer.claimed == {"git-sha1": hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()}
    assert offer.size == len(data)
    assert "a%2Bb%2520c.txt" in offer.sources[0].url
    assert {record.method for record in practice.log} == {"HEAD"}


def test_an_empty_file_has_size_zero(ask: Ask) -> None:
    assert resolve(ask, "hf:org/repo/empty.txt").offers[0].size == 0


@pytest.mark.parametrize("revision", ["main", "v1", "refs/pr/1", "feature%2Fx"])
def test_any_kind_of_revision_is_pinned_to_its_commit(ask: Ask, practice: PracticeHub, revision: str) -> None:
    repo = practice.hf.repo("org/repo")
    for path in ("config.json", "model.safetensors"):
        [offer] = resolve(ask, f"hf:org/repo@{revision}/{path}").offers
        wanted = repo.head.sha if revision == "main" else repo.commits[0].sha
        assert offer.address.revision == wanted


def test_a_renamed_model_is_followed_on_its_own_host(ask: Ask) -> None:
    [offer] = resolve(ask, "hf:legacy@main/model.safetensors").offers
    assert offer.claimed["sha256"]


def test_a_file_of_a_dataset_and_of_a_space(ask: Ask, practice: PracticeHub) -> None:
    [offer] = resolve(ask, "hf:datasets/org/data/data/part-0000.csv").offers
    assert offer.sources[0].url.startswith(f"{practice.url}/datasets/org/data/resolve/")
    assert resolve(ask, "hf:spaces/org/space/app.py").offers[0].path == "app.py"


def test_a_private_file_opens_with_its_key(ask: Ask) -> None:
    assert resolve(ask, "hf:org/private/model.safetensors", HF_TOKEN="hf_good").offers[0].claimed["sha256"]
    assert resolve(ask, "hf:org/private/config.json", HF_TOKEN="hf_good").offers[0].claimed["git-sha1"]


def test_a_shard_brings_its_family_as_companions(ask: Ask) -> None:
    listing = resolve(ask, "hf:org/sharded/model-00002-of-00003.safetensors")
    assert [offer.path for offer in listing.offers] == ["model-00002-of-00003.safetensors"]
    assert {offer.path for offer in listing.companions} == {
        "model.safetensors.index.json",
        "model-00001-of-00003.safetensors",
        "model-00003-of-00003.safetensors",
    }
    assert {offer.role for offer in listing.companions} == {"companion"}


def test_what_belongs_with_one_file_is_told_where_it_is_asked_for(ask: Ask, practice: PracticeHub) -> None:
    hub, address = ask(HF_TOKEN="hf_good").read("hf:org/private/model.safetensors")
    assert hub.resolve(address).companions == () and len(practice.log) == 1, "a file alone is one question"
    told = accompanied(hub, address)
    assert [offer.path for offer in told.offers] == ["model.safetensors"]
    assert [(offer.path, offer.role) for offer in told.companions] == [("config.json", "companion")]


# --- whole models ----------------------------------------------------------------------------------


def test_a_whole_model_is_its_info_and_its_tree(ask: Ask, practice: PracticeHub) -> None:
    listing = resolve(ask, "hf:org/repo")
    repo = practice.hf.repo("org/repo")
    assert {offer.path for offer in listing.offers} == set(repo.head.files)
    assert listing.address.revision == repo.head.sha
    assert (listing.licence, listing.access) == ("apache-2.0", Access.OPEN)
    assert listing.facts["downloads"] == 12345
    assert listing.page == f"{practice.url}/org/repo"
    for offer in listing.offers:
        content = repo.head.files[offer.path]
        assert offer.size == content.size
        assert offer.claimed in ({"sha256": content.sha256}, {"git-sha1": content.git_sha1})
    assert [record.method for record in practice.log] == ["GET", "GET"]


def test_a_long_tree_is_followed_to_its_last_page(ask: Ask, practice: PracticeHub) -> None:
    listing = resolve(ask, "hf:org/big")
    assert len(listing.offers) == len({offer.path for offer in listing.offers}) == 4001
    assert len(practice.log.find("*/tree/*")) == 5


def test_a_glob_chooses_and_brings_companions(ask: Ask) -> None:
    listing = resolve(ask, "hf:org/repo/*.safetensors")
    assert [offer.path for offer in listing.offers] == ["model.safetensors"]
    assert {offer.path for offer in listing.companions} == {"config.json", "tokenizer.json"}
    assert listing.address.path == "*.safetensors"


def test_a_folder_link_means_what_is_below_it(ask: Ask, practice: PracticeHub) -> None:
    listing = resolve(ask, f"{practice.url}/org/repo/tree/main/sub%20dir")
    assert {offer.path for offer in listing.offers} == {ODD_NAME, "sub dir/model-Q4_K_M.gguf"}
    assert {offer.path for offer in resolve(ask, "hf:org/repo/sub dir").offers} == {
        ODD_NAME,
        "sub dir/model-Q4_K_M.gguf",
    }


def test_gated_models_list_openly_and_say_that_they_are_gated(ask: Ask) -> None:
    listing = resolve(ask, "hf:org/gated")
    assert listing.access is Access.GATED
    assert all(offer.access is Access.GATED for offer in listing.offers)


def test_a_file_with_a_xet_hash_carries_it_along(ask: Ask, practice: PracticeHub) -> None:
    practice.hf.xet = True
    by_path = {offer.path: offer for offer in resolve(ask, "hf:org/repo").offers}
    offer = by_path["model.safetensors"]
    assert offer.xet and len(offer.xet.hash) == 64
    assert offer.xet.token_url.endswith(f"/api/models/org/repo/xet-read-token/{offer.address.revision}")
    assert by_path["config.json"].xet is None
    assert resolve(ask, "hf:org/repo/model.safetensors").offers[0].xet == offer.xet


# --- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key", "error"),
    [
        ("hf:org/missing", "", ModelNotFound),
        ("hf:org/missing", "hf_good", ModelNotFound),
        ("hf:org/missing", "hf_junk", KeyWrong),
        ("hf:org/missing/x.bin", "", ModelNotFound),
        ("hf:org/missing/x.bin", "hf_good", ModelNotFound),
        ("hf:org/private", "", ModelNotFound),
        ("hf:org/private/model.safetensors", "", ModelNotFound),
        ("hf:org/private/model.safetensors", "hf_junk", KeyWrong),
        ("hf:org/repo@nowhere", "", RevisionNotFound),
        ("hf:org/repo@nowhere/x.bin", "", RevisionNotFound),
        ("hf:org/repo/missing.bin", "", FileNotInModel),
        ("hf:org/repo/*.onnx", "", NothingSelected),
        ("hf:org/gated/model.safetensors", "", LoginNeeded),
        ("hf:org/gated/model.safetensors", "hf_bad", LicenceNotAccepted),
        ("hf:org/gated/model.safetensors", "hf_narrow", KeyScope),
        ("hf:org/gated/model.safetensors", "hf_junk", KeyWrong),
        ("hf:org/disabled/model.safetensors", "", Removed),
    ],
)
def test_each_refusal_is_its_own_error(ask: Ask, text: str, key: str, error: type[Exception]) -> None:
    with pytest.raises(YardError) as caught:
        resolve(ask, text, **({"HF_TOKEN": key} if key else {}))
    assert type(caught.value) is error
    assert caught.value.hint


def test_a_misspelt_file_is_answered_with_its_neighbours(ask: Ask) -> None:
    with pytest.raises(FileNotInModel) as caught:
        resolve(ask, "hf:org/repo/model.safetensor")
    assert "model.safetensors" in caught.value.hint


def test_an_unaccepted_licence_links_the_page_where_it_is_accepted(ask: Ask) -> None:
    with pytest.raises(LicenceNotAccepted) as caught:
        resolve(ask, "hf:org/gated/model.safetensors", HF_TOKEN="hf_bad")
    assert (caught.value.link or "").endswith("/org/gated")


def test_a_wrong_key_does_not_hide_public_models(ask: Ask) -> None:
    assert resolve(ask, "hf:org/repo", HF_TOKEN="hf_junk").offers


def test_a_granted_key_opens_a_gated_file(ask: Ask) -> None:
    assert resolve(ask, "hf:org/gated/model.safetensors", HF_TOKEN="hf_good").offers


def test_the_key_never_reaches_the_cdn(ask: Ask, practice: PracticeHub) -> None:
    resolve(ask, "hf:org/gated/model.safetensors", HF_TOKEN="hf_good")
    resolve(ask, "hf:org/repo", HF_TOKEN="hf_good")
    assert not practice.log.find(origin="cdn")
    assert all(record.auth == "bearer" for record in practice.log)
