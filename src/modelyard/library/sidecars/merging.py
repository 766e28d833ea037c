"""One record out of what several sidecars say. Pure code.

The first sidecar in the order of `reading.FORMS` that says something about a field wins it. What names the
model at its hub is taken together: a second sidecar fills gaps there only when it means the same model.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from modelyard.values.about import About, Own

_IDENTITY = ("hub", "model_id", "version_id", "version", "page", "download_url")
_APART = {*_IDENTITY, "description", "description_form", "claimed", "unknown_at", "own"}
_PLAIN = tuple(name for name in About.__struct_fields__ if name not in _APART)
_OWN = Own.__struct_fields__


class Problem(msgspec.Struct, frozen=True):
    """A sidecar that is there and could not be read.

    Attributes:
        file: Its name.
    """

    file: str
    message: str


class Found(msgspec.Struct, frozen=True):
    """What all sidecars of a model say."""

    about: About = msgspec.field(default_factory=About)
    problems: tuple[Problem, ...] = ()


def merged(said: Iterable[About]) -> About:
    """The record of what several sidecars say, the strongest first."""
    known: dict[str, Any] = {}
    own: dict[str, Any] = {}
    claimed: dict[str, str] = {}
    unknown_at: list[str] = []
    for about in said:
        _take(known, about, _fillable(known, about))
        if about.description and "description" not in known:
            known |= {"description": about.description, "description_form": about.description_form}
        claimed = {**about.claimed, **claimed}
        unknown_at += [hub for hub in about.unknown_at if hub not in unknown_at]
        if about.own != Own():
            _take(own, about.own, _OWN)
    still_unknown = tuple(hub for hub in unknown_at if hub != known.get("hub"))
    return About(**known, claimed=claimed, unknown_at=still_unknown, own=Own(**own))


def _fillable(known: dict[str, Any], about: About) -> tuple[str, ...]:
    there = (known.get("hub"), known.get("model_id"))
    same = there == (None, None) or there == (about.hub, about.model_id)
    return _IDENTITY + _PLAIN if same else _PLAIN


def _take(known: dict[str, Any], said: About | Own, names: Iterable[str]) -> None:
    for name in names:
        value = getattr(said, name)
        said_so = value is not None and value is not False and value not in ("", ())  # 0.0 == False, and is a strength
        if said_so and name not in known:
            known[name] = value


def without_empty_hub(about: About) -> About:
    """A record whose hub is named only when it says something of that hub's model."""
    return replace(about, hub="") if about.hub and not (about.model_id or about.version_id) else about
