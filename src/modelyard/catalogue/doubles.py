"""Files with the same measured bytes, and files whose tensors alone are the same."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.store.shelves import model_files, models


class Double(msgspec.Struct, frozen=True, kw_only=True):
    """One file that has the same measured bytes, or tensors, as another.

    Attributes:
        model: Its model's number.
        problems: Of its model, in one text.
        added: Seconds since 1970.
    """

    model: int
    title: str
    format: str
    problems: str
    path: str
    size: int
    mtime_ns: int
    device: int
    inode: int
    sha256: str
    tensors: str
    favourite: bool
    hub: str
    added: float


_COLUMNS = [
    model_files.c.model,
    models.c.title,
    models.c.format,
    models.c.problems,
    *(model_files.c[name] for name in ("path", "size", "mtime_ns", "device", "inode", "sha256", "tensors")),
    models.c.favourite,
    models.c.hub,
    models.c.added,
]


def same_bytes(db: Connection) -> list[list[Double]]:
    """Files that are there, measured, and equal to another; the largest first."""
    groups = _grouped(db, "sha256", model_files.c.size > 0)
    return sorted(groups, key=lambda group: (-group[0].size * (len(group) - 1), group[0].sha256))


def same_tensors(db: Connection) -> list[list[Double]]:
    """Files whose tensors are equal, while what stands before them is not."""
    groups = _grouped(db, "tensors", model_files.c.tensors != "")
    return [group for group in groups if len({one.sha256 for one in group}) > 1]


def _grouped(db: Connection, name: str, also: sa.ColumnElement[bool]) -> list[list[Double]]:
    column = model_files.c[name]
    there = model_files.join(models, models.c.id == model_files.c.model)
    here = sa.and_(models.c.gone == 0, model_files.c.sha256 != "", also)
    twice = sa.select(column).select_from(there).where(here).group_by(column).having(sa.func.count() > 1)
    query = sa.select(*_COLUMNS).select_from(there).where(here, column.in_(twice)).order_by(column, model_files.c.path)
    found: dict[str, list[Double]] = {}
    for row in db.execute(query).mappings():
        one = Double(**row)
        found.setdefault(getattr(one, name), []).append(one)
    return list(found.values())


def restamp(db: Connection, path: str, stamp: Sequence[int]) -> int | None:
    """A file has other places on the disk, yet the same bytes: what was measured stays; gives its model.

    Args:
        stamp: Size, modification time (ns), device and inode.
    """
    row = db.execute(sa.select(model_files).where(model_files.c.path == path)).mappings().one_or_none()
    if row is None:
        return None
    size, mtime_ns, device, inode = stamp
    values = {"size": size, "mtime_ns": mtime_ns, "device": device, "inode": inode}
    db.execute(model_files.update().where(model_files.c.id == row["id"]).values(**values))
    if row["main"]:
        db.execute(models.update().where(models.c.id == row["model"]).values(modified=mtime_ns / 1e9))
    return int(row["model"])
