"""Measured digests in the catalogue: short forms are beginnings of long ones, so that an index finds both."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.store.shelves import model_files, models

COLUMNS = {
    "sha256": "sha256",
    "tensor-sha256": "tensors",
    "blake3": "blake3",
    "crc32": "crc32",
    "autov1": "autov1",
}
"""Algorithms that are kept, and their columns; AutoV2 begins SHA-256, AutoV3 begins the tensors'."""


def keep_digests(db: Connection, found: Mapping[str, Mapping[str, str]], at: float) -> list[int]:
    """Write digests to the files at these paths; gives the ids of their models."""
    numbers: list[int] = []
    for path, digests in found.items():
        values = {column: digests[name] for name, column in COLUMNS.items() if digests.get(name)}
        row = db.execute(
            sa.select(model_files.c.model, model_files.c.main).where(model_files.c.path == path)
        ).one_or_none()
        if row is None or not values:
            continue
        db.execute(model_files.update().where(model_files.c.path == path).values(**values))
        if row.main and "sha256" in values:
            db.execute(models.update().where(models.c.id == row.model).values(sha256=values["sha256"], checked=at))
        numbers.append(row.model)
    return numbers
