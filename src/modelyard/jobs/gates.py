"""Which files of a plan their hubs would refuse: asked once a model, never once a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from modelyard.errors import (
    AccessError,
    DownloadsDisabled,
    EarlyAccess,
    KeyScope,
    KeyWrong,
    LicenceNotAccepted,
    LoginNeeded,
    YardError,
)
from modelyard.hubs.base import Hub
from modelyard.hubs.gates import gate_of
from modelyard.jobs.preflight import Step
from modelyard.jobs.wish import Planned
from modelyard.values.offers import Access, Offer

_NEEDS: dict[type[AccessError], str] = {
    LoginNeeded: "needs a key",
    KeyWrong: "needs a key that the hub knows",
    KeyScope: "needs a key that may read it",
    LicenceNotAccepted: "needs access",
    EarlyAccess: "in early access",
    DownloadsDisabled: "its author disabled downloads",
}


def with_gates(planned: Sequence[Planned]) -> list[Planned]:
    """A plan whose files know what stands before them; what is here already needs nobody's leave."""
    asked: dict[tuple[object, ...], AccessError | None] = {}
    found = []
    for one in planned:
        if one.verdict.step is not Step.HERE:
            address = one.offer.address
            key = (address.hub, address.endpoint, address.kind, address.model, address.revision, one.offer.access)
            if key not in asked:
                asked[key] = known_gate(one.hub, one.offer)
            one = replace(one, gate=asked[key])
        found.append(one)
    return found


def known_gate(hub: Hub, offer: Offer) -> AccessError | None:
    """What stands before a file; None too when its hub cannot be asked now, for then the download tells."""
    try:
        return gate_of(hub, offer)
    except YardError:
        return None


def gates_of(planned: Iterable[Planned]) -> list[AccessError]:
    """What stands before the files of a plan, each gate once."""
    return list({id(one.gate): one.gate for one in planned if one.gate}.values())


def told(one: Planned) -> str:
    """Why a file is planned as it is, and what stands before it."""
    if one.gate:
        return f"{one.verdict.how}; {needs(one.gate)}"
    if one.offer.access is Access.EARLY and one.verdict.step is not Step.HERE:
        return f"{one.verdict.how}; in early access, the download tells whether this account has it"
    return one.verdict.how


def needs(gate: AccessError) -> str:
    """A gate in a few words, with the page where it opens."""
    what = _NEEDS.get(type(gate), gate.code)
    return f"{what}, see {gate.link}" if gate.link else what
