"""What only the catalogue knows of a model, to be written beside it in the trash and given back afterwards."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from modelyard.jobs.scan import Scan
from modelyard.jobs.stock import Stock
from modelyard.net.stop import Stop
from modelyard.values.about import About, Own


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What no look at the files would tell.

    Attributes:
        about: From hubs and its owner.
        added: Seconds since 1970, as `used`.
    """

    about: About
    added: float
    used: float
    uses: int


def facts_of(stock: Stock, number: int) -> Facts:
    """Everything of this kind about a model."""
    details = stock.catalogue.details(number)
    model = details.model
    return Facts(
        about=details.about,
        added=model.added,
        used=model.used,
        uses=model.uses,
    )


def give_back(stock: Stock, path: str, facts: Facts) -> None:
    """Look at a model that came back, and write what was known of it before; what is measured is measured anew."""
    Scan(stock, Stop()).files([path])
    model = stock.catalogue.at(path)

    def merged(now: About) -> About:
        old = facts.about
        known = old if old.hub and not now.hub else now
        return replace(known, own=old.own if now.own == Own() else now.own)

    used: dict[str, Any] = {"added": facts.added, "used": facts.used, "uses": facts.uses}
    stock.catalogue.describe(model.id, merged, **used)
