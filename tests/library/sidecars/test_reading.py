"""What every tool's sidecar says, read into one record."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelyard.library.sidecars.reading import FORMS, read_all
from modelyard.values.about import About, Own, Picture

SHA = "ab" * 32
VERSION: dict[str, Any] = {
    "id": 222,
    "modelId": 111,
    "name": "v2.0",
    "baseModel": "SDXL 1.0",
    "description": "<p>Better hands.</p>",
    "trainedWords": ["inkwash", "brush stroke"],
    "publishedAt": "2025-02-03T04:05:06Z",
    "downloadUrl": "https://civitai.com/api/download/models/222",
    "model": {"name": "Ink Wash", "type": "LORA", "nsfw": False},
    "files": [
        {"name": "ink_fp32.safetensors", "hashes": {"SHA256": "cd" * 32}, "primary": True},
        {"name": "ink.safetensors", "hashes": {"SHA256": SHA.upper(), "AutoV2": "ABABABABAB", "ODD": "1"}},
    ],
    "images": [
        {"url": "https://image.civitai.com/x/1.jpeg", "nsfwLevel": 2, "width": 832, "height": 1216, "type": "image"}
    ],
}


def put(folder: Path, ending: str, told: object, *, whole: bool = False) -> Path:
    model = folder / "ink.safetensors"
    file = folder / (f"{model.name}.{ending}" if whole else f"ink.{ending}")
    file.write_bytes(told if isinstance(told, bytes) else json.dumps(told).encode())
    return model


def test_a_version_object_of_civitai_is_read_with_the_hashes_of_the_file_it_stands_beside(tmp_path: Path) -> None:
    about = read_all(put(tmp_path, "civitai.info", VERSION)).about
    assert (about.hub, about.model_id, about.version_id) == ("civitai", "111", "222")
    assert (about.name, about.version, about.kind, about.base_model) == ("Ink Wash", "v2.0", "LORA", "SDXL 1.0")
    assert about.claimed == {"sha256": SHA, "autov2": "ababababab"}
    assert about.trained_words == ("inkwash", "brush stroke")
    assert about.pictures == (Picture("https://image.civitai.com/x/1.jpeg", "image", 2, 832, 1216),)
    assert about.page == "https://civitai.com/models/111?modelVersionId=222"
    assert about.description == "<p>Better hands.</p>"


def test_an_empty_civitai_info_means_asked_and_not_there(tmp_path: Path) -> None:
    about = read_all(put(tmp_path, "civitai.info", {})).about
    assert about == About(unknown_at=("civitai",))


def test_what_another_sidecar_knows_beats_an_old_not_there(tmp_path: Path) -> None:
    put(tmp_path, "metadata.json", {"civitai": VERSION})
    assert read_all(put(tmp_path, "civitai.info", {})).about.unknown_at == ()


def test_lora_manager(tmp_path: Path) -> None:
    told = {
        "file_name": "ink",
        "model_name": "Ink by me",
        "sha256": SHA,
        "base_model": "Unknown",
        "notes": "weak at 0.5",
        "favorite": True,
        "civitai_deleted": True,
        "tags": ["style"],
        "modelDescription": "<b>All of it</b>",
        "usage_tips": '{"strength": 0.8}',
        "civitai": VERSION | {"creator": {"username": "mo"}},
    }
    about = read_all(put(tmp_path, "metadata.json", told)).about
    assert about.own == Own(notes="weak at 0.5", favourite=True, strength=0.8)
    assert about.gone and about.author == "mo" and about.tags == ("style",)
    assert about.base_model == "SDXL 1.0"
    assert about.description == "<b>All of it</b>"


def test_lora_manager_of_a_hugging_face_model_and_a_default_name(tmp_path: Path) -> None:
    told = {
        "file_name": "ink",
        "model_name": "ink",
        "hf_url": "https://huggingface.co/mo/ink/blob/main/ink.safetensors",
    }
    about = read_all(put(tmp_path, "metadata.json", told)).about
    assert (about.hub, about.model_id, about.name) == ("huggingface", "mo/ink", "")


def test_stability_matrix(tmp_path: Path) -> None:
    told = {
        "ModelId": 111,
        "ModelName": "Ink Wash",
        "ModelDescription": "<p>d</p>",
        "Nsfw": True,
        "Tags": ["style"],
        "ModelType": "LORA",
        "VersionId": 222,
        "VersionName": "v2.0",
        "AuthorUsername": "mo",
        "BaseModel": "SDXL 1.0",
        "Hashes": {"SHA256": SHA.upper(), "BLAKE3": "EF" * 32},
        "TrainedWords": ["inkwash"],
        "UserTitle": "My ink",
        "ThumbnailImageUrl": "https://image.civitai.com/x/1.jpeg",
        "Source": "Civitai",
    }
    about = read_all(put(tmp_path, "cm-info.json", told)).about
    assert (about.hub, about.model_id, about.version_id, about.author) == ("civitai", "111", "222", "mo")
    assert about.claimed == {"sha256": SHA, "blake3": "ef" * 32}
    assert about.own.title == "My ink" and about.nsfw == 16


@pytest.mark.parametrize(
    ("source", "hub"), [(0, "civitai"), (None, "civitai"), ("Civitai", "civitai"), (1, ""), ("OpenModelDb", "")]
)
def test_stability_matrix_names_its_source_by_word_or_number(tmp_path: Path, source: object, hub: str) -> None:
    told = {"ModelId": 111, "VersionId": 222, "ModelName": "4x", "Source": source}
    about = read_all(put(tmp_path, "cm-info.json", told)).about
    assert (about.hub, about.name) == (hub, "4x")


def test_civicomfy_tells_where_the_file_came_from_but_no_key(tmp_path: Path) -> None:
    told = {"ModelId": 111, "VersionId": 222, "DownloadUrlUsed": "https://civitai.com/api/download/models/222"}
    model = put(tmp_path, "cminfo.json", told)
    assert read_all(model).about.download_url == told["DownloadUrlUsed"]
    put(tmp_path, "cminfo.json", told | {"DownloadUrlUsed": "https://civitai.com/x?token=secret"})
    assert "secret" not in repr(read_all(model))


def test_the_words_of_a_person_in_the_web_ui(tmp_path: Path) -> None:
    told = {
        "description": "mine",
        "sd version": "SDXL",
        "activation text": "inkwash, brush",
        "preferred weight": 0.7,
        "negative text": "photo",
        "notes": "n",
        "modelId": "Model not found",
        "sha256": SHA.upper(),
    }
    about = read_all(put(tmp_path, "json", told)).about
    assert (about.hub, about.model_id, about.base_model) == ("", "", "SDXL")
    assert about.own == Own(notes="n", strength=0.7, negative="photo")
    assert about.trained_words == ("inkwash, brush",)
    assert (about.description, about.description_form) == ("mine", "text")


@pytest.mark.parametrize("ending", ["json", "api_info.json"])
def test_a_whole_model_object_is_read_for_the_version_that_has_the_file(tmp_path: Path, ending: str) -> None:
    other = {"id": 333, "name": "v3", "files": [{"name": "other.safetensors"}]}
    model = {"id": 111, "name": "Ink Wash", "type": "LORA", "tags": ["style"], "creator": {"username": "mo"}}
    about = read_all(put(tmp_path, ending, model | {"modelVersions": [other, VERSION]})).about
    assert (about.model_id, about.version_id, about.version, about.author) == ("111", "222", "v2.0", "mo")


def test_json_of_no_tool_we_know_says_nothing_and_is_no_problem(tmp_path: Path) -> None:
    model = put(tmp_path, "json", {"hidden_size": 4096, "name": "x"})
    assert read_all(model).about == About()
    put(tmp_path, "json", [1, 2])
    assert not read_all(model).problems


def test_rgthree_stands_beside_the_whole_name_and_counted_captions_are_no_trigger_words(tmp_path: Path) -> None:
    words = [{"word": "inkwash", "civitai": True}, {"word": "1girl", "count": 90, "metadata": True}]
    told = {
        "name": "Ink",
        "type": "LORA",
        "trainedWords": words,
        "sha256": SHA,
        "links": ["https://civitai.com/models/111?modelVersionId=222"],
    }
    about = read_all(put(tmp_path, "rgthree-info.json", told, whole=True)).about
    assert about.trained_words == ("inkwash",)
    assert (about.hub, about.model_id, about.version_id, about.claimed) == ("civitai", "111", "222", {"sha256": SHA})


def test_swarm(tmp_path: Path) -> None:
    told = {
        "modelspec.title": "Ink",
        "modelspec.tags": "a, b",
        "modelspec.trigger_phrase": "inkwash",
        "modelspec.hash_sha256": "0x" + SHA,
    }
    about = read_all(put(tmp_path, "swarm.json", told)).about
    assert (about.name, about.tags, about.trained_words, about.claimed) == ("Ink", ("a", "b"), ("inkwash",), {})


def test_markdown_of_the_ancestor(tmp_path: Path) -> None:
    told = (
        "---\nwebsite: Civitai\nmodelPage: https://civitai.com/models/111?modelVersionId=222\nauthor: mo\n"
        f"baseModel: SDXL 1.0\nhashes:\n  SHA256: {SHA.upper()}\npreview:\n- https://image.civitai.com/x/1.jpeg\n---\n\n"
        "# Trigger Words\n\ninkwash, `brush stroke`\n\n# About this version\n\nBetter hands.\n\n# Ink Wash\n\nText.\n"
    )
    about = read_all(put(tmp_path, "md", told.encode())).about
    assert (about.hub, about.model_id, about.version_id, about.name) == ("civitai", "111", "222", "Ink Wash")
    assert about.trained_words == ("inkwash", "brush stroke")
    assert about.claimed == {"sha256": SHA} and about.author == "mo"
    assert about.description.startswith("# About this version") and about.description_form == "markdown"


def test_the_ancestors_excuses_are_no_description_and_none_is_no_name(tmp_path: Path) -> None:
    told = (
        "---\nwebsite: HuggingFace\nmodelPage: https://huggingface.co/mo/ink\nauthor: mo\npreview: []\n---\n\n"
        "# Trigger Words\n\nNo trigger words\n\n# About this version\n\nNo description about this version\n\n"
        "# None\n\nNo description about this model\n"
    )
    about = read_all(put(tmp_path, "md", told.encode())).about
    assert (about.hub, about.model_id, about.name, about.description, about.trained_words) == (
        "huggingface",
        "mo/ink",
        "",
        "",
        (),
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("## Trigger words\n- a, b\n- c\n", ("a, b", "c")),
        ("Nice.\n**Trigger words:** foo, bar\n", ("foo", "bar")),
        ("# Trigger Words\n\nNo trigger words\n", ()),
        ("# Trained Words\r\n\r\nfoo\r\n", ("foo",)),
        ("I trained words today.\n", ()),
        ("# Trigger Words\n\nfoo\n\nUse it, gently, at 0.8.\n\n- not a word\n", ("foo",)),
        ("# Trigger Words\n\n- foo\n\n- bar\n\nUse it.\n", ("foo", "bar")),
        ("# Trigger Words\n\n# Next\n\nfoo\n", ()),
        ("# Trigger Words", ()),
    ],
)
def test_trigger_words_are_read_from_the_text(tmp_path: Path, body: str, words: tuple[str, ...]) -> None:
    assert read_all(put(tmp_path, "md", body.encode())).about.trained_words == words


def test_a_plain_text_is_the_description(tmp_path: Path) -> None:
    about = read_all(put(tmp_path, "txt", "Für alle.\n".encode("cp1252"))).about
    assert (about.description, about.description_form) == ("Für alle.", "text")


def test_ours_wins_and_others_fill_its_gaps(tmp_path: Path) -> None:
    put(tmp_path, "info", {"name": "Mine", "trainedWords": ["w"], "modelyard": {"own": {"notes": "ours"}}})
    put(tmp_path, "json", {"notes": "theirs", "description": "d"})
    found = read_all(put(tmp_path, "civitai.info", VERSION))
    assert (found.about.name, found.about.own.notes, found.about.trained_words) == ("Mine", "ours", ("w",))
    assert found.about.base_model and found.about.claimed["sha256"]


def test_two_sidecars_about_different_models_do_not_make_a_third(tmp_path: Path) -> None:
    put(tmp_path, "info", {"modelId": 999, "source": "civitai"})
    about = read_all(put(tmp_path, "civitai.info", VERSION)).about
    assert (about.model_id, about.version_id, about.page) == ("999", "", "")


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 100_000, b"\xff\xfe{", b'{"a":' * 3000, b"null"], ids=range(6))
def test_a_broken_file_is_a_problem_that_names_it_and_the_others_still_count(tmp_path: Path, data: bytes) -> None:
    put(tmp_path, "metadata.json", data)
    found = read_all(put(tmp_path, "civitai.info", VERSION))
    assert [problem.file for problem in found.problems] == ["ink.metadata.json"]
    assert found.about.model_id == "111"


def test_nan_surrogates_doubled_names_and_endless_numbers_do_not_spoil_the_rest(tmp_path: Path) -> None:
    data = (
        b'{"name": "a", "name": "Ink\\ud800\\u0000", "x": NaN, "modelId": '
        + b"9" * 10**5
        + b', "trainedWords": [1e999, "w"]}'
    )
    about = read_all(put(tmp_path, "info", data)).about
    assert (about.name, about.model_id, about.trained_words) == ("Ink?", "", ("w",))


def test_links_pipes_folders_and_giants_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key")
    (tmp_path / "ink.txt").symlink_to(secret)
    os.mkfifo(tmp_path / "ink.md")
    (tmp_path / "ink.info").mkdir()
    with (tmp_path / "ink.json").open("wb") as giant:
        giant.truncate(5 << 20)
    found = read_all(tmp_path / "ink.safetensors")
    assert found.about == About()
    assert {problem.file for problem in found.problems} == {"ink.txt", "ink.md", "ink.info", "ink.json"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
FIELDS = sorted(
    set(VERSION)
    | {
        "modelyard",
        "hashes",
        "preview",
        "own",
        "civitai",
        "modelVersions",
        "tags",
        "notes",
        "usage_tips",
        "creator",
        "raw",
        "links",
    }
    | {
        "ModelId",
        "Hashes",
        "Tags",
        "UserTitle",
        "Source",
        "modelspec.title",
        "preferred weight",
        "sd version",
        "nsfwLevel",
        "model_name",
    }
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(form=st.sampled_from(FORMS), told=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=8) | JSON)
def test_no_json_whatever_makes_any_reader_raise(tmp_path: Path, form: str, told: object) -> None:
    model = put(tmp_path, form, json.dumps(told).encode(), whole=form.startswith("rgthree"))
    found = read_all(model, {"ink." + form, model.name + "." + form})
    assert isinstance(found.about.completeness, str)
    repr(found.about).encode()
    (tmp_path / f"ink.{form}").unlink(missing_ok=True)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(form=st.sampled_from(FORMS), data=st.binary(max_size=200))
def test_no_bytes_whatever_make_any_reader_raise(tmp_path: Path, form: str, data: bytes) -> None:
    read_all(put(tmp_path, form, data, whole=form.startswith("rgthree")))


def _fastest(times: int, action: Any) -> float:
    best = 1.0
    for _ in range(times):
        start = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - start)
    return best


def test_a_model_without_sidecars_costs_nearly_nothing_and_one_with_four_less_than_a_millisecond(
    tmp_path: Path,
) -> None:
    big = VERSION | {"description": "<p>word</p>" * 300, "images": VERSION["images"] * 10}
    model = put(tmp_path, "civitai.info", big)
    put(tmp_path, "metadata.json", {"civitai": big, "tags": ["a"]})
    put(tmp_path, "json", {"notes": "n", "activation text": "w"})
    put(tmp_path, "md", b"---\nauthor: mo\n---\n# Trigger Words\n\nw\n")
    names = set(os.listdir(tmp_path)) | {f"m{index}.safetensors" for index in range(1000)}
    empty = tmp_path / "m5.safetensors"
    assert (
        _fastest(50, lambda: read_all(empty, names)) < 60e-6
    )  # 20 µs are the bar; a busy machine gets three times that
    assert _fastest(50, lambda: read_all(model, names)) < 3e-3


@pytest.mark.parametrize(
    "piece",
    [
        "# a ",
        "# a\t",
        " ",
        "- ",
        "trigger words: ",
        "trigger words *_",
        "---\n",
        "*",
        "a,",
        "# Trigger Words\n",
        "a: b\n",
        "\t- x ",
    ],
)
def test_no_repetition_makes_markdown_slow(tmp_path: Path, piece: str) -> None:
    for before in ("", "---\n", "# Trigger Words\n"):
        model = put(tmp_path, "md", (before + piece * (3_000_000 // len(piece)) + "x").encode())
        start = time.perf_counter()
        read_all(model)
        assert time.perf_counter() - start < 4
