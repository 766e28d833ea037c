"""A model that we moved ourselves: the same row at its new path, with its number and its owner's words."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.keeping import rewrite
from modelyard.catalogue.model import FileFacts
from modelyard.store.shelves import model_files, models
from modelyard.values.about import About


class Relocation(msgspec.Struct, frozen=True, kw_only=True):
    """Where a model lies now.

    Attributes:
        files: New path of each of its files by the old one.
        sidecars: Stamp of the small files beside it.
        gone: It lies where models are not listed: in the trash.
    """

    model: int
    path: str
    root: str
    folder: str
    place: str
    name: str
    files: dict[str, str]
    preview: str = ""
    sidecars: str = ""
    gone: bool = False


def relocate(db: Connection, one: Relocation, facts: Mapping[str, FileFacts], now: float) -> list[int]:
    """Write it down; doing it twice changes nothing more.

    Args:
        facts: What the new paths are on the disk; those that are not there are left out.

    Returns:
        The models that changed, those that had to go among them; none when this one is not known.
    """
    row = db.execute(sa.select(models).where(models.c.id == one.model)).mappings().one_or_none()
    if row is None:
        return []
    dropped = _make_room(db, one)
    told = {"path": one.path, "root": one.root, "folder": one.folder, "place": one.place, "name": one.name}
    about = msgspec.json.decode(row["about"], type=About)
    gone = (row["gone"] or now) if one.gone else 0.0
    rewrite(db, {**row, **told}, about, told | {"preview": one.preview, "sidecars": one.sidecars, "gone": gone})
    for old, new in one.files.items():
        values: dict[str, object] = {"path": new}
        if new in facts:
            values |= {name: getattr(facts[new], name) for name in ("size", "mtime_ns", "device", "inode")}
        ours = sa.and_(model_files.c.model == one.model, model_files.c.path.in_((old, new)))
        db.execute(model_files.update().where(ours).values(**values))
    return [one.model, *dropped]


def _make_room(db: Connection, one: Relocation) -> list[int]:
    """Other models at the new paths: one that is gone steps aside, one that a scan just made of our file goes.

    Returns:
        Those that went.
    """
    paths = [one.path, *one.files.values()]
    by_file = sa.select(model_files.c.model).where(model_files.c.path.in_(paths))
    others = sa.select(models.c.id, models.c.path, models.c.gone).where(
        models.c.id != one.model, sa.or_(models.c.path.in_(paths), models.c.id.in_(by_file))
    )
    dropped: list[int] = []
    for row in db.execute(others).all():
        if not row.gone:
            dropped.append(row.id)
            db.execute(models.delete().where(models.c.id == row.id))
            continue
        aside = f"//{row.id}"  # no path has two slashes, so nothing ever stands there
        db.execute(models.update().where(models.c.id == row.id).values(path=row.path + aside))
        files = model_files.c.model == row.id
        db.execute(model_files.update().where(files).values(path=model_files.c.path + aside))
    return dropped
