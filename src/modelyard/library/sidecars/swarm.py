"""``<stem>.swarm.json`` of SwarmUI: the keys of modelspec, with or without their prefix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.library.sidecars.json_edit import IfMissing
from modelyard.library.sidecars.source import LARGEST
from modelyard.values.about import About, Own
from modelyard.values.untrusted import text, texts


def read(told: Mapping[str, Any], model: str) -> About:  # noqa: ARG001  # the port's second argument
    """What it says. Its ``hash_sha256`` covers the tensors only, so that it claims nothing about the file."""
    said = {name.removeprefix("modelspec."): value for name, value in told.items()}
    tags, phrase = said.get("tags"), text(said.get("trigger_phrase")).strip()
    words = [part.strip() for part in tags.split(",")] if isinstance(tags, str) else tags
    return About(
        name=text(said.get("title")),
        author=text(said.get("author")),
        licence=text(said.get("license")),
        base_model=text(said.get("usage_base")),
        description=text(said.get("description"), LARGEST),
        trained_words=(phrase,) if phrase else (),
        tags=texts(words),
        published=text(said.get("date")),
        own=Own(notes=text(said.get("usage_hint"), LARGEST)),
    )


def changes(about: About) -> dict[str, Any]:
    """What to set in one."""
    said: dict[str, Any] = {
        "modelspec.title": about.own.title or about.name,
        "modelspec.author": about.author,
        "modelspec.usage_hint": about.own.notes,
        "modelspec.trigger_phrase": ", ".join(about.trained_words),
        "modelspec.date": about.published,
        "modelspec.license": about.licence,
        "modelspec.tags": ", ".join(about.own.tags or about.tags),
    }
    known: dict[str, Any] = {name: value for name, value in said.items() if value}
    return known | {"modelspec.description": IfMissing(about.description)}
