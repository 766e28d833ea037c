"""The folders that models lie in: counted by the database, one row a folder, summed up to their roots here."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.asking import Asking, where
from modelyard.store.shelves import models

_MOST = 5000
"""Folders in one answer."""


class FolderCount(msgspec.Struct, frozen=True):
    """One folder.

    Attributes:
        place: Relative to its root, with `/`.
        models: How many lie in it and below it; `size` are their bytes.
    """

    root: str
    place: str
    models: int
    size: int


class Folders(msgspec.Struct, frozen=True):
    """Folders by root and place, each before those in it. Roots themselves are not among them.

    Attributes:
        whole: These are all; False where the tree was cut off.
    """

    folders: list[FolderCount]
    whole: bool


def folders(db: Connection, asking: Asking) -> Folders:
    """The folders of the models that fit."""
    parent = _parent(db.dialect.name).label("parent")
    query = sa.select(models.c.root, parent, sa.func.count(), sa.func.sum(models.c.size))
    query = query.where(*where(asking, db.dialect.name)).group_by(models.c.root, parent)
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for root, text, count, size in db.execute(query):
        for place in _upwards(text):
            models_before, size_before = found.get((root, place), (0, 0))
            found[root, place] = (models_before + count, size_before + int(size))
    told = sorted(found, key=lambda key: (key[0], key[1].split("/")))
    return Folders([FolderCount(*key, *found[key]) for key in told[:_MOST]], len(told) <= _MOST)


def _parent(dialect: str) -> sa.ColumnElement[str]:
    """A model's place without its last part; what is left ends with `/` or is empty."""
    if dialect == "sqlite":  # whatever is no slash goes, from the right on
        return sa.func.rtrim(models.c.place, sa.func.replace(models.c.place, "/", ""))
    return sa.func.regexp_replace(models.c.place, "[^/]*$", "")


def _upwards(text: str) -> Iterator[str]:
    """A folder and the folders around it."""
    parts = text.rstrip("/").split("/") if text else []
    for length in range(len(parts), 0, -1):
        yield "/".join(parts[:length])
