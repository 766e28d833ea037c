"""Which models each change was about, and indexes for those of a folder and those that lack something."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "model_changes",
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.String(length=16), nullable=False),
        sa.Column("models", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_index("models_by_place", "models", ["place", "gone"], unique=False)
    for name in ("preview", "sha256"):
        lacks = sa.text(f"{name} = ''")
        op.create_index(
            f"models_without_{name}", "models", ["gone"], unique=False, sqlite_where=lacks, postgresql_where=lacks
        )


def downgrade() -> None:
    """Drop them."""
    for name in ("models_without_sha256", "models_without_preview", "models_by_place"):
        op.drop_index(name, table_name="models")
    op.drop_table("model_changes")
