"""Words of new models are indexed many at once, by whoever adds them; models with problems have an index.

With a trigger for each row FTS5 writes a part of its index for each.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_ROW_BY_ROW = (
    "CREATE TRIGGER models_words_in AFTER INSERT ON models BEGIN"
    " INSERT INTO models_words(rowid, words) VALUES (new.id, new.words); END"
)


def upgrade() -> None:
    """Drop the trigger, which PostgreSQL never had, and make the index."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER models_words_in")
    told = sa.text("problems <> ''")
    op.create_index("models_with_problems", "models", ["gone"], unique=False, sqlite_where=told, postgresql_where=told)


def downgrade() -> None:
    """The other way round."""
    op.drop_index("models_with_problems", table_name="models")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_ROW_BY_ROW)
