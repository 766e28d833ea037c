"""Which versions of hubs' models are here, and which newer ones were found."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.asking import unindexed
from modelyard.store.shelves import model_files, models, newer
from modelyard.values.about import Version


class Installed(msgspec.Struct, frozen=True):
    """One model that came from a hub, as it is here."""

    id: int
    version: str
    base: str
    sha256: tuple[str, ...]


class Proven(msgspec.Struct, frozen=True):
    """One measured file of a model that may come from a repository.

    Attributes:
        hub: That its model comes from; empty when nobody knows.
    """

    id: int
    model: int
    hub: str
    hub_model: str
    path: str
    main: bool
    sha256: str


class Newer(msgspec.Struct, frozen=True):
    """A version that is newer than what is here."""

    model: int
    title: str
    hub: str
    hub_model: str
    here: str
    version: Version
    found: float
    ignored: bool


def installed(db: Connection, ids: Sequence[int] = ()) -> dict[tuple[str, str], list[Installed]]:
    """What is here of each hub's model, by hub and its own id."""
    columns = (models.c.id, models.c.hub, models.c.hub_model, models.c.hub_version, models.c.base)
    here = unindexed("gone", db.dialect.name) == 0
    query = sa.select(*columns).where(here, models.c.hub != "", models.c.hub_model != "")
    if ids:
        chosen = sa.select(models.c.hub, models.c.hub_model).where(models.c.id.in_(ids)).distinct()
        query = query.where(sa.tuple_(models.c.hub, models.c.hub_model).in_(chosen))
    rows = db.execute(query.order_by(models.c.id)).all()
    digests: dict[int, list[str]] = {}
    measured = sa.select(model_files.c.model, model_files.c.sha256).where(model_files.c.sha256 != "")
    if ids:  # `query` may give more than these, and is asked again rather than its numbers sent back
        measured = measured.where(model_files.c.model.in_(query.with_only_columns(models.c.id)))
    for number, value in db.execute(measured):
        digests.setdefault(number, []).append(value)
    found: dict[tuple[str, str], list[Installed]] = {}
    for row in rows:
        one = Installed(row.id, row.hub_version, row.base, tuple(digests.get(row.id, ())))
        found.setdefault((row.hub, row.hub_model), []).append(one)
    return found


def proven(db: Connection, hubs: Sequence[str], ids: Sequence[int], after: int, most: int) -> list[Proven]:
    """Measured files of models from these hubs, or from nobody knows where, after the file of this number."""
    columns = (model_files.c.id, model_files.c.model, models.c.hub, models.c.hub_model)
    # a walk along the files' numbers: by an index of the models each page would cost as much as all
    gone, hub = (unindexed(name, db.dialect.name) for name in ("gone", "hub"))
    query = (
        sa.select(*columns, model_files.c.path, model_files.c.main, model_files.c.sha256)
        .join(models, models.c.id == model_files.c.model)
        .where(gone == 0, hub.in_(["", *hubs]), model_files.c.sha256 != "", model_files.c.id > after)
    )
    if ids:
        query = query.where(models.c.id.in_(ids))
    return [Proven(*row) for row in db.execute(query.order_by(model_files.c.id).limit(most))]


def keep_newer(db: Connection, number: int, versions: Sequence[Version], at: float) -> None:
    """Write down which versions are newer than a model; what was ignored stays ignored."""
    rows = db.execute(sa.select(newer.c.version, newer.c.ignored).where(newer.c.model == number)).all()
    ignored = {row.version for row in rows if row.ignored}
    db.execute(newer.delete().where(newer.c.model == number))
    told = {one.id[:200]: one for one in versions}
    for version in ignored - set(told):
        db.execute(newer.insert().values(model=number, version=version, found="", at=at, ignored=True))
    for version, one in told.items():
        found = msgspec.json.encode(one).decode()
        db.execute(newer.insert().values(model=number, version=version, found=found, at=at, ignored=version in ignored))


def list_newer(db: Connection, *, ignored: bool = False) -> list[Newer]:
    """Newer versions that were found, by the models' titles.

    Args:
        ignored: Those that a person does not want to hear of, too.
    """
    columns = (newer, models.c.title, models.c.hub, models.c.hub_model, models.c.hub_version)
    query = (
        sa.select(*columns).join(models, models.c.id == newer.c.model).where(models.c.gone == 0, newer.c.found != "")
    )
    if not ignored:
        query = query.where(~newer.c.ignored)
    return [
        Newer(
            row.model,
            row.title,
            row.hub,
            row.hub_model,
            row.hub_version,
            msgspec.json.decode(row.found, type=Version),
            row.at,
            row.ignored,
        )
        for row in db.execute(query.order_by(models.c.title_key, newer.c.model, newer.c.version.desc()).limit(10_000))
    ]


def ignore(db: Connection, number: int, version: str, *, on: bool, at: float) -> None:
    """Hear no more of a version, or of one again; `*` is every version that is known now."""
    same = newer.c.model == number if version == "*" else sa.and_(newer.c.model == number, newer.c.version == version)
    changed = db.execute(newer.update().where(same).values(ignored=on)).rowcount
    if on and not changed and version != "*":
        db.execute(newer.insert().values(model=number, version=version, found="", at=at, ignored=True))
