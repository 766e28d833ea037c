"""What the catalogue answers with, where it is more than one row."""

from __future__ import annotations

import msgspec

from modelyard.catalogue.model import Model
from modelyard.values.about import About
from modelyard.values.identity import Identity


class Facets(msgspec.Struct, frozen=True):
    """How many models fit, their bytes, and how many would fit with each value of each column.

    Attributes:
        tags: The most common ones, with how many of the models that fit have each.
        categories: The same of CivitAI's categories.
    """

    total: int
    size: int
    counts: dict[str, dict[str, int]]
    tags: dict[str, int]
    categories: dict[str, int] = {}


class Details(msgspec.Struct, frozen=True):
    """One model with everything that is known of it."""

    model: Model
    identity: Identity
    about: About
    tags: tuple[str, ...]
    own_tags: tuple[str, ...]
    files: tuple[FileView, ...]


class FileView(msgspec.Struct, frozen=True):
    """One file of a model. Digests are measured, empty before."""

    path: str
    main: bool
    size: int
    mtime_ns: int
    inode: int
    sha256: str
    tensors: str
    blake3: str
    crc32: str
    autov1: str


class Kept(msgspec.Struct, frozen=True):
    """What became of what a scan found.

    Attributes:
        numbers: The models' ids, in order.
        moved: Old and new paths.
        touched: Models that somebody else wrote since the scan read them; it should read their sidecars again.
    """

    numbers: list[int]
    added: set[int]
    changed: set[int]
    moved: list[tuple[str, str]]
    touched: set[int] = set()
