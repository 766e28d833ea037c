"""Maintenance: what a library lacks and how each is mended, and a quiet round that mends what hubs can tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from modelyard.catalogue.upkeep import Lacks
from modelyard.errors import Stopped, YardError
from modelyard.hubs.base import Describing
from modelyard.jobs.chores import Chore, Options, Tell
from modelyard.jobs.refresh import RefreshOptions, refresh
from modelyard.jobs.stock import Stock
from modelyard.net.stop import Stop
from modelyard.values.week import DAY

MARK = "upkeep"
"""Name of the time of the last round in the catalogue."""

_WEEK = 7 * DAY


class Advice(msgspec.Struct, frozen=True):
    """Something that could be better, and what mends it.

    Attributes:
        code: Stable, in kebab-case.
        count: How many models.
        command: Of the command line.
        route: The same over REST, ``METHOD /path``.
        body: What to send there.
    """

    code: str
    count: int
    message: str
    command: str
    route: str = ""
    body: dict[str, Any] = {}


class UpkeepOptions(Options, frozen=True, kw_only=True):
    """How much one round does.

    Attributes:
        most: Models that hubs are asked about.
    """

    most: int = 300


def advice(stock: Stock) -> list[Advice]:
    """What to do for the library, the gravest first."""
    days = stock.yard.settings["library.verify"]
    lacks = stock.catalogue.lacks(stock.wall() - days * DAY if days else 0.0)
    places = sum(len(problems) for problems in stock.last_problems.values())
    return [one for one in _advice(lacks, places) if one.count]


def _advice(lacks: Lacks, places: int) -> Iterator[Advice]:
    refreshing = "POST /api/v1/models/refresh"
    yield Advice(
        "damaged",
        lacks.damaged,
        f"{_models(lacks.damaged)} damaged.",
        "modelyard verify --library --repair",
        "POST /api/v1/library/verify",
        {"mend": True},
    )
    yield Advice(
        "unsafe",
        lacks.unsafe,
        f"{_models(lacks.unsafe)} unsafe: loading {'it' if lacks.unsafe == 1 else 'them'} could run code.",
        "modelyard list --health unsafe",
        "GET /api/v1/models?health=unsafe",
    )
    yield Advice(
        "not-seen",
        places,
        f"{places} places could not be looked at." if places != 1 else "One place could not be looked at.",
        "modelyard scan",
        "POST /api/v1/library/scan",
    )
    yield Advice(
        "newer",
        lacks.newer,
        f"{lacks.newer} models have a newer version." if lacks.newer != 1 else "One model has a newer version.",
        "modelyard versions",
        "GET /api/v1/newer",
    )
    yield Advice(
        "unmeasured",
        lacks.unmeasured,
        f"{_models(lacks.unmeasured)} not measured, so that no hub can be asked by hash.",
        "modelyard measure",
        "POST /api/v1/library/measure",
    )
    yield Advice(
        "never-asked",
        lacks.never_asked,
        f"{_models(lacks.never_asked)} unknown to us: no hub was ever asked.",
        "modelyard refresh",
        refreshing,
    )
    yield Advice(
        "incomplete",
        lacks.incomplete,
        f"{_models(lacks.incomplete)} not described whole.",
        "modelyard refresh --force",
        refreshing,
        {"force": True},
    )
    yield Advice(
        "no-preview",
        lacks.no_preview,
        f"{_models(lacks.no_preview)} without a preview.",
        "modelyard refresh --force",
        refreshing,
        {"force": True},
    )
    yield Advice(
        "unverified",
        lacks.unverified,
        f"{_models(lacks.unverified)} not read whole for long.",
        "modelyard verify --library",
        "POST /api/v1/library/verify",
    )
    yield Advice(
        "unread",
        lacks.unread,
        f"{_models(lacks.unread)} not proven by anything: never read whole, or not for long.",
        "modelyard verify --library",
        "POST /api/v1/library/verify",
    )


def disclosure(stock: Stock) -> str:
    """What a round sends, to whom, and how it is turned off."""
    hubs = [hub for hub in stock.yard.hubs if isinstance(hub, Describing)]
    hashed = " and ".join(hub.realm.title for hub in hubs if hub.finds_hashes) or "no hub"
    others = ", ".join(hub.realm.title for hub in hubs)
    return (
        f"A round sends the SHA-256 of measured models, and of some the beginning of their tensors' hash, to {hashed}; "
        f"it asks {others} about models that a sidecar, a header or a download says came from there. No file and no "
        "file name is sent. A service does it every library.upkeep hours; never: modelyard config set library.upkeep 0"
    )


def upkeep(stock: Stock, options: UpkeepOptions, stop: Stop, tell: Tell) -> dict[str, Any]:
    """One round: ask hubs about what is often used, was never tried or came lately; end with a summary for hooks.

    A hub that cannot be reached is no failure: the next round tries again. The first summary of a library says what
    is sent to whom.
    """
    first = not stock.catalogue.marked(MARK)
    stock.catalogue.mark(MARK)
    try:
        told = refresh(stock, RefreshOptions(most=options.most, rest=_WEEK), stop, tell)
    except Stopped:
        raise
    except YardError as error:
        told = {"asked": 0, "resting": [{"hub": "", "code": error.code, "message": error.message}]}
    left = [{"code": one.code, "count": one.count, "message": one.message} for one in advice(stock)]
    summary: dict[str, Any] = {"refreshed": told, "advice": left} | ({"notice": disclosure(stock)} if first else {})
    stock.catalogue.events.publish("library.upkeep", summary)
    return summary


def _models(count: int) -> str:
    return "One model is" if count == 1 else f"{count:,} models are"


UPKEEP = Chore(MARK, "Complete what is known of models", UpkeepOptions, upkeep)
