"""Writing a backup, piece by piece: only a few hundred models are held at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec
from msgspec.structs import asdict

from modelyard.catalogue.keepsakes import Keepsake
from modelyard.catalogue.measuring import COLUMNS
from modelyard.catalogue.model import VERDICTS, Health
from modelyard.catalogue.views import FileView
from modelyard.jobs.backup.deciding import place_of
from modelyard.jobs.backup.form import FORMAT, Backup, FileRecord, ModelRecord, SearchRecord, Words
from modelyard.jobs.backup.holdings import Holdings, masked
from modelyard.jobs.backup.told import changed_settings, kept_apart, plain_profiles, plain_schedule
from modelyard.jobs.manifests import TRASH
from modelyard.keys.redaction import Redactor
from modelyard.values.about import About, Own


def backup_json(held: Holdings) -> Iterator[bytes]:
    """What only this machine knows, as one JSON object with a line for each model."""
    yield msgspec.json.encode(_around(held)).removesuffix(b"]}")
    between = b"\n"
    for known in held.stock.catalogue.keepsakes():
        if f"/{TRASH}/" not in known.path.replace("\\", "/"):  # the trash has its own manifests
            yield between + msgspec.json.encode(record_of(known, held.redactor))
            between = b",\n"
    yield b"\n]}\n"


def _around(held: Holdings) -> Backup:
    """The backup but for its models."""
    left = list(kept_apart(held))
    made = [SearchRecord(text=text, times=times, at=at) for text, times, at in held.stock.catalogue.searches()]
    now = dt.datetime.fromtimestamp(held.stock.wall(), dt.UTC)
    return Backup(
        modelyard_backup=FORMAT,
        made=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        roots=tuple(held.stock.entries.all()),
        settings=changed_settings(held, left),
        profiles=plain_profiles(held, left),
        schedule=tuple(plain_schedule(held, left)),
        searches=tuple(one for one in made if masked(held.redactor, one.text) == one.text),
        left_out=tuple(masked(held.redactor, left)),
        models=(),
    )


def record_of(known: Keepsake, redactor: Redactor) -> ModelRecord:
    """One model, without the keys that may stand in what was written of it."""
    about = known.about
    own = _words(about.own, redactor)
    return ModelRecord(
        root=known.root,
        folder=known.folder,
        place=known.place,
        size=known.size,
        files=tuple(_file(file, known.root) for file in known.files),
        sha256=known.sha256,
        added=known.added,
        gone=known.gone > 0,
        checked=known.checked,
        good=known.health == Health.GOOD,
        verdicts=tuple(code for code in known.problems if code in VERDICTS),
        own=own,
        masked=own != _words(about.own),
        hub=about.hub,
        hub_model=about.model_id,
        hub_version=about.version_id,
        asked=known.asked,
        asked_at=about.asked,
        unknown_at=about.unknown_at,
        deleted=_plain(about, redactor) if about.gone else None,
        uses=known.uses,
        used=known.used,
        days=known.days,
        ignored=known.ignored,
    )


def _words(own: Own, redactor: Redactor | None = None) -> Words:
    told = asdict(own)
    if own.rating not in range(1, 6):  # another tool's sidecar may say anything
        told["rating"] = None
    if own.strength is not None and not -1e6 <= own.strength <= 1e6:
        told["strength"] = None
    return msgspec.convert(masked(redactor, told) if redactor else told, Words)


def _plain(about: About, redactor: Redactor) -> About:
    """A hub's words; an owner's stand apart."""
    told = msgspec.to_builtins(about)
    told.pop("own")
    return msgspec.convert(masked(redactor, told), About)


def _file(file: FileView, root: str) -> FileRecord:
    told = {name: getattr(file, name) for name in ("size", "mtime_ns", "inode", *COLUMNS.values())}
    return FileRecord(place=place_of(file.path, root), **told)
