"""What a hub wants before it hands out a file, told before a byte moves."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from modelyard.errors import AccessError, DownloadsDisabled, EarlyAccess
from modelyard.hubs.base import Hub
from modelyard.values.offers import Access, Offer


@runtime_checkable
class Gatekeeping(Protocol):
    """What a hub can do besides that tells in advance whether it will refuse; plugins may leave it out."""

    def gate(self, offer: Offer) -> AccessError | None:
        """Why a file will be refused to the kept key, or to nobody in particular; None: it will not, or nobody knows.

        The same for all files of a model's revision. Asks the hub only about what is not open to all, and
        never in a way that the hub counts as a download.

        Raises:
            YardError: The hub cannot be asked now.
        """
        ...


def early(offer: Offer, link: str | None) -> EarlyAccess:
    """What a file that only supporters get as yet answers to others."""
    return EarlyAccess(f"{offer.name} is for supporters of its author until a date.", link=link)


def gate_of(hub: Hub, offer: Offer) -> AccessError | None:
    """What stands before a file, as far as its hub tells in advance: see `Gatekeeping.gate`.

    Raises:
        YardError: The hub cannot be asked now.
    """
    if offer.access is Access.DISABLED:
        return DownloadsDisabled(f"{offer.name} may not be downloaded.", link=offer.page)
    return hub.gate(offer) if isinstance(hub, Gatekeeping) else None
