"""Counts per day, hub and kind: their sums, and what twenty years of them cost."""

from __future__ import annotations

import time
from pathlib import Path

import sqlalchemy as sa

from modelyard.app import App
from modelyard.server.inside import call
from modelyard.store.database import Database
from modelyard.store.schema import daily
from modelyard.tasks.statistics import days

DAYS, HUBS, KINDS = 7305, 6, 8
ROWS = DAYS * HUBS * KINDS
TWENTY_YEARS = f"""
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS - 1})
    INSERT INTO daily (day, hub, kind, done, failed, cancelled, bytes, seconds)
    SELECT date('2006-01-01', '+' || (i / 48) || ' days'), 'hub-' || (i % 6), 'kind-' || ((i / 6) % 8),
           3, 1, 0, 51739574316, 547.2 FROM n
"""


def test_days_are_summed_by_month_and_year(database: Database) -> None:
    row = {"hub": "web", "kind": "download", "done": 1, "failed": 0, "cancelled": 2, "bytes": 2**40, "seconds": 1.5}
    told = ["2025-12-31", "2026-01-01", "2026-01-31", "2026-02-01"]
    with database.writing() as db:
        db.execute(daily.insert(), [{**row, "day": day} for day in told])
        db.execute(daily.insert().values(row | {"day": "2026-01-01", "hub": "civitai"}))
    with database.reading() as db:
        assert [(one.day, one.hub, one.done) for one in days(db, "2026-01-01", by="month")] == [
            ("2026-01", "civitai", 1),
            ("2026-01", "web", 2),
            ("2026-02", "web", 1),
        ]
        year = days(db, by="year")[-1]
        assert (year.day, year.cancelled, year.bytes, year.seconds) == ("2026", 6, 3 * 2**40, 4.5)
        assert type(year.bytes) is int
        assert [one.day for one in days(db, until="2026-01-01")] == ["2025-12-31", "2026-01-01", "2026-01-01"]


def test_twenty_years_take_little_space_and_a_year_of_them_is_told_at_once(tmp_path: Path) -> None:
    with App({"MODELYARD_HOME": str(tmp_path / "yard")}) as app:
        with app.queue.database.writing() as db:
            db.exec_driver_sql(TWENTY_YEARS)
        with app.queue.database.reading() as db:
            assert db.execute(sa.select(sa.func.count()).select_from(daily)).scalar() == ROWS
            size = db.exec_driver_sql("PRAGMA page_count").scalar() * db.exec_driver_sql("PRAGMA page_size").scalar()
        assert size < 100 * ROWS  # 33 MiB where every hub does every kind of work on every day
        for asked, rows, seconds in (
            ("since=2025-01-01&until=2025-12-31", 365 * HUBS * KINDS, 1.0),
            ("by=month", 240 * HUBS * KINDS, 2.0),
            ("by=year", 20 * HUBS * KINDS, 2.0),
        ):
            begun = time.process_time()
            told = call(app, "GET", f"/api/v1/statistics?{asked}")[1]
            assert time.process_time() - begun < seconds, asked
            assert len(told["days"]) == rows
            assert told["bytes"] == 51739574316 * (365 * HUBS * KINDS if "since" in asked else ROWS)
