"""Versions and files as CivitAI describes them (facts 3.3). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from modelyard.hubs.answers import claim, number, records, some, text, texts
from modelyard.hubs.civitai.addresses import NAME, file_url, page_url
from modelyard.values.offers import Access, Address, Offer, Source
from modelyard.values.untrusted import record, whole

COMPANION_TYPES = frozenset({"VAE", "Config", "Text Encoder", "Vision Encoder", "CLIPVision"})
"""Files of a version that are used beside its model."""

_HASHES = {"SHA256": "sha256", "BLAKE3": "blake3", "CRC32": "crc32", "AutoV1": "autov1", "AutoV2": "autov2"}
_DOWNLOAD = re.compile(r"/api/download/models/([0-9]{1,18})/?")


def claimed_of(file: Mapping[str, Any]) -> dict[str, str]:
    """The digests of a file in lower case; none right after an upload. Old AutoV3 is cut to its 12 digits (3.7)."""
    given, claimed = record(file.get("hashes")), dict[str, str]()
    for theirs, ours in _HASHES.items():
        claim(claimed, ours, given.get(theirs))
    claim(claimed, "autov3", (text(given.get("AutoV3")) or "")[:12])
    return claimed


def size_of(file: Mapping[str, Any]) -> int | None:
    """Bytes of a file: ``sizeKB`` times 1,024 when that is a whole number, else it was rounded and says nothing."""
    kilobytes = file.get("sizeKB")
    if isinstance(kilobytes, bool) or not isinstance(kilobytes, int | float):
        return None
    return whole(kilobytes * 1024) or None


def version_of(file: Mapping[str, Any], version: str) -> str:
    """The version that a file is downloaded from: a recommended VAE belongs to another one.

    Only the path of ``downloadUrl`` is believed; its host may be ``undefined`` (3.4).
    """
    match = _DOWNLOAD.fullmatch(urlsplit(text(file.get("downloadUrl")) or "").path)
    return match[1] if match else version


def access_of(version: Mapping[str, Any]) -> Access:
    """What the version's own fields say about downloading it."""
    usage = text(version.get("usageControl"))
    if usage and usage != "Download":
        return Access.DISABLED
    return Access.EARLY if version.get("availability") == "EarlyAccess" else Access.UNKNOWN


def offers_of(
    version: Mapping[str, Any], address: Address, endpoint: str, facts: Mapping[str, Any], access: Access
) -> list[Offer]:
    """Every file of a version; the primary one first, companions marked.

    Args:
        address: The model and version, pinned.
        facts: The model's ``type`` and such.
        access: What the version asks for.
    """
    files = [file for file in records(version.get("files")) if text(file.get("name"))]
    main = primary(files)
    ordered = sorted(files, key=lambda file: file is not main)
    return [_offer(file, address, endpoint, facts, access, file is main) for file in ordered]


def primary(files: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The file that a person gets who does not choose: the marked one, else a SafeTensor, else the first."""
    models = [file for file in files if file.get("type") not in COMPANION_TYPES]
    marked = [file for file in files if file.get("primary") is True]
    safe = [file for file in models if record(file.get("metadata")).get("format") == "SafeTensor"]
    return next(iter(marked or safe or models or files), None)


def choose(files: Sequence[Mapping[str, Any]], options: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """The files that a download link's fields allow; ``fileId`` alone decides when it is there (3.6)."""
    if wanted := options.get("fileId"):
        return [file for file in files if number(file.get("id")) == wanted]
    return [file for file in files if all(_has(file, name, value) for name, value in options.items())]


def _has(file: Mapping[str, Any], name: str, value: str) -> bool:
    held = file.get("type") if name == "type" else record(file.get("metadata")).get(name)
    return isinstance(held, str) and held.lower() == value.lower()


def _offer(
    file: Mapping[str, Any], address: Address, endpoint: str, facts: Mapping[str, Any], access: Access, main: bool
) -> Offer:
    file_id, kind = number(file.get("id")), text(file.get("type")) or "Model"
    pinned = replace(address, path=None, options=(("fileId", file_id),) if file_id else ())
    version = version_of(file, address.revision or "")
    companion = not main and kind in COMPANION_TYPES
    return Offer(
        address=pinned,
        path=text(file.get("name")) or "",
        size=size_of(file),
        claimed=claimed_of(file),
        sources=(Source(file_url(endpoint, version, file_id), NAME),),
        kind=(text(facts.get("type")) or "Model") if kind in ("Model", "Pruned Model") else kind,
        access=access,
        page=page_url(replace(pinned, options=()), endpoint),
        primary=main,
        role="companion" if companion else "main",
        note=_note(file),
    )


def _note(file: Mapping[str, Any]) -> str | None:
    form = record(file.get("metadata"))
    words = [word for name in ("format", "size", "fp", "quantType") if (word := text(form.get(name)))]
    scans = [name for name in ("pickleScanResult", "virusScanResult") if file.get(name) not in ("Success", None)]
    words += [f"{name.removesuffix('Result')}: {file.get(name)}"[:60] for name in scans]
    return ", ".join(words) or None


def version_facts(version: Mapping[str, Any]) -> dict[str, object]:
    """What `info` shows of a version."""
    stats = record(version.get("stats"))
    return some(
        version=text(version.get("name")),
        version_id=number(version.get("id")),
        base_model=text(version.get("baseModel")),
        trigger_words=texts(version.get("trainedWords")),
        air=text(version.get("air")),
        published=text(version.get("publishedAt")) or text(version.get("createdAt")),
        early_access_until=text(version.get("earlyAccessDeadline")),
        downloads=whole(stats.get("downloadCount")),
        likes=whole(stats.get("thumbsUpCount")),
        images=[url for each in records(version.get("images"))[:10] if (url := text(each.get("url")))],
    )


def model_facts(model: Mapping[str, Any]) -> dict[str, object]:
    """What `info` shows of a model."""
    return some(
        type=text(model.get("type")),
        creator=text(record(model.get("creator")).get("username")),
        tags=texts(model.get("tags")),
        nsfw=model.get("nsfw") if isinstance(model.get("nsfw"), bool) else None,
        versions=[
            some(id=number(each.get("id")), name=text(each.get("name")), base_model=text(each.get("baseModel")))
            for each in records(model.get("modelVersions"))
        ],
    )


def licence_of(model: Mapping[str, Any]) -> str | None:
    """The permissions that stand where other hubs have a licence, as one line; None when none is told."""
    if "allowCommercialUse" not in model and "allowDerivatives" not in model:
        return None
    uses = [use for use in texts(model.get("allowCommercialUse")) if use != "None"]
    words = [f"commercial use: {', '.join(uses) or 'none'}"]
    words += ["no derivatives"] if model.get("allowDerivatives") is False else []
    words += ["credit the author"] if model.get("allowNoCredit") is False else []
    words += ["same permissions"] if model.get("allowDifferentLicense") is False else []
    return "; ".join(words)
