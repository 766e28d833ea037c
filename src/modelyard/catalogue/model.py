"""A model as the catalogue keeps it: one row, and what a scan says about it."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.errors import NoSuchModel
from modelyard.store.shelves import models
from modelyard.values.about import About
from modelyard.values.hazards import RUNS_CODE
from modelyard.values.identity import Identity


class Health(enum.StrEnum):
    """What is known of its bytes.

    `good` was read whole and is what it should be. `unverified` was not, or nobody says what it should be.
    """

    GOOD = "good"
    UNVERIFIED = "unverified"
    DAMAGED = "damaged"
    UNSAFE = "unsafe"


class Model(msgspec.Struct, frozen=True):
    """One model. Times are seconds since 1970, 0 for never; sizes are bytes.

    Attributes:
        path: Its main file, or its folder.
        folder: ComfyUI's name of the root's kind, empty for a mixed root.
        place: Relative to the root, with `/`.
        nsfw: CivitAI's bits, 0 when nobody says.
        problems: Codes of what is wrong with it.
        picture: Changes with what its picture shows; what came with it as `v` may be kept for ever.
        sha256: Measured; empty before.
        team: The group that its owner put it in.
    """

    id: int
    path: str
    root: str
    folder: str
    place: str
    name: str
    title: str
    size: int
    modified: float
    added: float
    gone: float
    format: str
    kind: str
    family: str
    certainty: str
    base: str
    dtype: str
    quantisation: str
    parameters: int
    hub: str
    hub_model: str
    hub_version: str
    author: str
    licence: str
    nsfw: int
    completeness: str
    preview: str
    picture: str
    health: Health
    problems: tuple[str, ...]
    sha256: str
    checked: float
    asked: float
    favourite: bool
    rating: int
    team: str
    notes: str
    uses: int
    used: float


_COLUMNS = tuple(name for name in Model.__struct_fields__ if name != "picture")
LISTED = (*(models.c[name] for name in _COLUMNS), models.c.sidecars)
"""The columns of a row in a list: the long texts stay where they are."""
_PICTURE, _HEALTH, _PROBLEMS = map(Model.__struct_fields__.index, ("picture", "health", "problems"))
_SHOWN = itemgetter(*map(_COLUMNS.index, ("modified", "title", "kind")))
_PREVIEW = _COLUMNS.index("preview")


_HEALTHS = {one.value: one for one in Health}


def model_of(row: Mapping[Any, Any]) -> Model:
    """A row of the table as a model."""
    return listed_model([row[column.name] for column in LISTED])


def listed_model(row: Sequence[Any]) -> Model:
    """A row that begins with the columns of `LISTED` as a model; by place, in half the time that names take."""
    told = list(row[: len(_COLUMNS)])
    told.insert(_PICTURE, _picture(row))
    told[_HEALTH] = _HEALTHS[told[_HEALTH]]
    told[_PROBLEMS] = tuple(told[_PROBLEMS].split())
    return Model(*told)


def _picture(row: Sequence[Any]) -> str:
    """A stamp of the preview, or of what is shown instead: the picture in a header, a drawn one."""
    preview = row[_PREVIEW]
    shown = (row[len(_COLUMNS)], preview) if preview else _SHOWN(row)
    return hashlib.blake2b(repr(shown).encode(), digest_size=6).hexdigest()


def find(db: Connection, number: int) -> Mapping[Any, Any]:
    """The whole row of a model.

    Raises:
        NoSuchModel: There is none.
    """
    row = db.execute(sa.select(models).where(models.c.id == number)).mappings().one_or_none()
    if row is None:
        raise NoSuchModel(f"There is no model {number}.")
    return row


class FileFacts(msgspec.Struct, frozen=True):
    """One file of a model, with the stamp it had."""

    path: str
    size: int
    mtime_ns: int
    device: int
    inode: int
    main: bool = True


class Entry(msgspec.Struct, frozen=True):
    """What a scan says about one model.

    Attributes:
        files: The main one first.
        sidecars: Stamp of the small files beside it.
        problems: Codes of what is wrong with it.
    """

    path: str
    root: str
    folder: str
    place: str
    name: str
    files: tuple[FileFacts, ...]
    identity: Identity
    about: About
    preview: str = ""
    sidecars: str = ""
    problems: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(file.size for file in self.files)


REMARKS = frozenset(("wrong-extension", "no-tensors", "bad-name", "external-data", "differs-from-claim", "unreadable"))
"""Problems that a model can be used in spite of."""

VERDICTS = frozenset(("hash-differs", "zero-filled", "differs-from-claim"))
"""What only reading a whole file can say; stays until it is read again or changed."""


def health_of(problems: Iterable[str], before: Health = Health.UNVERIFIED) -> Health:
    """What a look at its structure says of a model's health."""
    found = set(problems) - REMARKS
    if found & RUNS_CODE:
        return Health.UNSAFE
    return Health.DAMAGED if found else before
