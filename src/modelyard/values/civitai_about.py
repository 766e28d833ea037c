"""What CivitAI's JSON says about a model: the version object of its API, alone or inside its model (hubs.md 3.3).

Sidecars hold the same objects (``.civitai.info``, Lora Manager's ``civitai``), so that both read them here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.values.about import About, Picture
from modelyard.values.untrusted import claims, number, record, records, text, texts, whole

HUB = "civitai"
SITE = "https://civitai.com"
_LONGEST_DESCRIPTION = 1 << 20
_LEVELS = {"none": 1, "soft": 2, "mature": 4, "x": 8, "blocked": 32}
_EXPLICIT = 16
_SECOND = "\n<h2>About this version</h2>\n"


def about_of_version(version: Mapping[str, Any], *, file_name: str = "") -> About:
    """What a version object says.

    Args:
        version: As ``/model-versions/…`` answers, or an entry of a model's ``modelVersions``.
        file_name: Which of its files is meant; else the primary one's hashes are the claimed ones.
    """
    model, stats = record(version.get("model")), number(version.get("modelId"))
    own_id = number(version.get("id"))
    creator = record(version.get("creator")) or record(model.get("creator"))
    return About(
        hub=HUB if own_id or stats else "",
        model_id=stats,
        version_id=own_id,
        name=text(model.get("name")),
        version=text(version.get("name")),
        kind=text(model.get("type")),
        base_model=text(version.get("baseModel")),
        author=text(creator.get("username")),
        page=page_of(stats, own_id),
        download_url=text(version.get("downloadUrl")),
        description=_description(model, version),
        trained_words=texts(version.get("trainedWords")),
        tags=texts(model.get("tags")),
        pictures=pictures_of(version.get("images")),
        claimed=_claimed(version.get("files"), file_name),
        published=text(version.get("publishedAt")) or text(version.get("createdAt")),
        nsfw=_level(model) or _level(version),
    )


def about_of_model(model: Mapping[str, Any], *, version_id: str = "", file_name: str = "") -> About:
    """What a whole model object says about one of its versions.

    Args:
        version_id: The version; else the one that has a file named `file_name`, else the first.
    """
    versions = records(model.get("modelVersions"))
    chosen = next((each for each in versions if version_id and number(each.get("id")) == version_id), None)
    named = next((each for each in versions if file_name and _file(each.get("files"), file_name)), None)
    version = chosen or named or next(iter(versions), {})
    return about_of_version({**version, "modelId": model.get("id"), "model": model}, file_name=file_name)


def page_of(model_id: str, version_id: str = "", site: str = SITE) -> str:
    """The address of a model's page, empty without a number."""
    if not model_id:
        return ""
    return f"{site}/models/{model_id}" + (f"?modelVersionId={version_id}" if version_id else "")


def pictures_of(images: object) -> tuple[Picture, ...]:
    """The pictures of a list of image objects; only those that can be fetched from the web."""
    return tuple(
        Picture(
            url=url,
            kind="video" if image.get("type") == "video" or url.lower().endswith((".mp4", ".webm")) else "image",
            nsfw=_level(image),
            width=whole(image.get("width")),
            height=whole(image.get("height")),
        )
        for image in records(images)
        if (url := text(image.get("url"))).startswith(("https://", "http://"))
    )


def _description(model: Mapping[str, Any], version: Mapping[str, Any]) -> str:
    first = text(model.get("description"), _LONGEST_DESCRIPTION)
    second = text(version.get("description"), _LONGEST_DESCRIPTION)
    return first + _SECOND + second if first and second and first != second else first or second


def _claimed(files: object, file_name: str) -> dict[str, str]:
    entries = records(files)
    marked = next((each for each in entries if each.get("primary") is True), None)
    file = _file(files, file_name) or marked or (entries[0] if len(entries) == 1 else {})
    return claims(record(file.get("hashes")))


def _file(files: object, name: str) -> Mapping[str, Any]:
    return next((each for each in records(files) if name and each.get("name") == name), {})


def _level(thing: Mapping[str, Any]) -> int | None:
    """CivitAI's bits; its words mean one bit, and a bare ``true`` counts as explicit: hidden when in doubt."""
    bits = whole(thing.get("nsfwLevel"))
    if bits:
        return bits
    told = thing.get("nsfwLevel") or thing.get("nsfw")
    if isinstance(told, str):
        return _LEVELS.get(told.lower())
    return _EXPLICIT if told is True else None
