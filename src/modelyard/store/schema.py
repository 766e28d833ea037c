"""The tables of the one database. A change here needs a migration in `store/migrations/versions`."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

HEAD = "0006"
"""The newest migration."""

metadata = MetaData()

tasks = Table(
    "tasks",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),  # from `counters`: never used twice
    Column("kind", String(40), nullable=False),
    Column("title", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("hub", String(80), nullable=False),
    Column("target", Text, nullable=False),
    Column("payload", Text, nullable=False),  # JSON, the kind's own
    Column("key", Text),  # the same for the same work; NULL follows nobody
    Column("priority", SmallInteger, nullable=False),
    Column("position", Float(53), nullable=False),
    Column("state", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    Column("until", Float(53)),  # seconds since 1970
    Column("follows", BigInteger),  # the task whose work is shared
    Column("run", Integer, nullable=False),  # how often it was started; a late result of an older run counts nothing
    Column("attempts", Integer, nullable=False),  # failed ones since a person asked last
    Column("error", Text),  # JSON: code, message, hint, retryable
    Column("result", Text),  # JSON, the kind's own
    Column("size", BigInteger),
    Column("done", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),  # bytes that came over the wire, all runs together
    Column("seconds", Float(53), nullable=False),  # of all runs together
    Column("created", Float(53), nullable=False),
    Column("started", Float(53)),
    Column("ended", Float(53)),
    Column("favourite", Boolean, nullable=False),
    Column("listed", Boolean, nullable=False),  # shown in the queue; history shows it either way
    Column("search", Text, nullable=False),  # lower case
    Index("tasks_in_order", "state", "hub", "priority", "position", "id"),
    Index("tasks_by_place", "listed", "priority", "position", "id"),
    Index("tasks_by_end", "ended", "id"),
    Index("tasks_by_key", "key"),
    Index("tasks_by_leader", "follows"),
    Index("tasks_by_until", "until"),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

needs = Table(
    "task_needs",
    metadata,
    Column("task", BigInteger, ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    Column("needs", BigInteger, ForeignKey("tasks.id", ondelete="CASCADE"), primary_key=True),
    Index("task_needs_by_need", "needs"),
)

moves = Table(
    "task_moves",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("task", BigInteger, ForeignKey("tasks.id", ondelete="CASCADE"), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("from_state", String(12)),
    Column("to_state", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    Column("exchange", Text, nullable=False, server_default=""),  # JSON: what a server refused with; see net.exchange
    Index("task_moves_by_task", "task", "id"),
)

daily = Table(
    "daily",
    metadata,
    Column("day", String(10), primary_key=True),  # YYYY-MM-DD, local time
    Column("hub", String(80), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("done", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("cancelled", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("seconds", Float(53), nullable=False),
)

answers = Table(
    "answers",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("asked", String(64), nullable=False),  # SHA-256 of the request
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", Float(53), nullable=False),
    Index("answers_by_time", "at"),
)

periodic = Table(
    "periodic",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("cron", String(120), nullable=False),
    Column("draft", Text, nullable=False),  # JSON: the task that is added each time
    Column("since", Float(53), nullable=False),
    Column("last", Float(53)),
)
