"""What a server refused with, in the history of each task."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column."""
    op.add_column("task_moves", sa.Column("exchange", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("task_moves", "exchange")
