"""Pickles that would run code: which stand in quarantine, putting one there, and releasing one that a person trusts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from modelyard.errors import BadValue, DiskError, NoSuchModel
from modelyard.jobs.admission import own_suffix
from modelyard.jobs.measure import measure
from modelyard.jobs.quarantine import Kept, confine, kept, release
from modelyard.jobs.scan import SCAN, ScanOptions
from modelyard.library.opinion import opinion
from modelyard.library.roots.entries import Place
from modelyard.net.stop import Stop
from modelyard.server.api.adding import queued
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Id, Routes

routes = Routes(tag="quarantine")

_FILE = "/models/embeddings/old.pt.quarantine"


class Held(Ask, frozen=True):
    """A file in quarantine, by its path there."""

    path: Place


class Trusted(Held, frozen=True):
    """A file that a person trusts.

    Attributes:
        sha256: Of the very bytes that they decided about, as `POST /quarantine/measure` told it.
    """

    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-fA-F]{64}$")]


class HeldDigest(msgspec.Struct, frozen=True):
    """What a file's bytes are now.

    Attributes:
        opinion: What picklescan says of them; empty where it is not installed. It calls hostile files clean, too.
    """

    sha256: str
    opinion: str = ""


class HeldPath(msgspec.Struct, frozen=True):
    """What a file is called now."""

    path: str


@routes.get("/quarantine", role=Role.VIEWER, slow=True)
def list_quarantine(here: Here) -> list[Kept]:
    """The files in quarantine below all roots, and what each would run; they are taken apart anew."""
    return list(kept(here.app.stock))


@routes.post(
    "/quarantine/measure",
    role=Role.ADMIN,
    once=False,
    slow=True,
    raises=(BadValue, DiskError),
    example={"path": _FILE},
)
def measure_quarantined(here: Here, body: Held) -> HeldDigest:
    """The SHA-256 of a file in quarantine: releasing it needs that of the bytes that were decided about.

    And what another scanner says of it, for whoever decides.
    """
    path = Path(body.path)
    here.app.stock.roots().inside(path)
    return HeldDigest(measure(path, Stop(here.app.stop)).digests["sha256"], opinion(path, own_suffix(path)))


@routes.post(
    "/quarantine/release",
    role=Role.ADMIN,
    slow=True,
    raises=(BadValue, DiskError),
    example={"path": _FILE, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
)
def release_quarantined(here: Here, body: Trusted) -> HeldPath:
    """Give a file its name back: from then on programs load it, and what it holds is run."""
    path = release(here.app.stock, Path(body.path), body.sha256, Stop(here.app.stop))
    return queued(here, [SCAN.draft(ScanOptions())], lambda _: HeldPath(str(path)))


@routes.post("/models/{id}/quarantine", role=Role.OPERATOR, slow=True, raises=(NoSuchModel, BadValue, DiskError))
def quarantine_model(here: Here, id: Id) -> HeldPath:
    """Give a model that could run code a name that no program loads; it leaves the lists, its sidecars stay."""
    return HeldPath(str(confine(here.app.stock, id)))
