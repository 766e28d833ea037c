"""A library written down, checked and brought to another machine."""

from __future__ import annotations

import msgspec

from modelyard.errors import BadValue, UnsafePath
from modelyard.jobs.lockfile import Lock, Verdict, addresses_by_hash, check, export_json
from modelyard.server.api.adding import Item, add_items
from modelyard.server.api.models import FilterQuery
from modelyard.server.messages import Answer
from modelyard.server.roles import Role
from modelyard.server.routes import Here, Routes

routes = Routes(tag="lockfile")

_LARGEST = 64 * 2**20


class SyncAnswer(msgspec.Struct, frozen=True):
    """What a lockfile's files are here.

    Attributes:
        complete: The very bytes of every file are here; a name and a size alone say nothing.
        ids: Tasks that fetch what is missing.
        left: Files that nobody offers, that have no root to go to, or whose bytes lie elsewhere here.
    """

    complete: bool
    files: list[Verdict]
    ids: list[int]
    left: list[Verdict]


@routes.get("/lockfile", role=Role.VIEWER, slow=True, gives=Lock)
def write_lock(here: Here, query: FilterQuery) -> Answer:
    """Write down the models that fit: files, measured hashes, places, addresses, licences. No key, no path of ours."""
    return Answer(b"".join(export_json(here.app.stock, query.asking())))


@routes.post("/lockfile/check", role=Role.OPERATOR, slow=True, most=_LARGEST, once=False, raises=(BadValue, UnsafePath))
def check_lock(here: Here, body: Lock) -> SyncAnswer:
    """Compare a lockfile with what is here; nothing is fetched and no hub is asked."""
    found = check(here.app.stock, body)
    return SyncAnswer(_complete(found), found, [], [one for one in found if one.state in ("missing", "differs")])


@routes.post("/lockfile/apply", role=Role.OPERATOR, slow=True, most=_LARGEST, raises=(BadValue, UnsafePath))
def apply_lock(here: Here, body: Lock) -> SyncAnswer:
    """Fetch what a lockfile has and this machine has not, to where it belongs; other bytes in its place stay."""
    found = check(here.app.stock, body)
    missing = [one for one in found if one.state == "missing"]
    known = addresses_by_hash(here.app.stock, missing)
    items, left = [], [one for one in found if one.state in ("differs", "elsewhere")]
    for one in missing:
        address = one.address or known.get(one.sha256, "")
        if address and one.target:
            items.append(Item(address=address, to=one.target, sha256=one.sha256 or None))
        else:
            left.append(one)
    ids = add_items(here, items)[0] if items else []
    return SyncAnswer(_complete(found), found, ids, left)


def _complete(found: list[Verdict]) -> bool:
    return all(one.state == "here" for one in found)
