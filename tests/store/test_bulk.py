"""Many rows at once come out as they went in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from modelyard.store.bulk import insert_many
from modelyard.store.database import Database
from modelyard.store.shelves import model_changes, searches


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_what_is_put_in_at_once_comes_out_the_same(
    dialect: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    database = Database(tmp_path, request.getfixturevalue("postgres").empty() if dialect == "postgresql" else "")
    told: list[dict[str, Any]] = [
        {"text": text, "times": number, "at": number / 3}
        for number, text in enumerate(("plain", "100 % of %s and %(text)s", "quote ' and \"", "墨 ?", ":at"))
    ]
    turned = [dict(reversed(row.items())) for row in told[1:]]  # the order of the columns is the first row's
    with database.writing() as db:
        insert_many(db, searches, [told[0], *turned])
        insert_many(db, model_changes, [{"version": 2**40, "mark": "a", "models": None}])
    with database.reading() as db:
        assert list(map(dict, db.execute(sa.select(searches).order_by(searches.c.times)).mappings())) == told
        assert db.execute(sa.select(model_changes)).all() == [(2**40, "a", None)]
    database.close()
