from __future__ import annotations

import pytest

from modelyard.errors import FileNotInModel, NothingSelected
from modelyard.hubs.companions import companions
from modelyard.hubs.selection import chosen, matches, meant, narrow, pick
from modelyard.values.offers import Address, Listing, Offer, Source

NAMES = ("README.md", "config.json", "model-Q4_K_M.gguf", "model-Q8_0.gguf", "vae/config.json", "vae/w[1].safetensors")


def offer(path: str, *, primary: bool = True) -> Offer:
    address = Address("huggingface", "org/repo", "main", path)
    return Offer(address, path, None, {}, (Source("https://x/y"),), primary=primary)


OFFERS = tuple(map(offer, NAMES))
LISTING = Listing(Address("huggingface", "org/repo", "main"), "org/repo", OFFERS)


def paths(offers: tuple[Offer, ...]) -> list[str]:
    return [one.path for one in offers]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("README.md", ["README.md"]),
        ("*.gguf", ["model-Q4_K_M.gguf", "model-Q8_0.gguf"]),
        ("*Q4*", ["model-Q4_K_M.gguf"]),
        ("*config.json", ["config.json", "vae/config.json"]),
        ("vae/", ["vae/config.json", "vae/w[1].safetensors"]),
        ("vae/**", ["vae/config.json", "vae/w[1].safetensors"]),
        ("vae", ["vae/config.json", "vae/w[1].safetensors"]),
        ("vae/w[1].safetensors", ["vae/w[1].safetensors"]),
        ("vae/w[[]1].safetensors", ["vae/w[1].safetensors"]),
    ],
)
def test_a_path_chooses_a_file_a_folder_or_what_a_glob_matches(pattern: str, found: list[str]) -> None:
    assert paths(chosen(OFFERS, pattern, title="org/repo")) == found


def test_a_file_whose_name_looks_like_a_glob_is_found_by_its_name() -> None:
    both = (offer("a[1].bin"), offer("a1.bin"))
    assert paths(chosen(both, "a[1].bin", title="x")) == ["a[1].bin"]


def test_a_glob_without_a_match_names_near_files() -> None:
    with pytest.raises(NothingSelected) as caught:
        chosen(OFFERS, "*q4_k_m*", title="org/repo")
    assert "model-Q4_K_M.gguf" in caught.value.hint


def test_a_missing_file_is_another_error_than_an_empty_glob() -> None:
    with pytest.raises(FileNotInModel) as caught:
        chosen(OFFERS, "model-Q4_K_S.gguf", title="org/repo")
    assert "model-Q4_K_M.gguf" in caught.value.hint


def test_an_empty_model_selects_nothing_and_says_so() -> None:
    with pytest.raises(NothingSelected):
        chosen((), "*", title="org/empty")


def test_include_and_exclude_leave_what_matches_the_first_and_not_the_second() -> None:
    assert paths(pick(LISTING, ["*.json", "*.gguf"], ["vae/*", "*Q8*"]).offers) == ["config.json", "model-Q4_K_M.gguf"]
    assert pick(LISTING).offers == OFFERS


def test_a_selection_that_leaves_nothing_is_an_error() -> None:
    with pytest.raises(NothingSelected):
        pick(LISTING, ["*.onnx"])
    with pytest.raises(NothingSelected):
        pick(LISTING, [], ["*"])


def test_case_counts_in_globs() -> None:
    assert not matches("Model.GGUF", "*.gguf")


def test_of_variants_only_the_primary_one_is_meant() -> None:
    variants = Listing(LISTING.address, "x", (offer("fp16", primary=True), offer("fp32", primary=False)))
    assert paths(meant(variants).offers) == ["fp16"]
    assert meant(LISTING).offers == OFFERS


def test_narrowing_keeps_the_path_and_marks_companions() -> None:
    found = narrow(LISTING, "*Q4*", lambda picked, others: [one for one in others if one.path == "config.json"])
    assert found.address.path == "*Q4*"
    assert [(one.path, one.role) for one in found.companions] == [("config.json", "companion")]


# --- companions of Hugging Face files --------------------------------------------------------------

REPO = tuple(
    map(
        offer,
        (
            "config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "README.md",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json",
            "other-00001-of-00002.safetensors",
            "vae/config.json",
            "gguf/model-Q4.gguf",
            "gguf/mmproj-F16.gguf",
            "gguf/model-Q8.gguf",
        ),
    )
)


def belonging(path: str) -> list[str]:
    picked = [one for one in REPO if one.path == path]
    return [one.path for one in companions(picked, [one for one in REPO if one.path != path])]


def test_shards_belong_to_their_index_and_to_each_other() -> None:
    family = ["config.json", "tokenizer.json", "tokenizer_config.json"]
    assert belonging("model-00001-of-00002.safetensors") == [
        *family,
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
    ]
    assert "model-00002-of-00002.safetensors" in belonging("model.safetensors.index.json")


def test_a_projector_belongs_to_a_gguf_beside_it() -> None:
    assert belonging("gguf/model-Q4.gguf") == ["gguf/mmproj-F16.gguf"]


def test_a_readme_has_no_companions() -> None:
    assert belonging("README.md") == []
