"""``<stem>.metadata.json`` of ComfyUI Lora Manager (its docs/metadata-json-schema.md); it keeps our fields, too."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from modelyard.errors import SidecarUnreadable
from modelyard.library.sidecars.json_edit import IfMissing, Inside
from modelyard.library.sidecars.pages import identity_of
from modelyard.library.sidecars.source import LARGEST, as_json
from modelyard.values.about import About, Own, Picture
from modelyard.values.civitai_about import HUB, about_of_version
from modelyard.values.untrusted import claims, finite, number, record, text, texts


def read(told: Mapping[str, Any], model: str) -> About:
    """What it says; its own fields are stronger than the CivitAI object inside."""
    inner = about_of_version(record(told.get("civitai")), file_name=model)
    deleted = told.get("civitai_deleted") is True
    hub, model_id, _ = identity_of(text(told.get("hf_url")))
    if hub and not inner.model_id:
        inner = replace(inner, hub=hub, model_id=model_id, page=text(told.get("hf_url")))
    asked_in_vain = told.get("from_civitai") is False and not inner.model_id and not deleted and told.get("db_checked")
    base = text(told.get("base_model"))
    return replace(
        inner,
        name=inner.name or _name(told),
        base_model=inner.base_model or ("" if base.lower() == "unknown" else base),
        description=text(told.get("modelDescription"), LARGEST) or inner.description,
        tags=texts(told.get("tags")) or inner.tags,
        pictures=inner.pictures or _preview(told),
        claimed={**inner.claimed} | claims([("sha256", told.get("sha256"))]),
        gone=deleted,
        unknown_at=(HUB,) if asked_in_vain else (),
        own=_own(told),
    )


def changes(about: About, model: Path, found: os.stat_result | None, measured: Mapping[str, str]) -> dict[str, Any]:
    """What to set in one.

    Args:
        found: The model's own size and time, None when it is not there.
        measured: Digests of the file's bytes; a claimed one would keep Lora Manager from measuring itself.
    """
    sha256 = measured.get("sha256", "")
    said: dict[str, Any] = {
        "model_name": about.own.title,
        "base_model": about.base_model,
        "notes": about.own.notes,
        "tags": about.own.tags,
        "sha256": sha256,
    }
    known = {name: value for name, value in said.items() if value not in ("", ())}
    fresh: dict[str, Any] = {  # its reader needs the first eight
        "file_name": model.stem,
        "model_name": about.name or model.stem,
        "file_path": model.absolute().as_posix(),
        "size": found.st_size if found else 0,
        "modified": found.st_mtime if found else 0.0,
        "sha256": "",
        "base_model": "Unknown",
        "preview_url": "",
        "from_civitai": about.hub == HUB,
        "tags": about.tags,
        "hash_status": "completed" if sha256 else "pending",
    }
    set_now = {name: IfMissing(value, even_empty=True) for name, value in fresh.items()} | known
    set_now["modelDescription"] = IfMissing(about.description)
    if about.own.favourite:
        set_now["favorite"] = True
    if about.gone:
        set_now["civitai_deleted"] = True
    return set_now | _civitai(about)


def _civitai(about: About) -> dict[str, Any]:
    if about.hub != HUB or not number(about.model_id) or not number(about.version_id):
        return {}
    known = {
        "id": int(about.version_id),
        "modelId": int(about.model_id),
        "name": IfMissing(about.version),
        "baseModel": IfMissing(about.base_model),
        "trainedWords": IfMissing(about.trained_words),
        "model": Inside({"name": IfMissing(about.name), "type": IfMissing(about.kind)}),
        "creator": Inside({"username": IfMissing(about.author)}),
    }
    return {"civitai": Inside(known)}


def _name(told: Mapping[str, Any]) -> str:
    """A name that somebody gave; Lora Manager's default is the file's own."""
    name = text(told.get("model_name"))
    return "" if name == told.get("file_name") else name


def _preview(told: Mapping[str, Any]) -> tuple[Picture, ...]:
    url = text(told.get("preview_url"))
    return (Picture(url),) if url.startswith(("https://", "http://")) else ()


def _own(told: Mapping[str, Any]) -> Own:
    tips: Mapping[str, Any] = {}
    if said := text(told.get("usage_tips")):
        try:
            tips = record(as_json(said.encode(), "usage_tips"))
        except SidecarUnreadable:  # a text in a text: what is no JSON says nothing
            tips = {}
    return Own(
        notes=text(told.get("notes"), LARGEST),
        favourite=told.get("favorite") is True,
        strength=finite(tips.get("strength")),
    )
