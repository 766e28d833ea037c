"""Which of a model's files are meant: one file, a folder, a glob. Pure, the same for all hubs.

Globs are those of `fnmatch`, as on Hugging Face: ``*`` crosses folders, case counts, and ``folder/``
means everything below it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase

from msgspec.structs import replace

from modelyard.errors import FileNotInModel, NothingSelected
from modelyard.values.offers import Address, Listing, Offer

_NEAR = 5


def is_glob(path: str) -> bool:
    """Whether a path chooses by pattern rather than by name."""
    return bool(re.search(r"[*?[]", path)) or path.endswith("/")


def one_file(address: Address) -> str:
    """The path of the file that an address names; empty when it names none, or chooses by pattern."""
    return "" if address.path is None or is_glob(address.path) else address.path


def matches(path: str, pattern: str) -> bool:
    """Whether a pattern chooses a path: the very name, a folder with its slash, or a glob."""
    return path == pattern or fnmatchcase(path, f"{pattern}*" if pattern.endswith("/") else pattern)


def chosen(offers: Sequence[Offer], pattern: str, *, title: str) -> tuple[Offer, ...]:
    """The offers that a path or glob chooses; a file of exactly that name wins over the glob.

    Raises:
        NothingSelected: The glob matches none; the hint has near names.
        FileNotInModel: No such file or folder.
    """
    exact = tuple(offer for offer in offers if offer.path == pattern)
    found = exact or tuple(offer for offer in offers if matches(offer.path, pattern))
    if not found and not is_glob(pattern):
        found = tuple(offer for offer in offers if offer.path.startswith(f"{pattern}/"))
    if not found:
        missing = NothingSelected if is_glob(pattern) else FileNotInModel
        raise missing(f"{title} has no file {pattern!r}.", hint=near_hint(pattern, offers))
    return found


def narrow(
    listing: Listing, path: str | None, companions: Callable[[Sequence[Offer], Sequence[Offer]], Iterable[Offer]]
) -> Listing:
    """The listing with the files that an address's path chooses, and what belongs with them.

    Args:
        companions: From the chosen and the other offers to those that belong with the chosen.

    Raises:
        NothingSelected, FileNotInModel: See `chosen`.
    """
    if path is None:
        return listing
    offers = chosen(listing.offers, path, title=listing.title)
    taken = {offer.path for offer in offers}
    others = [offer for offer in listing.offers if offer.path not in taken]
    beside = tuple(replace(offer, role="companion", primary=False) for offer in companions(offers, others))
    address = replace(listing.address, path=path)
    return replace(listing, address=address, offers=offers, companions=beside or listing.companions)


def pick(listing: Listing, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> Listing:
    """The listing without what a person left out.

    Args:
        include: Globs of which a file must match one; none means all files.
        exclude: Globs of which a file must match none.

    Raises:
        NothingSelected: No file is left.
    """
    kept = tuple(offer for offer in listing.offers if wanted(offer.path, include, exclude))
    if not kept:
        near = near_hint(include[0], listing.offers) if include else None
        raise NothingSelected(f"No file of {listing.title} is left after the selection.", hint=near)
    return replace(listing, offers=kept)


def meant(listing: Listing) -> Listing:
    """The listing with what a person gets who does not choose: of several variants only the primary one."""
    offers = tuple(offer for offer in listing.offers if offer.primary)
    return replace(listing, offers=offers or listing.offers)


def wanted(path: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Whether a selection keeps a path."""
    return (not include or any(matches(path, each) for each in include)) and not any(
        matches(path, each) for each in exclude
    )


def near_hint(pattern: str, offers: Iterable[Offer]) -> str | None:
    """A sentence with the names nearest to a pattern, None when the class's own hint is as good."""
    names = [offer.path for offer in offers][:2_000]
    plain = re.sub(r"[*?\[\]]", "", pattern).strip("/")[:200].lower()
    by_low = {name.lower(): name for name in names}
    inside = [name for low, name in by_low.items() if plain and plain in low]
    near = inside or [by_low[low] for low in difflib.get_close_matches(plain, by_low, _NEAR, 0.5)] or names
    return f"There is {', '.join(near[:_NEAR])}{' and more' if len(near) > _NEAR else ''}." if near else None
