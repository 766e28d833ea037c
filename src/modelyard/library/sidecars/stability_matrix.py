"""``<stem>.cm-info.json`` of Stability Matrix, and Civicomfy's ``<stem>.cminfo.json``, which says much the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from modelyard.library.sidecars.json_edit import IfMissing
from modelyard.library.sidecars.merging import without_empty_hub
from modelyard.library.sidecars.pages import identity_of
from modelyard.library.sidecars.source import LARGEST
from modelyard.values.about import About, Own, Picture
from modelyard.values.civitai_about import HUB, page_of
from modelyard.values.untrusted import claims, number, record, text, texts

_EXPLICIT = 16
_FROM_CIVITAI = (None, "", 0, "Civitai", "CivArchive")  # some versions write the enum's number
_HASHES = ("SHA256", "CRC32", "BLAKE3")


def read(told: Mapping[str, Any], model: str) -> About:  # noqa: ARG001  # the port's second argument
    """What a ``.cm-info.json`` says."""
    if told.get("Source") not in _FROM_CIVITAI:
        hub, model_id, version_id = identity_of(text(told.get("SourceUrl")))
    else:
        hub, model_id, version_id = HUB, number(told.get("ModelId")), number(told.get("VersionId"))
    thumbnail = text(told.get("ThumbnailImageUrl"))
    return without_empty_hub(
        About(
            hub=hub,
            model_id=model_id,
            version_id=version_id,
            name=text(told.get("ModelName")),
            version=text(told.get("VersionName")),
            kind=text(told.get("ModelType")),
            base_model=text(told.get("BaseModel")),
            author=text(told.get("AuthorUsername")),
            page=text(told.get("SourceUrl")) or (page_of(model_id, version_id) if hub == HUB else ""),
            description=text(told.get("ModelDescription"), LARGEST) or text(told.get("VersionDescription"), LARGEST),
            trained_words=texts(told.get("TrainedWords")),
            tags=texts(told.get("Tags")),
            pictures=(Picture(thumbnail),) if thumbnail.startswith(("https://", "http://")) else (),
            claimed=claims(record(told.get("Hashes"))),
            nsfw=_EXPLICIT if told.get("Nsfw") is True else None,
            own=Own(title=text(told.get("UserTitle"))),
        )
    )


def read_civicomfy(told: Mapping[str, Any], model: str) -> About:
    """What a ``.cminfo.json`` says; it tells where the file came from, too."""
    about = read({name: value for name, value in told.items() if name != "Source"}, model)
    url = text(told.get("DownloadUrlUsed")) or text(told.get("DownloadUrl"))
    if not url or "token=" in url:  # Civicomfy may have put a key there
        return about
    return replace(about, download_url=url)


def changes(about: About) -> dict[str, Any] | None:
    """What to set in a ``.cm-info.json``; nothing when the model is not CivitAI's, as its ids are numbers.

    ``Source`` is left out, as its versions write a number or a word and refuse the other; CivitAI is the default.
    """
    if about.hub != HUB or not (number(about.model_id) and number(about.version_id)):
        return None
    hashes = {name: value.upper() for name in _HASHES if (value := about.claimed.get(name.lower()))}
    said: dict[str, Any] = {
        "ModelName": about.name,
        "ModelType": about.kind,
        "VersionName": about.version,
        "AuthorUsername": about.author,
        "BaseModel": about.base_model,
        "Tags": about.tags,
        "TrainedWords": about.trained_words,
        "UserTitle": about.own.title,
        "ThumbnailImageUrl": about.pictures[0].url if about.pictures else "",
    }
    known = {name: value for name, value in said.items() if value not in ("", ())}
    needed = {
        "ModelName": "",
        "ModelDescription": about.description,
        "Nsfw": bool((about.nsfw or 0) > 1),
        "Tags": [],
    } | {
        "ModelType": "Unknown",
        "VersionName": "",
        "Hashes": hashes,
    }
    fresh = {name: IfMissing(value, even_empty=True) for name, value in needed.items()}
    return {"ModelId": int(about.model_id), "VersionId": int(about.version_id)} | fresh | known
