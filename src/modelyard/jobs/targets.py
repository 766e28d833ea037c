"""Where each file goes: from what the person said and what the hub calls it. Pure but for one look at the disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from modelyard.errors import UnsafePath, UsageError, YardError
from modelyard.hubs.selection import is_glob
from modelyard.library.names import check_inside, is_hidden, is_program, safe_component, safe_relative
from modelyard.settings import Settings
from modelyard.values.offers import Listing, Offer

Refuse = Callable[[str, YardError], None]


def usual_folder(settings: Settings) -> Path:
    """The folder for downloads of a service, which has no current one, absolute.

    Raises:
        RuntimeError: It begins at the home of nobody here.
    """
    return Path(settings["folder"] or "~/models").expanduser().absolute()


class Place(msgspec.Struct, frozen=True):
    """Where one file goes.

    Attributes:
        root: The folder that the person named; nothing leaves it.
        target: Final path.
        fixed: The person named the file; the server's name for it does not matter.
    """

    root: Path
    target: Path
    fixed: bool = False


def place_all(
    listings: Sequence[Listing],
    to: str | None,
    default: Path,
    refuse: Refuse | None = None,
    *,
    programs: bool = True,
) -> list[tuple[Offer, Place]]:
    """A place for every offer.

    Args:
        refuse: Told of one file among many whose name may not be used; without it that is raised.
        programs: Whether what a system would run is part of a whole model.

    ``to`` is a file when there is one address that offers one file and it does not end in a slash or name
    a folder; else a folder. One model's files keep their relative paths; with several models each whole
    one gets a folder of its name.

    Hidden files of a whole model are left out.

    Raises:
        UsageError: Two different files would get the same path.
        UnsafePath: A name that may not be used here.
    """
    offers = [(listing, offer) for listing in listings for offer in listing.offers]
    if to and len(offers) == 1 and not to.endswith(("/", "\\")) and not Path(to).is_dir():
        target = Path(to).expanduser().absolute()
        check_inside(target.parent, target)
        return [(offers[0][1], Place(target.parent, target, fixed=True))]
    root = Path(to).expanduser().absolute() if to else default.absolute()
    several = len(listings) > 1
    placed: dict[Path, Offer] = {}
    result = []
    for listing, offer in offers:
        if _left_out(listing, offer, programs):
            continue
        try:
            target = root / _relative(listing, offer, to is None or several)
            check_inside(root, target)
        except UnsafePath as error:
            if refuse is None or len(offers) == 1:
                raise
            refuse(offer.path, error)
            continue
        other = placed.get(target)
        placed[target] = offer
        if other is not None:
            if dict(other.claimed) == dict(offer.claimed) and other.claimed:
                continue  # the same file asked twice is one transfer
            if other.sources == offer.sources:
                continue
            raise UsageError(
                f"{other.page or other.path} and {offer.page or offer.path} would both become {target}.",
                hint="Fetch them one by one with different --to.",
            )
        result.append((offer, Place(root, target)))
    return result


def _left_out(listing: Listing, offer: Offer, programs: bool) -> bool:
    """A hub's own bookkeeping (``.gitattributes``) is no part of a model, unless it is asked for by name."""
    by_name = offer.path == listing.address.path
    return not by_name and (is_hidden(offer.path) or (not programs and is_program(offer.path)))


def _relative(listing: Listing, offer: Offer, own_folder: bool) -> Path:
    whole = len(listing.offers) > 1 or (listing.address.path is not None and is_glob(listing.address.path))
    if not whole:
        return Path(safe_component(offer.name))
    path = safe_relative(offer.path)
    name = listing.address.model.rstrip("/").rsplit("/", 1)[-1]
    return Path(safe_component(name or listing.title)) / path if own_folder and listing.address.path is None else path
