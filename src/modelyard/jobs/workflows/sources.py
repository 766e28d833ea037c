"""A place where a model can be had, and what came of looking for one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from modelyard.errors import AccessError, YardError
from modelyard.hubs.base import Hub
from modelyard.hubs.gates import early, gate_of
from modelyard.jobs.belonging import KINDS
from modelyard.jobs.workflows.questions import Questions
from modelyard.jobs.workflows.ranking import Ranked
from modelyard.jobs.workflows.wanted import Wanted
from modelyard.values.offers import Access, Listing, Offer
from modelyard.values.suffixes import LISTED, suffix_of

_ROUNDED = 0.2
"""A note rounds a size, but not by more."""


class Source(msgspec.Struct, frozen=True):
    """One place of a model.

    Attributes:
        why: Who says that it is there.
    """

    hub: Hub
    offer: Offer
    why: str
    licence: str
    begins_as: Callable[[Path], bool]
    """Whether it begins with the bytes of a file that is here; asks its server."""

    @property
    def folder(self) -> str:
        """ComfyUI's folder for what its hub calls it; empty when it does not say."""
        return KINDS.get(self.offer.kind.lower(), "")


class Sought(msgspec.Struct, frozen=True):
    """What came of looking for one model.

    Attributes:
        gate: What its hub wants first, when no other place has it openly, and the hub's name.
        candidates: What fits too weakly.
        errors: What else went wrong, in words.
        failed: The first of it that may pass: then nobody knows whether a place has it.
    """

    source: Source | None = None
    gate: tuple[AccessError, str] | None = None
    candidates: tuple[tuple[Hub, Ranked], ...] = ()
    errors: tuple[str, ...] = ()
    failed: YardError | None = None

    @property
    def is_settled(self) -> bool:
        """Whether a search by name would be worse than what is known: also when a named place cannot be asked now."""
        return bool(self.source or self.gate or self.candidates or self.failed)


def opened(questions: Questions, hub: Hub, listing: Listing | None, offer: Offer, why: str) -> Source:
    """A source that may be fetched.

    Raises:
        AccessError: Its hub wants something first.
    """
    page = offer.page or (listing.page if listing else None)
    if offer.access is Access.EARLY:
        raise early(offer, page)
    if gate := gate_of(hub, offer):
        raise gate
    licence = (listing.licence if listing else "") or questions.licence(hub, offer)
    return Source(hub, offer, why, licence, lambda path: questions.begins_as(offer, path))


def settled(questions: Questions, hub: Hub, offer: Offer, why: str) -> Sought:
    """A file that was decided for; its hub may want something first."""
    try:
        return Sought(opened(questions, hub, None, offer, why))
    except AccessError as error:
        return Sought(None, (error, hub.name))
    except YardError as error:
        return Sought(candidates=((hub, Ranked(offer, 50, why)),), errors=(error.message,))


def chosen(wanted: Wanted, listing: Listing, *, first: bool) -> Offer | None:
    """The file of a listing that is meant, None when none of them can be.

    Args:
        first: The workflow's own address: what its name ends in does not matter.
    """
    every = (*listing.offers, *listing.companions)
    models = [offer for offer in every if offer.name_is_guess or suffix_of(offer.name) in LISTED]
    fitting = [offer for offer in models if wanted.agrees(offer.claimed) is not False]
    if sure := [offer for offer in fitting if wanted.agrees(offer.claimed)]:
        return sure[0]
    if named := [offer for offer in fitting if wanted.base and offer.name.lower() == wanted.base.lower()]:
        return _of_folder(wanted, named)
    main = [offer for offer in listing.offers if offer in fitting and offer.primary and offer.role == "main"]
    if len(main) != 1 or (len(listing.offers) > 1 and listing.address.hub != "civitai"):
        return None
    apart = abs((main[0].size or 0) - (wanted.size or 0)) / (wanted.size or 1)
    return main[0] if first or not (main[0].size and wanted.size and apart > _ROUNDED) else None


def _of_folder(wanted: Wanted, named: list[Offer]) -> Offer | None:
    """Of files of one name the one whose path speaks of the wanted folder; None when two others are as good."""
    for some in ([offer for offer in named if _speaks_of(wanted.folder, offer.path)], named):
        if len({offer.claimed.get("sha256") or offer.path for offer in some}) == 1:
            return some[0]
    return None


def _speaks_of(folder: str, path: str) -> bool:
    """Whether a file lies in such a folder, as ComfyUI or diffusers call it."""
    above = path.lower().split("/")[:-1]
    return any(part == folder or re.sub(r"_\d$", "", part) in _DIFFUSERS.get(folder, ()) for part in above)


_DIFFUSERS = {
    "diffusion_models": ("transformer", "unet", "prior", "decoder"),
    "text_encoders": ("text_encoder",),
    "vae": ("vae", "vqvae", "movq"),
    "clip_vision": ("image_encoder",),
    "controlnet": ("controlnet",),
}
