"""``<stem>.json``: the person's own words in AUTOMATIC1111 and Forge, or a whole CivitAI model of SD.Next.

Told apart by content. Civitai Browser+ adds ids to the first and keeps the second as ``.api_info.json``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modelyard.errors import SidecarUnreadable
from modelyard.library.sidecars import swarm
from modelyard.library.sidecars.json_edit import IfMissing
from modelyard.library.sidecars.merging import without_empty_hub
from modelyard.library.sidecars.source import LARGEST
from modelyard.values.about import About, Own
from modelyard.values.civitai_about import HUB, about_of_model, page_of
from modelyard.values.untrusted import claims, finite, number, text

_KEYS = ("description", "sd version", "activation text", "preferred weight", "negative text", "notes")
_BROWSER_KEYS = ("modelId", "modelVersionId", "sha256")
_UNKNOWN = ("", "unknown", "other")


def read(told: Mapping[str, Any], model: str) -> About:
    """What a ``.json`` says, whoever wrote it; one that belongs to no tool we know says nothing."""
    if isinstance(told.get("modelVersions"), list):
        return read_model(told, model)
    if any(name.startswith("modelspec.") for name in told):
        return swarm.read(told, model)
    return _read_words(told) if is_words(told) else About()


def read_model(told: Mapping[str, Any], model: str) -> About:
    """What a whole CivitAI model object says of the version that has this file."""
    return without_empty_hub(about_of_model(told, file_name=model))


def is_words(told: Mapping[str, Any]) -> bool:
    """Whether this object is a person's own words, and no model object or config of something else."""
    return not told or (
        not isinstance(told.get("modelVersions"), list) and any(key in told for key in _KEYS + _BROWSER_KEYS)
    )


def _read_words(told: Mapping[str, Any]) -> About:
    model_id, version_id = number(told.get("modelId")), number(told.get("modelVersionId"))
    base = text(told.get("sd version"))
    return without_empty_hub(
        About(
            hub=HUB,
            model_id=model_id,
            version_id=version_id,
            page=page_of(model_id, version_id),
            base_model="" if base.lower() in _UNKNOWN else base,
            description=text(told.get("description"), LARGEST),
            description_form="text",
            trained_words=_words(told.get("activation text")),
            claimed=claims([("sha256", told.get("sha256"))]),
            own=Own(
                notes=text(told.get("notes"), LARGEST),
                strength=finite(told.get("preferred weight")) or None,  # 0 is its word for none
                negative=text(told.get("negative text"), LARGEST),
            ),
        )
    )


def _words(value: object) -> tuple[str, ...]:
    """Both programs insert the text as it stands: it is one entry."""
    told = text(value).strip()
    return (told,) if told else ()


def changes(about: About, told: Mapping[str, Any], plain: str) -> dict[str, Any]:
    """What to set in a person's file: only what is empty there, except the notes that they wrote with us.

    Args:
        told: What stands there.
        plain: The description as plain text; both programs show it as it is.

    Raises:
        SidecarUnreadable: It is no such file.
    """
    if not is_words(told):
        raise SidecarUnreadable("It belongs to another tool.")
    fresh = {
        "description": IfMissing(plain, even_empty=True),
        "sd version": IfMissing(_generation(about.base_model), even_empty=True),
        "activation text": IfMissing(", ".join(about.trained_words), even_empty=True),
        "preferred weight": IfMissing(about.own.strength or 0, even_empty=True),
        "negative text": IfMissing(about.own.negative, even_empty=True),
        "notes": IfMissing("", even_empty=True),
    }
    return fresh | ({"notes": about.own.notes} if about.own.notes else {})


def _generation(base: str) -> str:
    """The word of the menu in A1111: it knows three generations."""
    low = base.lower()
    if re.search(r"xl|pony|illustrious|noobai", low):
        return "SDXL"
    if match := re.match(r"sd ?([12])\b", low):
        return f"SD{match[1]}"
    return "Unknown"
