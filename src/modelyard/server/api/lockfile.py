"""A library written down, checked and brought to another machine."""

from __future__ import annotations

import msgspec

from modelyard.errors import BadValue, DiskFailed, DiskFull, UnsafePath, YardError
from modelyard.jobs.lockfile import LARGEST, Lock, Verdict, check, export_json, fetchable
from modelyard.server.api.adding import Item, draft_of, places, queued
from modelyard.server.api.models import FilterQuery
from modelyard.server.messages import Answer
from modelyard.server.roles import Role
from modelyard.server.routes import Here, Routes
from modelyard.server.spool import spooled

routes = Routes(tag="lockfile")

_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_LOCKED = {"place": "blue-ink.safetensors", "size": 238, "sha256": _SHA256, "address": "civitai:123@456"}
EXAMPLE = {
    "modelyard": 1,
    "made": "2026-11-21T09:00:00Z",
    "models": [{"title": "Blue ink", "folder": "loras", "place": "blue-ink.safetensors", "files": [_LOCKED]}],
}
"""A lockfile of one model."""


class SyncAnswer(msgspec.Struct, frozen=True):
    """What a lockfile's files are here.

    Attributes:
        complete: The very bytes of every file are here; a name and a size alone say nothing.
        ids: Tasks that fetch what is missing.
        left: Files that nobody offers, that have no root to go to, that may not be fetched (`reason`), or whose bytes
            lie elsewhere here.
    """

    complete: bool
    files: list[Verdict]
    ids: list[int]
    left: list[Verdict]


@routes.get("/lockfile", role=Role.VIEWER, slow=True, gives=Lock, raises=(BadValue, DiskFailed, DiskFull))
def write_lock(here: Here, query: FilterQuery) -> Answer:
    """Write down the models that fit: files, measured hashes, places, addresses, licences. No key, no path of ours."""
    return Answer(file=spooled(export_json(here.app.stock, query.asking()), here.app.folder))


@routes.post(
    "/lockfile/check",
    role=Role.OPERATOR,
    slow=True,
    most=LARGEST,
    once=False,
    raises=(BadValue, UnsafePath),
    example=EXAMPLE,
)
def check_lock(here: Here, body: Lock) -> SyncAnswer:
    """Compare a lockfile with what is here; nothing is fetched and no hub is asked."""
    found = check(here.app.stock, body)
    return SyncAnswer(_complete(found), found, [], [one for one in found if one.state in ("missing", "differs")])


@routes.post(
    "/lockfile/apply",
    role=Role.OPERATOR,
    slow=True,
    most=LARGEST,
    raises=(BadValue, UnsafePath),
    noted=False,
    example=EXAMPLE,
)
def apply_lock(here: Here, body: Lock) -> SyncAnswer:
    """Fetch what a lockfile has and this machine has not, to where it belongs; other bytes in its place stay.

    Whoever brings it, somebody else may have written it: none of its addresses leads into the local network or brings
    a key, and only names of models are written, into registered folders.
    """
    found = check(here.app.stock, body)
    wanted, left = fetchable(here.app.stock, found)
    place = places(here, strange=True)
    drafts = []
    for one in wanted:
        try:
            item = Item(address=one.address, to=one.target, sha256=one.sha256 or None)
            drafts.append(draft_of(here, item, place, strange=True))
        except YardError as error:
            left.append(msgspec.structs.replace(one, reason=error.message))
    return queued(here, drafts, lambda ids: SyncAnswer(_complete(found), found, ids, left))


def _complete(found: list[Verdict]) -> bool:
    return all(one.state == "here" for one in found)
