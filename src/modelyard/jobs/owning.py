"""What an owner writes of a model: into the catalogue and into its sidecar, so that no database holds the only copy."""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec.structs import replace

from modelyard.catalogue.views import FileView
from modelyard.errors import DiskError, NoSuchRoot, YardError
from modelyard.jobs.stock import Stock
from modelyard.library.describing.cleaning import clean
from modelyard.library.sidecars.belonging import FOLDER_FORMS, anchor_of, stem_of
from modelyard.library.sidecars.reading import read_all
from modelyard.library.sidecars.writing import write
from modelyard.values.about import About
from modelyard.values.suffixes import LISTED, suffix_of

_MOST = 200
_log = logging.getLogger("modelyard.library")
Text = Annotated[str, msgspec.Meta(max_length=500)]


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different; what is left out stays.

    Attributes:
        rating: 1 to 5; 0 takes it away.
        tags: All own tags, in place of those before.
    """

    title: Text | None = None
    notes: Annotated[str, msgspec.Meta(max_length=100_000)] | None = None
    favourite: bool | None = None
    rating: Annotated[int, msgspec.Meta(ge=0, le=5)] | None = None
    tags: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=200)], ...], msgspec.Meta(max_length=200)] | None = (
        None
    )
    group: Text | None = None


def change_own(stock: Stock, number: int, change: Change) -> tuple[str, ...]:
    """Write what an owner said; gives why it is in the catalogue only, see `keep_beside`.

    Raises:
        NoSuchModel: There is none.
    """
    said = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not None}
    if "rating" in said:
        said["rating"] = said["rating"] or None
    with stock.beside:
        stock.catalogue.describe(number, lambda about: replace(about, own=replace(about.own, **said)))
        return keep_beside(stock, number)


def change_tags(stock: Stock, numbers: Sequence[int], add: Iterable[str], remove: Iterable[str]) -> tuple[str, ...]:
    """Add own tags to models, and take some away; gives why some are in the catalogue only, see `keep_beside`.

    Raises:
        NoSuchModel: One of them is not there; the ones before it are done.
    """
    added = [tag.strip() for tag in add if tag.strip()]
    gone = {tag.strip().lower() for tag in remove}

    def changed(about: About) -> About:
        tags = dict.fromkeys([*(tag for tag in about.own.tags if tag.lower() not in gone), *added])
        return replace(about, own=replace(about.own, tags=tuple(tags)))

    left: list[str] = []
    for number in numbers:
        with stock.beside:
            stock.catalogue.describe(number, changed)
            left += keep_beside(stock, number)
    return tuple(dict.fromkeys(left))[:_MOST]


def keep_beside(stock: Stock, number: int, raw: str = "") -> tuple[str, ...]:
    """Write what is known of a model now into the sidecars that the owner chose; whether that could be done.

    A read-only root or a full disk leaves it in the catalogue alone, and so does another model of the same stem,
    whose sidecar it would be, too: nothing is lost, and the next change tries again.

    Args:
        raw: The description as a hub has it; the catalogue's own is cleaned, a sidecar keeps every word.

    Returns:
        Why it is in the catalogue only, in words; none when all of it is beside the model, too.
    """
    with stock.beside:  # one after the other: each writes what is known when its turn comes
        known = stock.catalogue.details(number)
        path = Path(known.model.path)
        try:
            folder = path.is_dir()
            anchor = anchor_of(path, folder=folder)
            stock.roots().writable(anchor)
            if not anchor.is_file():
                return (f"{path.name} is not there.",)
            if not folder and _shares_its_stem(path):
                return (f"{path.name} and another model there would share a sidecar.",)
            forms = tuple(form for form in stock.forms() if not folder or form in FOLDER_FORMS)
            told = _as_told(anchor, known.about, raw)
            written = write(anchor, told, forms, measured={} if folder else _measured(known.files))
        except (DiskError, NoSuchRoot, OSError) as error:
            return (error.message if isinstance(error, YardError) else f"{path.parent}: {error.strerror}.",)
    left = tuple(each.message for each in written.errors.values())
    for words in left:
        _log.warning("A sidecar of %s is not written: %s", path, words)
    return left


def _shares_its_stem(path: Path) -> bool:
    stem = stem_of(path.name)
    with os.scandir(path.parent) as entries:
        return any(
            entry.name != path.name and stem_of(entry.name) == stem and suffix_of(entry.name) in LISTED
            for entry in entries
        )


def _as_told(path: Path, about: About, raw: str) -> About:
    """The record with its description as it came, where that is known: from a hub just now, or from the sidecars."""
    if not raw and about.description:
        before = read_all(path).about
        raw = before.description if before.description_form == about.description_form else ""
    same = raw and clean(raw, about.description_form) == about.description
    return replace(about, description=raw) if same else about


def _measured(files: Sequence[FileView]) -> dict[str, str]:
    main = next((file for file in files if file.main), None)
    told = {name: getattr(main, name, "") for name in ("sha256", "blake3", "crc32", "autov1")}
    return {name: value for name, value in told.items() if value}


def report_uses(stock: Stock, uses: Sequence[Mapping[str, Any]]) -> int:
    """Count uses of models, as programs report them; gives how many were known."""
    roots = stock.roots().by_folder()
    found: list[tuple[str, float]] = []
    for use in uses:
        at = float(use.get("at") or stock.wall())
        name = str(use.get("name") or "").replace("\\", "/")
        paths = [str(root.path / name) for root in roots.get(str(use.get("folder")), [])] if name else []
        found += [(path, at) for path in [*paths, *([str(use["path"])] if use.get("path") else [])]]
    return stock.catalogue.used([(path, at, _local_day(at)) for path, at in found])


def _local_day(at: float) -> str:
    return dt.datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d")
