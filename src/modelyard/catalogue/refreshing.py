"""Which models hubs should be asked about, and writing what they told: one transaction for many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.catalogue.keeping import rewrite
from modelyard.store.shelves import model_files, models
from modelyard.values.about import About
from modelyard.values.identity import Identity

_CHUNK = 500


class Subject(msgspec.Struct, frozen=True):
    """One model that hubs may be asked about.

    Attributes:
        sha256: Of its main file, measured; empty before.
        tensors: SHA-256 of its main file's tensors alone.
        asked: When a hub was asked last, seconds since 1970; 0 for never.
    """

    id: int
    path: str
    preview: str
    sha256: str
    tensors: str
    asked: float
    identity: Identity
    about: About


class Learned(msgspec.Struct, frozen=True):
    """What is known of a model now.

    Attributes:
        change: From what was known to what is known now: its owner may have written meanwhile.
        identity: What it is by all that is known; None leaves it.
    """

    change: Callable[[About], About]
    identity: Identity | None = None
    columns: Mapping[str, Any] | None = None


def due(db: Connection, ids: Sequence[int], *, every: bool, before: float, most: int) -> list[int]:
    """Ids of models to ask about: those used most first, then those never asked about, then the newest.

    Args:
        ids: Only these; empty is all.
        every: Complete ones, too.
        before: Only those that were asked about before this time.
        most: At most so many; 0 is all.
    """
    query = sa.select(models.c.id).where(models.c.gone == 0, models.c.asked < before)
    if not every:
        query = query.where(sa.or_(models.c.completeness != "complete", models.c.preview == ""))
    order = (models.c.uses.desc(), sa.case((models.c.asked > 0, 1), else_=0), models.c.added.desc(), models.c.id)
    if not ids:
        return list(db.execute(query.order_by(*order).limit(most or None)).scalars())
    found: list[int] = []
    for first in range(0, len(ids), _CHUNK):
        chosen = query.where(models.c.id.in_(ids[first : first + _CHUNK]))
        found += db.execute(chosen.order_by(*order)).scalars()
    return found[: most or None]


def subjects(db: Connection, ids: Sequence[int]) -> list[Subject]:
    """What a question to hubs needs to know of these models."""
    columns = [models.c[name] for name in ("id", "path", "preview", "sha256", "asked", "identity", "about")]
    query = sa.select(*columns, sa.func.coalesce(model_files.c.tensors, "").label("tensors"))
    query = query.outerjoin(model_files, sa.and_(model_files.c.model == models.c.id, model_files.c.main))
    found = {
        row.id: Subject(
            row.id,
            row.path,
            row.preview,
            row.sha256,
            row.tensors,
            row.asked,
            msgspec.json.decode(row.identity, type=Identity),
            msgspec.json.decode(row.about, type=About),
        )
        for row in db.execute(query.where(models.c.id.in_(ids)))
    }
    return [found[number] for number in ids if number in found]


def learn(db: Connection, found: Mapping[int, Learned]) -> dict[int, About]:
    """Write what is known of models now; those that are forgotten meanwhile are passed over."""
    kept: dict[int, About] = {}
    rows: Sequence[Mapping[Any, Any]] = (
        db.execute(sa.select(models).where(models.c.id.in_(list(found)))).mappings().all()
    )
    for row in rows:
        learned = found[row["id"]]
        about = learned.change(msgspec.json.decode(row["about"], type=About))
        more = dict(learned.columns or {})
        if learned.identity is not None:
            more |= _identified(learned.identity)
            row = {**row, "identity": more["identity"]}
        rewrite(db, row, about, more)
        kept[row["id"]] = about
    return kept


def _identified(identity: Identity) -> dict[str, Any]:
    told = {name: getattr(identity, name) for name in ("kind", "family", "certainty")}
    return told | {"identity": msgspec.json.encode(identity).decode()}
