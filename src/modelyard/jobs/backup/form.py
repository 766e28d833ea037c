"""The form of a backup: one JSON object, a line for each model, without any key.

A model is known again by its SHA-256 where that was measured, else by folder, place and size. Places and paths are
only ever compared with what the catalogue knows; none of them is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from modelyard.errors import BadValue, UnsafePath
from modelyard.jobs.profiles import Profile
from modelyard.jobs.queued import Options
from modelyard.library.roots.entries import Entry
from modelyard.tasks.task import Priority
from modelyard.values.about import About

FORMAT = 1
LARGEST = 128 * 2**20
"""Bytes of a backup that are read: those of about 250,000 models."""
_MOST_OBJECTS = 1_000_000
"""Braces in it: each object takes many times the memory of its two bytes."""

Word = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]{1,200}$")]
Time = Annotated[float, msgspec.Meta(ge=0, le=1e11)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Size = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Signed = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Day = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Long = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")]
Short = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{8})?$")]


class Part(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True, gc=False):
    """Base of what a backup holds: a field that nobody knows is an error."""


class Words(Part, frozen=True):
    """What an owner wrote, see `values.about.Own`."""

    title: str = ""
    notes: str = ""
    favourite: bool = False
    rating: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    tags: tuple[str, ...] = ()
    group: str = ""
    strength: Annotated[float, msgspec.Meta(ge=-1e6, le=1e6)] | None = None
    negative: str = ""


class FileRecord(Part, frozen=True):
    """One file with the stamp it had; its digests are measured, empty before.

    Attributes:
        place: Below the root, with `/`.
    """

    place: str
    size: Size
    mtime_ns: Signed
    inode: Signed
    sha256: Long = ""
    tensors: Long = ""
    blake3: Long = ""
    crc32: Short = ""
    autov1: Short = ""


class ModelRecord(Part, frozen=True):
    """One model. Times are seconds since 1970, 0 for never.

    Attributes:
        root: The folder that it lay in, to tell copies apart.
        folder: ComfyUI's name of the root's kind, empty for a mixed root.
        place: Below the root, with `/`.
        files: The main one first.
        gone: It was not on the disk any more.
        checked: When its bytes were read last.
        good: They are what a hub or a person promised.
        verdicts: What that read said against them.
        masked: A key stood in what its owner wrote, and is left out of it.
        hub: Where it comes from, with the hub's own numbers.
        asked: When a hub was asked last; `asked_at` is the same in words of the sidecars.
        deleted: What was known of a model that its hub has no more.
        ignored: Versions to hear no more of.
    """

    root: str
    folder: Annotated[str, msgspec.Meta(max_length=80)]
    place: str
    size: Size
    files: Annotated[tuple[FileRecord, ...], msgspec.Meta(max_length=100_000)]
    sha256: Long = ""
    added: Time = 0.0
    gone: bool = False
    checked: Time = 0.0
    good: bool = False
    verdicts: tuple[Word, ...] = ()
    own: Words = Words()
    masked: bool = False
    hub: str = ""
    hub_model: str = ""
    hub_version: str = ""
    asked: Time = 0.0
    asked_at: str = ""
    unknown_at: tuple[str, ...] = ()
    deleted: About | None = None
    uses: Count = 0
    used: Time = 0.0
    days: Mapping[Day, Count] = {}
    ignored: tuple[Word, ...] = ()

    @property
    def modified(self) -> float:
        """When its main file was written, as the catalogue has it."""
        return self.files[0].mtime_ns / 1e9 if self.files else 0.0


class SearchRecord(Part, frozen=True):
    """A search that was made."""

    text: Word
    times: Count
    at: Time


class PeriodicRecord(Part, frozen=True):
    """Something periodic: a download, or a chore of the library.

    Attributes:
        options: Of a download.
        chore: Else the name of what is done, with what is said about it.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"^[^\x00]{1,80}$")]
    cron: Annotated[str, msgspec.Meta(max_length=120)]
    options: Options | None = None
    chore: Annotated[str, msgspec.Meta(max_length=40)] = ""
    said: Mapping[str, bool | int | float | str | tuple[str, ...] | None] = {}
    priority: Priority = Priority.NORMAL


class Backup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A library's and its owner's words, written down.

    Attributes:
        modelyard_backup: The number of the format.
        settings: What a person changed, as text.
        left_out: What holds a secret, in words: it is set anew by hand.
        models: Last, so that they can be written one by one.
    """

    modelyard_backup: int
    made: str
    roots: tuple[Entry, ...] = ()
    settings: Mapping[str, str] = {}
    profiles: Mapping[str, Profile] = {}
    schedule: tuple[PeriodicRecord, ...] = ()
    searches: tuple[SearchRecord, ...] = ()
    left_out: tuple[str, ...] = ()
    models: tuple[ModelRecord, ...]


class _Head(msgspec.Struct):
    modelyard_backup: int


def read_backup(data: bytes) -> Backup:
    """A backup, checked whole.

    Raises:
        BadValue: It is none, damaged, too large, or of a newer format.
        UnsafePath: A place in it leads out of its root.
    """
    hint = "Make one: `modelyard backup FILE`."
    if len(data) > LARGEST or data.count(b"{") > _MOST_OBJECTS:
        raise BadValue(
            f"This is no backup that can be read: it has more than {LARGEST >> 20} MiB or a million objects."
        )
    found = _decoded(data, _Head, hint).modelyard_backup
    if found != FORMAT:
        raise BadValue(f"The backup is of format {found}; this Modelyard reads {FORMAT}.", hint=hint)
    backup: Backup = _decoded(data, Backup, hint)
    for model in backup.models:
        for place in (model.place, *(file.place for file in model.files)):
            _check(place)
    return backup


def _decoded(data: bytes, kind: Any, hint: str) -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadValue(f"This is no backup: {str(error)[:300]}.", hint=hint) from error


def _check(place: str) -> None:
    if "\0" in place or place.startswith("/") or ".." in place.split("/"):
        raise UnsafePath(f"The backup names {place[:80]!r}, which lies in no root.")
