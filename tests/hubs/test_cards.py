"""READMEs of repositories as descriptions: strangers' texts, read fast and without trust."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubs.conftest import Ask
from hubs.told_api import ToldApi, answer
from modelyard.errors import ModelNotFound
from modelyard.hubs.base import Describing
from modelyard.hubs.cards import card_text, pictures_of
from modelyard.hubs.huggingface import HuggingFace
from modelyard.hubs.modelscope import ModelScope
from modelyard.values.offers import Address

FILES = "https://hub.example/o/r/resolve/main/"


def test_front_matter_is_left_out() -> None:
    assert card_text(b"---\nlicense: mit\n---\n# Title\n\n---\nmore") == "# Title\n\n---\nmore"
    assert card_text("\ufeff---\r\na: b\r\n---\r\nText ☕".encode()) == "Text ☕"
    assert card_text(b"# None\n---\nx") == "# None\n---\nx"
    assert card_text(b"---\nnever ends") == "---\nnever ends"


@given(st.binary(max_size=300), st.text(max_size=300))
def test_any_card_is_read(data: bytes, text: str) -> None:
    told = card_text(data + text.encode("utf-8", "replace"))
    assert all(one.url.startswith(("https://", "http://")) for one in pictures_of((text,), told + text, FILES))


@pytest.mark.parametrize(
    ("named", "url"),
    [
        ("![a](images/one.png)", FILES + "images/one.png"),
        ("![a](./my one.png)", None),
        ("![a](./my%20one.png)", FILES + "my%20one.png"),
        ("![a](https://elsewhere.example/x.webp?y=1)", "https://elsewhere.example/x.webp?y=1"),
        ('<img alt="x" src="shown.jpg">', FILES + "shown.jpg"),
        ('<video controls src="film.mp4"></video>', FILES + "film.mp4"),
        ("![badge](https://img.shields.io/badge/x.svg)", None),
        ("![a](../../../secret.png)", None),
        ("![a](%2e%2e/secret.png)", None),
        ("![a](javascript:alert(1).png)", None),
        ("![a](//elsewhere.example/x.png)", None),
        ("![a](data:image/png;base64,x.png)", None),
        ("![a](file:///etc/x.png)", None),
    ],
)
def test_a_picture_is_named_by_its_whole_address_or_not_at_all(named: str, url: str | None) -> None:
    assert [one.url for one in pictures_of((), named, FILES)] == ([url] if url else [])


@pytest.mark.parametrize(
    "hostile", ["![" * 200_000, "<img " * 100_000, "---\n" * 200_000, "![a](" * 100_000, "<img " + "a" * 500_000]
)
def test_repetition_costs_no_time(hostile: str) -> None:
    def seconds(length: int) -> float:
        began = time.process_time()
        pictures_of((), card_text(hostile[:length].encode()), FILES)
        return time.process_time() - began

    short = seconds(len(hostile) // 4)
    assert (
        seconds(len(hostile)) < 8 * short + 0.5
    )  # four times as long a text; sixteen times the time would be its square


def test_hugging_face_tells_what_card_and_readme_say() -> None:
    info = {
        "id": "org/style-lora",
        "sha": "a" * 40,
        "author": "org",
        "tags": ["lora", "license:mit", "not-for-all-audiences"],
        "createdAt": "2026-01-01T00:00:00Z",
        "cardData": {
            "license": "mit",
            "base_model": ["black-forest-labs/FLUX.1-dev"],
            "instance_prompt": "in style",
            "widget": [{"text": "x", "output": {"url": "images/a.png"}}, "odd", {"output": None}],
        },
    }
    told = {
        "/api/models/org/style-lora": answer(body=info),
        f"/resolve/{'a' * 40}/README.md": answer(body=b"---\nx: y\n---\n# Style\n![](b.webp)"),
    }
    about = HuggingFace(ToldApi(told)).about(Address("huggingface", "org/style-lora"))
    assert (about.name, about.base_model, about.licence) == ("style-lora", "black-forest-labs/FLUX.1-dev", "mit")
    assert (about.trained_words, about.tags, about.nsfw) == (("in style",), ("lora", "not-for-all-audiences"), 16)
    assert about.description == "# Style\n![](b.webp)"
    base = f"https://huggingface.co/org/style-lora/resolve/{'a' * 40}/"
    assert [one.url for one in about.pictures] == [base + "images/a.png", base + "b.webp"]
    assert about.completeness == "complete"


def test_modelscope_tells_the_readme_else_the_short_description() -> None:
    info = {"Data": {"Name": "m", "Owner": "o", "License": "mit", "Description": "short", "Tags": ["t"]}, "Code": 200}
    address = Address("modelscope", "o/m")
    bare = ModelScope(ToldApi({"/models/o/m": answer(body=info)})).about(address)
    assert (bare.name, bare.author, bare.description, bare.tags) == ("m", "o", "short", ("t",))
    readme = answer(body=b"# Long\n![](a.png)")
    full = ModelScope(ToldApi({"/models/o/m": answer(body=info), "FilePath=README.md": readme})).about(address)
    assert full.description.startswith("# Long")
    assert full.pictures[0].url.endswith("/models/o/m/resolve/master/a.png")


@pytest.mark.parametrize("name", ["huggingface", "modelscope"])
def test_the_practice_hubs_repositories_are_described(ask: Ask, name: str) -> None:
    hub = ask().named(name)
    assert isinstance(hub, Describing) and not hub.finds_hashes
    about = hub.about(Address(name, "org/repo"))
    assert (about.hub, about.model_id, about.licence) == (name, "org/repo", "apache-2.0")
    assert about.description.startswith("# Practice")
    assert hub.versions(Address(name, "org/repo"))[0].id
    with pytest.raises(ModelNotFound):
        hub.about(Address(name, "org/nothing"))
