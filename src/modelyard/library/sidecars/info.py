"""``<stem>.info``: ours, after the ancestor's fields (mission M1). What has no place there is under ``modelyard``.

Deleting our database loses nothing that is written here: reading gives back the record that was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import asdict, fields

from modelyard.library.sidecars.json_edit import Exactly, Inside
from modelyard.library.sidecars.pages import hub_named, identity_of
from modelyard.library.sidecars.source import LARGEST
from modelyard.values.about import About, Own, Picture
from modelyard.values.untrusted import claims, finite, number, record, records, text, texts, whole

_WORDS = ("version", "kind", "licence", "page", "description_form", "published")
_CIVITAI_NAMES = {"autov1": "AutoV1", "autov2": "AutoV2", "autov3": "AutoV3"}


def read(told: Mapping[str, Any], model: str) -> About:  # noqa: ARG001  # the port's second argument
    """What an ``.info`` says; missing and misshapen fields are absent."""
    ours = record(told.get("modelyard"))
    source = text(told.get("source"))
    page = text(ours.get("page")) or (source if "://" in source else "")
    hub, page_model, page_version = ("", "", "") if ours else identity_of(page)
    words = {name: said for name in _WORDS if (said := text(ours.get(name)))}
    return About(
        **(words | {"page": page}),
        hub=text(ours.get("hub")) or hub_named(source) or hub,
        model_id=_id(told.get("modelId")) or page_model,
        version_id=_id(told.get("id")) or page_version,
        name=text(told.get("name")),
        base_model=text(told.get("baseModel")),
        author=text(told.get("author")),
        download_url=text(told.get("downloadUrl")),
        description=text(told.get("description"), LARGEST),
        trained_words=texts(told.get("trainedWords")),
        tags=texts(ours.get("tags")),
        pictures=_pictures(ours.get("pictures")) or _pictures(told.get("preview")),
        claimed=claims(record(told.get("hashes"))),
        nsfw=whole(ours.get("nsfw")),
        gone=ours.get("gone") is True,
        asked=text(told.get("lastUpdated")),
        unknown_at=texts(ours.get("unknown_at")),
        own=_own(record(ours.get("own"))),
    )


def changes(about: About) -> dict[str, Any]:
    """What to set in an ``.info``. Facts that we do not have leave those of the file alone; ours are exact."""
    own = {each.name: Exactly(getattr(about.own, each.name), each.default) for each in fields(Own)}
    ours = {name: Exactly(getattr(about, name), "") for name in _WORDS if name != "description_form"} | {
        "hub": Exactly(about.hub, ""),
        "description_form": Exactly(about.description_form, "html"),
        "tags": Exactly(about.tags, ()),
        "pictures": Exactly([_shown(picture) for picture in about.pictures], []),
        "nsfw": Exactly(about.nsfw, None),
        "gone": Exactly(about.gone, False),
        "unknown_at": Exactly(about.unknown_at, ()),
        "own": Inside(own),
    }
    said = {
        "id": _number(about.version_id),
        "modelId": _number(about.model_id),
        "name": about.name,
        "description": about.description,
        "trainedWords": about.trained_words,
        "baseModel": about.base_model,
        "author": about.author,
        "preview": about.pictures[0].url if about.pictures else "",
        "hashes": {_CIVITAI_NAMES.get(name, name.upper()): value.upper() for name, value in about.claimed.items()},
        "source": about.hub,
        "downloadUrl": about.download_url,
        "lastUpdated": about.asked,
    }
    known = {name: value for name, value in said.items() if value not in ("", (), {})}
    return known | {"completeness": about.completeness, "modelyard": Inside(ours)}


def _id(value: object) -> str:
    return number(value) or text(value)


def _number(value: str) -> int | str:
    """An id as the hub writes it: CivitAI's are numbers."""
    return int(value) if number(value) else value


def _pictures(value: object) -> tuple[Picture, ...]:
    entries = value if isinstance(value, list) else [value]
    named = [{"url": entry} if isinstance(entry, str) else entry for entry in entries]
    return tuple(
        Picture(
            url=url,
            kind="video" if picture.get("kind") == "video" else "image",
            nsfw=whole(picture.get("nsfw")),
            width=whole(picture.get("width")),
            height=whole(picture.get("height")),
        )
        for picture in records(named)
        if (url := text(picture.get("url")))
    )


def _shown(picture: Picture) -> dict[str, Any]:
    facts = {name: value for name, value in asdict(picture).items() if value is not None}
    return {name: value for name, value in facts.items() if (name, value) != ("kind", "image")}


def _own(own: Mapping[str, Any]) -> Own:
    rating = whole(own.get("rating"))
    return Own(
        title=text(own.get("title")),
        notes=text(own.get("notes"), LARGEST),
        favourite=own.get("favourite") is True,
        rating=rating if rating in range(1, 6) else None,
        tags=texts(own.get("tags")),
        group=text(own.get("group")),
        strength=finite(own.get("strength")),
        negative=text(own.get("negative"), LARGEST),
    )
