"""What is known of a model after a hub answered: nothing known is ever wiped, and its owner's words stay. Pure."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from modelyard.library.describing.cleaning import clean
from modelyard.values.about import About

_IDENTITY = ("hub", "model_id", "version_id", "version", "page", "download_url")
_WORDS = ("name", "kind", "base_model", "author", "licence", "trained_words", "tags", "pictures", "published")


def cleaned(about: About) -> About:
    """A record that may be shown (reliability.md 6.10), so it enters the catalogue: no script in a text or a link."""
    pictures = tuple(picture for picture in about.pictures if _is_link(picture.url))
    return replace(
        about,
        description=clean(about.description, about.description_form) if about.description else "",
        page=about.page if _is_link(about.page) else "",
        download_url=about.download_url if _is_link(about.download_url) else "",
        pictures=pictures,
    )


def _is_link(text: str) -> bool:
    return text.lower().startswith(("https://", "http://"))


def filled(first: About, second: About) -> About:
    """What is known first, with its gaps filled; what names the model at its hub is of one of them, never mixed."""
    named = bool(first.hub or first.model_id)
    facts: dict[str, Any] = {name: getattr(first, name) or getattr(second, name) for name in _WORDS}
    facts |= {name: getattr(first, name) or ("" if named else getattr(second, name)) for name in _IDENTITY}
    described = second if second.description and not first.description else first
    return replace(
        first,
        **facts,
        description=described.description,
        description_form=described.description_form,
        claimed={**second.claimed, **first.claimed},
        nsfw=first.nsfw if first.nsfw is not None else second.nsfw,
    )


def told(old: About, new: About, at: str) -> About:
    """What a hub said, over what was known; a hub that speaks of another model than the known one fills gaps only.

    Args:
        at: ISO 8601 time of the answer.
    """
    other = bool(old.hub and old.model_id) and (old.hub, old.model_id) != (new.hub, new.model_id)
    return replace(
        filled(old, new) if other else filled(new, old),
        own=old.own,
        gone=old.gone and other,
        asked=at,
        unknown_at=tuple(hub for hub in old.unknown_at if hub != new.hub),
    )


def unknown(old: About, hubs: tuple[str, ...], at: str) -> About:
    """These hubs do not know the bytes."""
    return replace(old, unknown_at=tuple(dict.fromkeys((*old.unknown_at, *hubs))), asked=at)


def deleted(old: About, at: str) -> About:
    """Its hub does not show it any more; what we knew stays."""
    return replace(old, gone=True, asked=at)
