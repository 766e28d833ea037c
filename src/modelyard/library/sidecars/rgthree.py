"""``<file>.rgthree-info.json`` of rgthree-comfy; its name holds the model's whole name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from modelyard.library.sidecars.merging import without_empty_hub
from modelyard.library.sidecars.pages import identity_of
from modelyard.values.about import About
from modelyard.values.civitai_about import about_of_version, page_of, pictures_of
from modelyard.values.untrusted import claims, number, record, records, text, texts


def read(told: Mapping[str, Any], model: str) -> About:
    """What it says; the CivitAI object that it keeps as it came fills what is missing."""
    raw = about_of_version(record(record(told.get("raw")).get("civitai")), file_name=model)
    hub, model_id, version_id = raw.hub, raw.model_id, raw.version_id
    if not model_id:
        linked = (identity_of(link) for link in texts(told.get("links")))
        hub, model_id, version_id = next((each for each in linked if each[1]), ("", "", ""))
    entries = told.get("trainedWords")
    words = tuple(word for entry in records(entries) if _chosen(entry) and (word := text(entry.get("word"))))
    about = replace(
        raw,
        hub=hub,
        model_id=model_id,
        version_id=version_id,
        page=raw.page or (page_of(number(model_id), version_id) if hub == "civitai" else ""),
        name=text(told.get("name")) or raw.name,
        kind=text(told.get("type")) or raw.kind,
        base_model=text(told.get("baseModel")) or raw.base_model,
        trained_words=words or raw.trained_words,
        pictures=raw.pictures or pictures_of(told.get("images")),
        claimed={**raw.claimed} | claims([("sha256", told.get("sha256"))]),
    )
    return without_empty_hub(about)


def _chosen(entry: Mapping[str, Any]) -> bool:
    """Words that CivitAI or the person gave; those from training captions are counted, not chosen."""
    return entry.get("civitai") is True or entry.get("user") is True
