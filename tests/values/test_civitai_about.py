"""What CivitAI's objects say; as the practice hub shows them, too, which was made after the real one."""

from __future__ import annotations

from typing import Any

import pytest

from modelyard.testing.civitai_data import fixtures
from modelyard.testing.civitai_json import model_body, version_body
from modelyard.values.civitai_about import about_of_model, about_of_version, page_of, pictures_of

VERSION: dict[str, Any] = {"id": 2, "modelId": 1, "name": "v1", "description": "about it"}


def test_the_practice_hubs_models_are_read_alone_and_whole() -> None:
    models = [model for model in fixtures(1, 1_700_000_000.0) if model.listed()]
    assert len(models) > 3
    for model in models:
        version = model.listed()[0]
        alone = about_of_version(version_body(model, version, "https://civitai.com", alone=True))
        whole = about_of_model(model_body(model, "https://civitai.com"), version_id=str(version.id))
        for about in (alone, whole):
            assert (about.hub, about.model_id, about.version_id) == ("civitai", str(model.id), str(version.id))
            assert (about.name, about.kind, about.version) == (model.name, model.type, version.name)
            assert about.base_model == version.base_model and list(about.trained_words) == version.trained_words
        assert whole.author == (model.creator or "") and list(whole.tags) == model.tags
        assert whole.description == (model.description or "")


def test_both_descriptions_are_kept_once() -> None:
    model = {"description": "<p>all</p>"}
    assert (
        about_of_version(VERSION | {"model": model}).description == "<p>all</p>\n<h2>About this version</h2>\nabout it"
    )
    assert about_of_version(VERSION | {"model": {"description": "about it"}}).description == "about it"


@pytest.mark.parametrize(("files", "claimed"), [(1, {"md5": "0" * 32}), (2, {})])
def test_hashes_of_a_file_that_may_be_another_are_no_claim(files: int, claimed: dict[str, str]) -> None:
    entries = [{"name": f"{index}.ckpt", "hashes": {"md5": str(index) * 32}} for index in range(files)]
    assert about_of_version(VERSION | {"files": entries}, file_name="mine.ckpt").claimed == claimed


def test_the_version_is_found_by_number_by_file_or_is_the_first() -> None:
    versions = [{"id": 5}, {"id": 6, "files": [{"name": "six.ckpt"}]}, {"id": 7}]
    model = {"id": 1, "modelVersions": versions}
    assert about_of_model(model).version_id == "5"
    assert about_of_model(model, file_name="six.ckpt").version_id == "6"
    assert about_of_model(model, version_id="7", file_name="six.ckpt").version_id == "7"
    assert about_of_model({"id": 1}).model_id == "1"


@pytest.mark.parametrize(
    ("thing", "bits"),
    [
        ({"nsfwLevel": 3}, 3),
        ({"nsfwLevel": "Mature"}, 4),
        ({"nsfw": "X"}, 8),
        ({"nsfw": True}, 16),
        ({"nsfw": False}, None),
        ({"nsfwLevel": 0}, None),
    ],
)
def test_levels_are_bits_and_a_bare_true_hides(thing: dict[str, Any], bits: int | None) -> None:
    assert pictures_of([thing | {"url": "https://x.example/a"}])[0].nsfw == bits


def test_only_what_can_be_fetched_is_a_picture() -> None:
    urls = ["javascript:x", "file:///etc/passwd", "/a.png", "https://x.example/a.MP4"]
    (only,) = pictures_of([{"url": url} for url in urls])
    assert (only.url, only.kind) == ("https://x.example/a.MP4", "video")


def test_pages() -> None:
    assert page_of("1", "2") == "https://civitai.com/models/1?modelVersionId=2"
    assert page_of("1", site="https://civitai.red") == "https://civitai.red/models/1"
    assert page_of("", "2") == ""
