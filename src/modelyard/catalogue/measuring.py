"""Measured digests in the catalogue: short forms are beginnings of long ones, so that an index finds both."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from modelyard.catalogue.keeping import rewrite
from modelyard.catalogue.model import LISTED, Health, Model, health_of, model_of
from modelyard.store.shelves import model_files, models
from modelyard.values.about import About, Own

COLUMNS = {
    "sha256": "sha256",
    "tensor-sha256": "tensors",
    "blake3": "blake3",
    "crc32": "crc32",
    "autov1": "autov1",
}
"""Algorithms that are kept, and their columns; AutoV2 begins SHA-256, AutoV3 begins the tensors'."""


_IS_SAFETENSORS = model_files.c.path.like("%.safetensors")


class Unmeasured(msgspec.Struct, frozen=True):
    """A file whose bytes nobody has read yet."""

    path: str
    size: int


def unmeasured(db: Connection, ids: Sequence[int], most: int, but: Sequence[str] = ()) -> list[Unmeasured]:
    """Files without digests, the smallest first.

    Args:
        ids: Of these models; empty is all.
        most: At most so many; 0 is all.
        but: Paths that are left alone; the first few hundred of them.
    """
    query = sa.select(model_files.c.path, model_files.c.size).join(models, models.c.id == model_files.c.model)
    query = query.where(model_files.c.sha256 == "", models.c.gone == 0).order_by(model_files.c.size, model_files.c.path)
    if ids:
        query = query.where(models.c.id.in_(ids))
    if but:
        query = query.where(model_files.c.path.not_in(but[:500]))
    return [Unmeasured(row.path, row.size) for row in db.execute(query.limit(most) if most else query)]


def adopt(db: Connection, path: str, is_away: Callable[[str], bool]) -> int | None:
    """A model that is gone had the same bytes as this file: what its owner wrote goes over to the one that is here.

    Args:
        is_away: Whether the place of a path cannot be seen now: its model may come back with its drive.

    Returns:
        The model that is here, when something went over.
    """
    here = sa.select(models).join(model_files, model_files.c.model == models.c.id)
    new = db.execute(here.where(model_files.c.path == path, model_files.c.main)).mappings().one_or_none()
    if new is None or not new["sha256"]:
        return None
    same = sa.select(models).where(models.c.sha256 == new["sha256"], models.c.gone > 0, models.c.size == new["size"])
    old = db.execute(same.order_by(models.c.gone.desc()).limit(1)).mappings().one_or_none()
    if old is None:
        return None
    if is_away(old["path"]):
        return None
    before, now = (msgspec.json.decode(row["about"], type=About) for row in (old, new))
    about = replace(before if before.hub and not now.hub else now, own=_both(now.own, before.own))
    used = {"uses": new["uses"] + old["uses"], "used": max(new["used"], old["used"]), "added": old["added"]}
    rewrite(db, new, about, used)
    db.execute(models.delete().where(models.c.id == old["id"]))
    return int(new["id"])


def to_verify(db: Connection, ids: Sequence[int], before: float, most: int) -> list[Model]:
    """Models to read whole: those that were never checked, then the longest unseen ones.

    Args:
        before: Only those that were checked before this time; 0 is all.
    """
    query = sa.select(*LISTED).where(models.c.gone == 0).order_by(models.c.checked, models.c.id)
    if ids:
        query = query.where(models.c.id.in_(ids))
    if before:
        query = query.where(models.c.checked < before)
    return [model_of(row) for row in db.execute(query.limit(most) if most else query).mappings()]


def overdue(db: Connection, before: float, most: int) -> list[int]:
    """Models that nobody checked since then: favourites and often used ones first."""
    query = sa.select(models.c.id).where(models.c.gone == 0, models.c.checked < before, models.c.sha256 != "")
    order = (models.c.favourite.desc(), models.c.uses.desc(), models.c.checked, models.c.id)
    return list(db.execute(query.order_by(*order).limit(most)).scalars())


def half_measured(db: Connection, before: float, settled: float) -> list[tuple[int, str]]:
    """Models whose download gave up the hashes that only the catalogue wants, and their paths; the smallest first.

    Those that somebody read whole since they came are left alone: what kept their hashes out then does so again.

    Args:
        before: Only those that came before this time.
        settled: Seconds after they came in which a reading is that of the download.
    """
    lacks = sa.or_(model_files.c.blake3 == "", sa.and_(model_files.c.tensors == "", _IS_SAFETENSORS))
    lacking = sa.select(model_files.c.model).where(lacks, model_files.c.sha256 != "")
    query = sa.select(models.c.id, models.c.path).where(models.c.id.in_(lacking), models.c.gone == 0)
    query = query.where(models.c.added < before, models.c.modified < before)
    query = query.where(models.c.checked <= models.c.added + settled).order_by(models.c.size, models.c.id)
    return [(row.id, row.path) for row in db.execute(query)]


def keep_check(db: Connection, number: int, problems: Collection[str], good: bool, at: float) -> Health:
    """Write down what reading a model whole said; gives its health."""
    health = health_of(problems, Health.GOOD if good else Health.UNVERIFIED)
    values = {"health": health.value, "problems": " ".join(sorted(problems)), "checked": at}
    db.execute(models.update().where(models.c.id == number).values(**values))
    return health


def _both(new: Own, old: Own) -> Own:
    """The words of both, none lost; where only one of two can stand, the newer one does."""
    notes = new.notes if old.notes in new.notes else "\n".join(filter(None, (new.notes, old.notes)))
    kept = {name: getattr(new, name) or getattr(old, name) for name in Own.__struct_fields__}
    return replace(new, **kept | {"notes": notes, "tags": tuple(dict.fromkeys((*new.tags, *old.tags)))})


def tried(db: Connection, number: int, at: float) -> None:
    """A model could not be read: the others come first next time."""
    db.execute(models.update().where(models.c.id == number).values(checked=at))


def keep_digests(
    db: Connection,
    found: Mapping[str, Mapping[str, str]],
    at: float,
    proven: Collection[str] = (),
    stamps: Mapping[str, tuple[int, int, int]] | None = None,
) -> list[int]:
    """Write digests to the files at these paths; gives the ids of their models. Known ones make no model read anew.

    Args:
        proven: Paths whose digests are those that a hub or a person promised.
        stamps: Size, time and inode that each file had while it was read; digests of a file that the catalogue
            knows with another stamp are not written.
    """
    numbers: list[int] = []
    for path, digests in found.items():
        values = {column: digests[name] for name, column in COLUMNS.items() if digests.get(name)}
        row = db.execute(sa.select(model_files).where(model_files.c.path == path)).one_or_none()
        if row is None or not values:
            continue
        if stamps is not None and stamps.get(path) != (row.size, row.mtime_ns, row.inode):
            continue
        db.execute(model_files.update().where(model_files.c.path == path).values(**values))
        if row.main and "sha256" in values:
            told: dict[str, Any] = {"sha256": values["sha256"]}
            if row.sha256 != values["sha256"]:  # a scan brings along what was measured long ago, too
                told["checked"] = at
            db.execute(models.update().where(models.c.id == row.model).values(**told))
            if path in proven:
                sound = sa.and_(models.c.id == row.model, models.c.health == Health.UNVERIFIED.value)
                db.execute(models.update().where(sound).values(health=Health.GOOD.value))
        numbers.append(row.model)
    return numbers
