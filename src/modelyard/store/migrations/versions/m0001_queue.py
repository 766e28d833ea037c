"""The queue, its history, statistics and answers."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "answers",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("asked", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("answers_by_time", "answers", ["at"], unique=False)
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "daily",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("hub", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("day", "hub", "kind"),
    )
    op.create_table(
        "periodic",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("cron", sa.String(length=120), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("since", sa.Float(precision=53), nullable=False),
        sa.Column("last", sa.Float(precision=53), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("hub", sa.String(length=80), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("position", sa.Float(precision=53), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.Float(precision=53), nullable=True),
        sa.Column("follows", sa.BigInteger(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(precision=53), nullable=False),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.Column("started", sa.Float(precision=53), nullable=True),
        sa.Column("ended", sa.Float(precision=53), nullable=True),
        sa.Column("favourite", sa.Boolean(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("tasks_by_end", "tasks", ["ended", "id"], unique=False)
    op.create_index("tasks_by_key", "tasks", ["key"], unique=False)
    op.create_index("tasks_by_leader", "tasks", ["follows"], unique=False)
    op.create_index("tasks_by_place", "tasks", ["listed", "priority", "position", "id"], unique=False)
    op.create_index("tasks_by_until", "tasks", ["until"], unique=False)
    op.create_index("tasks_in_order", "tasks", ["state", "hub", "priority", "position", "id"], unique=False)
    op.create_table(
        "task_moves",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("task", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.Column("from_state", sa.String(length=12), nullable=True),
        sa.Column("to_state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("task_moves_by_task", "task_moves", ["task", "id"], unique=False)
    op.create_table(
        "task_needs",
        sa.Column("task", sa.BigInteger(), nullable=False),
        sa.Column("needs", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["needs"], ["tasks.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("task", "needs"),
    )
    op.create_index("task_needs_by_need", "task_needs", ["needs"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("task_needs_by_need", table_name="task_needs")
    op.drop_table("task_needs")
    op.drop_index("task_moves_by_task", table_name="task_moves")
    op.drop_table("task_moves")
    op.drop_index("tasks_in_order", table_name="tasks")
    op.drop_index("tasks_by_until", table_name="tasks")
    op.drop_index("tasks_by_place", table_name="tasks")
    op.drop_index("tasks_by_leader", table_name="tasks")
    op.drop_index("tasks_by_key", table_name="tasks")
    op.drop_index("tasks_by_end", table_name="tasks")
    op.drop_table("tasks")
    op.drop_table("periodic")
    op.drop_table("daily")
    op.drop_table("counters")
    op.drop_index("answers_by_time", table_name="answers")
    op.drop_table("answers")
