"""The hubs: search, details, files, and their keys, which are never given out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

import msgspec

from modelyard.errors import (
    AccessError,
    ContentError,
    NetworkError,
    NotFound,
    UnknownHub,
    UsageError,
    Waiting,
    YardError,
)
from modelyard.hubs.base import Hub
from modelyard.jobs.addressing import forget, read_address
from modelyard.jobs.belonging import folder_of
from modelyard.jobs.gates import known_gate
from modelyard.jobs.queued import shown_address
from modelyard.server.api.fence import check_source
from modelyard.server.api.views import TaskError, error_view
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Routes
from modelyard.values.offers import Finding, KeyReport, Offer

routes = Routes(tag="hubs")

_ASKING = (NotFound, AccessError, NetworkError, ContentError, Waiting)
"""What may come of asking a hub."""

Text = Annotated[str, msgspec.Meta(max_length=8192)]


class HubView(msgspec.Struct, frozen=True):
    """A hub: how its addresses begin, and whether a key is kept for it."""

    name: str
    title: str
    prefixes: list[str]
    key: bool
    settings_page: str


class FoundModels(msgspec.Struct, frozen=True):
    """What was found, and the hubs that could not be asked."""

    models: list[Finding]
    problems: dict[str, TaskError]


class FileView(msgspec.Struct, frozen=True):
    """One file that a hub offers.

    Attributes:
        claimed: Hashes by algorithm; the hub's word, not measured.
        role: `main`, or `companion`: a VAE, encoder or config that belongs to it.
        folder: ComfyUI's folder for what the hub says it is, like `loras`; empty when nobody says.
    """

    address: str
    path: str
    size: int | None
    claimed: dict[str, str]
    access: str
    licence: str | None
    role: str
    folder: str


class ModelView(msgspec.Struct, frozen=True):
    """What a hub says about a model.

    Attributes:
        address: With its revision as the hub answered.
        asked: As it was asked for, in the hub's spelling: so it stands in the queue.
        gate: Why the hub would refuse the files to the key that is kept, and what to do about it; null when it
            would not, or nobody can say before.
    """

    hub: str
    address: str
    asked: str
    title: str
    facts: dict[str, Any]
    files: list[FileView]
    companions: list[FileView]
    gate: TaskError | None


class SearchQuery(Ask, frozen=True):
    """What to look for; without `hub` everywhere."""

    text: Text
    hub: list[Text] = []
    kind: Text = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20


class AddressQuery(Ask, frozen=True):
    """A model, as typed or pasted."""

    address: Text


class HashQuery(Ask, frozen=True):
    """A hash of a file: SHA-256, BLAKE3, AutoV2, CRC32."""

    hash: Annotated[str, msgspec.Meta(pattern="^[0-9a-fA-F]{8,64}$")]


class Located(msgspec.Struct, frozen=True):
    """Where a file with a hash is offered."""

    hub: str
    address: str
    path: str


class KeyView(msgspec.Struct, frozen=True):
    """A kept key: where, and its last characters; never the key."""

    hub: str
    place: str
    shown: str
    used: bool
    trouble: str | None


class NewKey(Ask, frozen=True):
    """A key to keep."""

    value: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class OpensQuery(Ask, frozen=True):
    """A gated model that the key should open; empty asks about the key alone."""

    opens: Text = ""


class KeyPlace(msgspec.Struct, frozen=True):
    """Where a key is kept now."""

    place: str


@routes.get("/hubs", role=Role.VIEWER)
def list_hubs(here: Here) -> list[HubView]:
    """Every hub that this yard can read."""
    keyed = {key.hub for key in here.app.keys.list() if not key.trouble}
    return [
        HubView(hub.name, hub.title, list(hub.prefixes), hub.name in keyed, hub.realm.settings_page)
        for hub in here.app.hubs
    ]


@routes.get("/hubs/search", role=Role.VIEWER, slow=True, raises=(UnknownHub, *_ASKING))
def search_hubs(here: Here, query: SearchQuery) -> FoundModels:
    """Search one hub, some, or all; a hub that fails does not spoil the others."""
    only = [here.app.hub_name(name) for name in query.hub]
    models: list[Finding] = []
    problems: dict[str, TaskError] = {}
    for hub, answer in here.app.hubs.search_all(query.text, limit=query.limit, kind=query.kind or None, only=only):
        if isinstance(answer, YardError):
            problems[hub.name] = error_view(answer.as_dict())
        else:
            models += answer
    return FoundModels(models, problems)


@routes.get("/hubs/model", role=Role.VIEWER, slow=True, raises=(UsageError, *_ASKING))
def show_model(here: Here, query: AddressQuery) -> ModelView:
    """What a hub says about a model, and the files it offers."""
    check_source(here, query.address)
    hub, listing = here.app.resolve(query.address, forget)  # looking stores nothing
    gate = known_gate(hub, listing.offers[0]) if listing.offers else None
    tags = listing.facts.get("tags")
    tags = tags if isinstance(tags, list | tuple) else ()
    return ModelView(
        hub.name,
        hub.show(listing.address),
        shown_address(hub.name, hub.show(read_address(here.app.hubs, query.address, forget)[1])),
        listing.title,
        dict(listing.facts),
        [_file(hub, offer, tags) for offer in listing.offers],
        [_file(hub, offer, tags) for offer in listing.companions],
        error_view(gate.as_dict()) if gate else None,
    )


@routes.get("/hubs/by-hash", role=Role.VIEWER, slow=True, raises=_ASKING)
def find_by_hash(here: Here, query: HashQuery) -> list[Located]:
    """Which hubs offer a file with this hash."""
    return [Located(*found) for found in here.app.find_hash(query.hash)]


@routes.get("/keys", role=Role.ADMIN)
def list_keys(here: Here) -> list[KeyView]:
    """Which hubs have a key and where it is kept; the keys themselves stay where they are."""
    return [KeyView(key.hub, key.place, key.shown, key.used, key.trouble) for key in here.app.keys.list()]


@routes.put("/keys/{hub}", role=Role.ADMIN, raises=(UnknownHub,), example={"value": "hf_..."})
def keep_key(here: Here, hub: str, body: NewKey) -> KeyPlace:
    """Keep a key for a hub, for this service and every other part of Modelyard."""
    return KeyPlace(here.app.keys.set(here.app.key_owner(hub), body.value))


@routes.delete("/keys/{hub}", role=Role.ADMIN, raises=(UnknownHub,))
def remove_key(here: Here, hub: str) -> None:
    """Forget the key of a hub."""
    here.app.keys.remove(here.app.key_owner(hub))


@routes.post("/keys/{hub}/check", role=Role.ADMIN, slow=True, raises=(UnknownHub, *_ASKING))
def check_key(here: Here, hub: str, query: OpensQuery) -> KeyReport:
    """Ask a hub whose key it is, of which kind, what it may do, and whether it opens a gated model."""
    chosen = here.app.hubs.named(here.app.hub_name(hub))
    gated = read_address(here.app.hubs, query.opens, forget)[1] if query.opens else None
    return chosen.check_key(gated)


def _file(hub: Hub, offer: Offer, tags: Collection[str]) -> FileView:
    return FileView(
        hub.show(offer.address),
        offer.path,
        offer.size,
        dict(offer.claimed),
        offer.access.value,
        offer.licence,
        offer.role,
        folder_of(offer, tags),
    )
