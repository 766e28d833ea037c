"""``<stem>.civitai.info``: CivitAI's version object as Civitai Helper and many scripts keep it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.library.sidecars.json_edit import IfMissing, Inside
from modelyard.library.sidecars.merging import without_empty_hub
from modelyard.values.about import About
from modelyard.values.civitai_about import HUB, about_of_version
from modelyard.values.untrusted import number


def read(told: Mapping[str, Any], model: str) -> About:
    """What it says; an empty object means that CivitAI was asked and does not know the file."""
    if not told:
        return About(unknown_at=(HUB,))
    return without_empty_hub(about_of_version(told, file_name=model))


def changes(about: About, model: str) -> dict[str, Any] | None:
    """What to set in one; nothing when the model is not CivitAI's. Its pictures and files stay as they are."""
    if about.hub != HUB or not (number(about.model_id) and number(about.version_id)):
        return None
    own: dict[str, Any] = {"name": about.name, "type": about.kind, "tags": about.tags}
    said: dict[str, Any] = {
        "id": int(about.version_id),
        "modelId": int(about.model_id),
        "name": about.version,
        "baseModel": about.base_model,
        "trainedWords": about.trained_words,
        "publishedAt": about.published,
        "downloadUrl": about.download_url,
    }
    known = {name: value for name, value in said.items() if value not in ("", ())}
    hashes = {name.upper(): value.upper() for name, value in about.claimed.items()}
    return known | {
        "description": IfMissing(about.description),
        "model": Inside({name: value for name, value in own.items() if value not in ("", ())}),
        "files": IfMissing([{"name": model, "primary": True, "hashes": hashes}] if hashes else []),
        "images": IfMissing([{"url": picture.url, "type": picture.kind} for picture in about.pictures]),
    }
