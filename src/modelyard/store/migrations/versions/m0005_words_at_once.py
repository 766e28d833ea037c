"""Words of new models are indexed many at once, by whoever adds them: row by row each is written as a part of its own."""

from alembic import op

revision = "0005"
down_revision = "0004"

_ROW_BY_ROW = (
    "CREATE TRIGGER models_words_in AFTER INSERT ON models BEGIN"
    " INSERT INTO models_words(rowid, words) VALUES (new.id, new.words); END"
)


def upgrade() -> None:
    """Drop the trigger; PostgreSQL makes its words itself."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER models_words_in")


def downgrade() -> None:
    """Make it again."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_ROW_BY_ROW)
