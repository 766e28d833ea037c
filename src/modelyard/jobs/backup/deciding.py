"""What of a backup is written back of one model. Pure: nothing that is known here is lost."""

from __future__ import annotations

import os
from typing import Any

import msgspec
from msgspec.structs import replace

from modelyard.catalogue.keepsakes import Keepsake, Regained
from modelyard.catalogue.measuring import COLUMNS
from modelyard.catalogue.model import VERDICTS, Health, health_of
from modelyard.catalogue.views import FileView
from modelyard.jobs.backup.form import FileRecord, ModelRecord
from modelyard.library.describing.cleaning import clean
from modelyard.values.about import About, Own

_MOST = 2**31 - 1
_DIGESTS = tuple(COLUMNS.values())


def place_of(path: str, root: str) -> str:
    """Where a file lies below its root, with `/`."""
    return path.removeprefix(root).replace(os.sep, "/").lstrip("/").partition("//")[0]


def decide(here: Keepsake, told: ModelRecord, *, instead: bool = False) -> Regained:
    """What is to be written of a model.

    Words fill gaps, uses only grow, and digests come back where the stamp of the file still fits.

    Args:
        instead: Where both have words of an owner, the backup's stand.
    """
    records = {record.place: record for record in told.files}
    pairs = [(file, records.get(place_of(file.path, here.root))) for file in here.files]
    fits = {file.path: record for file, record in pairs if record and _same_stamp(file, record)}
    digests = {file.path: found for file in here.files if (found := _digests(file, fits.get(file.path)))}
    whole = len(fits) == len(here.files) == len(told.files)
    sure = _same_bytes(here, told, pairs[0][1] if pairs else None)
    about = _about(here.about, told, sure=sure, instead=instead)
    days = {day: times for day, times in told.days.items() if times > here.days.get(day, 0)}
    columns = _columns(here, told, days, sure=sure) | (_checked(here, told) if whole else {})
    if here.files and "sha256" in digests.get(here.files[0].path, {}):
        columns["sha256"] = digests[here.files[0].path]["sha256"]
    ignored = tuple(version for version in dict.fromkeys(told.ignored) if version not in here.ignored)
    changed = about if about != here.about else None
    return Regained(here.id, changed, about.own != here.about.own, columns, digests, days, ignored)


def _same_stamp(file: FileView, record: FileRecord) -> bool:
    return (file.size, file.mtime_ns, file.inode) == (record.size, record.mtime_ns, record.inode)


def _same_bytes(here: Keepsake, told: ModelRecord, main: FileRecord | None) -> bool:
    """Whether what is known of the bytes counts here: by hash, else by size and time, which a copy keeps."""
    if here.sha256 and told.sha256:
        return here.sha256 == told.sha256
    file = here.files[0] if here.files else None
    return bool(file and main and (file.size, file.mtime_ns) == (main.size, main.mtime_ns))


def _digests(file: FileView, record: FileRecord | None) -> dict[str, str]:
    if record is None or not record.sha256 or file.sha256 not in ("", record.sha256):
        return {}
    known = {name: getattr(record, name) for name in _DIGESTS}
    return {name: value for name, value in known.items() if value and not getattr(file, name)}


def _about(now: About, told: ModelRecord, *, sure: bool, instead: bool) -> About:
    own = _own(now.own, told, instead=instead)
    if not sure:
        return replace(now, own=own)
    known = harmless(told.deleted) if told.deleted and not now.hub else now
    unknown_at = tuple(dict.fromkeys((*known.unknown_at, *told.unknown_at)))
    about = replace(known, own=own, asked=known.asked or told.asked_at, unknown_at=unknown_at)
    if about.hub or not told.hub:
        return about
    return replace(about, hub=told.hub, model_id=told.hub_model, version_id=told.hub_version)


def _own(now: Own, told: ModelRecord, *, instead: bool) -> Own:
    before = msgspec.convert(msgspec.to_builtins(told.own), Own)
    first, second = (before, now) if instead and not told.masked else (now, before)
    return Own(**{name: _either(getattr(first, name), getattr(second, name)) for name in Own.__struct_fields__})


def _either(first: Any, second: Any) -> Any:
    return second if first is None or first is False or first in ("", ()) else first


def harmless(about: About) -> About:
    """A hub's words out of a file that anybody may have written: cleaned, and no link but to the web."""
    return replace(
        about,
        description=clean(about.description, about.description_form),
        page=_link(about.page),
        download_url=_link(about.download_url),
        pictures=tuple(one for one in about.pictures if _link(one.url)),
        nsfw=None if about.nsfw is None else min(max(about.nsfw, 0), 2**14),
        gone=True,
    )


def _link(text: str) -> str:
    return text if text.startswith(("https://", "http://")) else ""


def _columns(here: Keepsake, told: ModelRecord, days: dict[str, int], *, sure: bool) -> dict[str, Any]:
    """Columns that differ: the earlier day of coming, the later of asking, and no use twice."""
    undated = max(here.uses - sum(here.days.values()), told.uses - sum(told.days.values()), 0)
    wanted = {
        "added": min(here.added, told.added or here.added),
        "asked": max(here.asked, told.asked if sure else 0.0),
        "uses": max(here.uses, min(undated + sum((here.days | days).values()), _MOST)),
        "used": max(here.used, told.used),
    }
    return {name: value for name, value in wanted.items() if value != getattr(here, name)}


def _checked(here: Keepsake, told: ModelRecord) -> dict[str, Any]:
    """What the last whole read said, where none was made since."""
    if told.checked <= here.checked:
        return {}
    problems = tuple(dict.fromkeys((*here.problems, *sorted(VERDICTS & set(told.verdicts)))))
    good = told.good or here.health == Health.GOOD
    health = health_of(problems, Health.GOOD if good else Health.UNVERIFIED)
    return {"checked": told.checked, "health": health.value, "problems": " ".join(problems)}
