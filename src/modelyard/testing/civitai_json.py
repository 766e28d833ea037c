"""CivitAI's JSON: models, versions, files and pictures as its API shows them (hubs.md 3.3)."""

from __future__ import annotations

from typing import Any

from modelyard.testing.civitai_data import Model, ModelFile, Picture, Version
from modelyard.testing.files import BIRTHDAY
from modelyard.testing.repos import iso

_AIR_TYPES = {"LORA": "lora", "Checkpoint": "checkpoint", "TextualInversion": "embedding", "VAE": "vae"}
_WORDS = {1: "None", 2: "Soft", 4: "Mature", 8: "X", 16: "X", 32: "Blocked"}


def model_body(model: Model, base: str) -> dict[str, Any]:
    """A model with its listed versions."""
    body: dict[str, Any] = {
        "id": model.id,
        "name": model.name,
        "description": model.description,
        "type": model.type,
        "nsfw": model.level > 1,
        "nsfwLevel": model.level,
        "poi": False,
        "minor": False,
        "sfwOnly": False,
        "allowNoCredit": True,
        "allowCommercialUse": ["Image"],
        "allowDerivatives": True,
        "allowDifferentLicense": True,
        "availability": "EarlyAccess" if any(version.early_until for version in model.versions) else "Public",
        "supportsGeneration": False,
        "userId": 7,
        "stats": {"downloadCount": model.downloads, "thumbsUpCount": 5, "thumbsDownCount": 0, "commentCount": 1},
        "tags": model.tags,
    }
    if model.creator:
        body["creator"] = {"username": model.creator, "image": None}
    if model.mode:
        body["mode"] = model.mode
    shown = [version_body(model, version, base, index=index) for index, version in enumerate(model.listed())]
    return body | {"modelVersions": [_without_empty(version) for version in shown]}


def version_body(
    model: Model, version: Version, base: str, *, index: int = 0, alone: bool = False, links: str = ""
) -> dict[str, Any]:
    """A version, inside its model or (``alone``) from the version endpoints, which tell more.

    Args:
        links: What its download links begin with, when that is not `base`.
    """
    published = iso(version.published or BIRTHDAY)
    body: dict[str, Any] = {
        "id": version.id,
        "index": index,
        "name": version.name,
        "nsfwLevel": model.level,
        "createdAt": published,
        "updatedAt": published,
        "publishedAt": published,
        "status": "Published",
        "availability": "EarlyAccess" if version.early_until else "Public",
        "trainedWords": version.trained_words,
        "trainingStatus": None,
        "baseModel": version.base_model,
        "baseModelType": "Standard",
        "description": None,
        "uploadType": "Created",
        "usageControl": "Download",
        "stats": {"downloadCount": model.downloads, "thumbsUpCount": 5},
        "files": _files(model, version, links or base, alone),
        "images": []
        if model.mode == "TakenDown"
        else [_picture(one, model, base, alone) for one in version.pictures[:10]],
    }
    if version.early_until:
        body["earlyAccessDeadline"] = iso(version.early_until)
    if model.mode != "Archived":
        body["downloadUrl"] = f"{links or base}/api/download/models/{version.id}"
    if alone:
        body |= {"modelId": model.id, "air": air(model, version), "model": _summary(model)}
    return body


def air(model: Model, version: Version) -> str:
    """The version's AIR."""
    ecosystem = version.base_model.split()[0].lower().removesuffix(".1")
    return f"urn:air:{ecosystem}:{_AIR_TYPES.get(model.type, 'unknown')}:civitai:{model.id}@{version.id}"


def mini_body(model: Model, version: Version, file: ModelFile, base: str) -> dict[str, Any]:
    """The short form, the only one that says in advance whether a login is needed."""
    body: dict[str, Any] = {
        "air": air(model, version),
        "versionName": version.name,
        "modelName": model.name,
        "userId": 7,
    }
    body |= {"baseModel": version.base_model, "availability": "EarlyAccess" if version.early_until else "Public"}
    body |= {"publishedAt": iso(version.published or BIRTHDAY), "size": file.content.size / 1024, "fileType": file.type}
    body |= {"fileName": file.name, "hashes": file.hashes, "format": file.format, "canGenerate": False, "minor": False}
    body |= {"isFeatured": False, "requireAuth": version.login, "checkPermission": bool(version.early_until)}
    if version.early_until:
        body["earlyAccessEndsAt"] = iso(version.early_until)
    link = f"{base}/api/download/models/{version.id}"
    return body | {"sfwOnly": False, "fees": [], "downloadUrls": [f"{link}?fileId={file.id}"]}


def image_body(
    model: Model, version: Version, picture: Picture, base: str, *, meta: bool, flat: bool
) -> dict[str, Any]:
    """A picture as ``/images`` lists it: levels as words, unlike in versions."""
    told: Any = picture.meta if meta else None
    if told and not flat and picture.id % 2:
        told = {"id": picture.id, "meta": told}
    level = max(picture.level, model.level)
    body = {"id": picture.id, "url": _picture_url(picture, base), "hash": "U00000", "width": 832, "height": 1216}
    body |= {"nsfwLevel": _WORDS[level], "browsingLevel": level, "nsfw": level > 1, "type": picture.kind, "meta": told}
    body |= {
        "createdAt": iso(BIRTHDAY),
        "postId": picture.id,
        "username": model.creator,
        "baseModel": version.base_model,
    }
    counts = dict.fromkeys(("cryCount", "laughCount", "likeCount", "dislikeCount", "heartCount", "commentCount"), 0)
    return body | {"stats": counts, "modelVersionIds": [version.id]}


def _files(model: Model, version: Version, base: str, alone: bool) -> list[dict[str, Any]]:
    if model.mode == "Archived":
        return []
    return [_file(version, file, base, alone) for file in version.files]


def _file(version: Version, file: ModelFile, base: str, alone: bool) -> dict[str, Any]:
    result = "Success" if file.scanned else "Pending"
    meta = {"format": file.format, "size": file.size, "fp": file.fp}
    body: dict[str, Any] = {
        "id": file.id,
        "sizeKB": file.content.size / 1024,
        "name": file.name,
        "type": file.type,
        "metadata": {key: value for key, value in meta.items() if value},
        "pickleScanResult": result,
        "pickleScanMessage": "No Pickle imports" if file.scanned else None,
        "virusScanResult": result,
        "virusScanMessage": None,
        "scannedAt": iso(BIRTHDAY) if file.scanned else None,
        "hashes": file.hashes,
        "downloadUrl": f"{base}/api/download/models/{version.id}{_choice(file)}",
    }
    if file.primary or alone:
        body["primary"] = file.primary
    return body


def _choice(file: ModelFile) -> str:
    if file.primary:
        return ""
    pairs = [f"{key}={value}" for key, value in file.facts().items() if value]
    return "?" + "&".join(pairs).replace(" ", "%20")


def _picture(picture: Picture, model: Model, base: str, alone: bool) -> dict[str, Any]:
    body = {
        "url": _picture_url(picture, base),
        "nsfwLevel": max(picture.level, model.level),
        "width": 832,
        "height": 1216,
    }
    body |= {"hash": "U00000", "type": picture.kind, "hasMeta": bool(picture.meta), "onSite": False, "remixOfId": None}
    if alone:
        body |= {"metadata": {"size": 1}, "meta": picture.meta}
    return body


def _picture_url(picture: Picture, base: str) -> str:
    ending = "mp4" if picture.kind == "video" else "jpeg"
    return f"{base}/image/{picture.id:032}/original=true/{picture.id}.{ending}"


def _summary(model: Model) -> dict[str, Any]:
    body = {"name": model.name, "type": model.type, "nsfw": model.level > 1, "poi": False}
    return body | ({"mode": model.mode} if model.mode else {})


def _without_empty(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value not in (None, "", []) or key in {"files", "images"}}
