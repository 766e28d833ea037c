"""Every version of one model at its hub, and which of ours it is."""

from __future__ import annotations

import msgspec

from modelyard.jobs.revisions import versions_there
from modelyard.jobs.stock import Stock
from modelyard.jobs.versions import versions_of
from modelyard.values.about import Version


class VersionView(msgspec.Struct, frozen=True):
    """One version of a model at its hub, and the models of ours that are this version."""

    version: Version
    here: list[int]


def versions_here(stock: Stock, number: int) -> list[VersionView]:
    """Every version of a model at its hub, the newest first, with those that are here.

    Of a repository: what stands in the places of its files now, and what is here where that is another.

    Raises:
        NoSuchModel: It is not in the catalogue.
        NotFound: The hub has it no longer.
        YardError: The hub cannot be asked.
    """
    model = stock.catalogue.get(number)
    if there := list(versions_there(stock, number)):
        ours = tuple(file.sha256 for file in stock.catalogue.files(number) if file.sha256)
        return [VersionView(one, [number] if _same_bytes(one, ours) else []) for one in there]
    if not (model.hub and model.hub_model):
        return []
    known = next(iter(stock.catalogue.installed((number,)).values()), [])
    return [
        VersionView(one, [each.id for each in known if each.version == one.id or _same_bytes(one, each.sha256)])
        for one in versions_of(stock, model.hub, model.hub_model)
    ]


def _same_bytes(version: Version, digests: tuple[str, ...]) -> bool:
    return any(file.claimed.get("sha256") in digests for file in version.files)
