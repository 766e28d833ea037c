"""The catalogue: models, their files, tags, uses, and a full-text index over their words."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_SQLITE = (
    "CREATE VIRTUAL TABLE models_words USING fts5"
    "(words, content='models', content_rowid='id', tokenize='unicode61 remove_diacritics 2')",
    "CREATE TRIGGER models_words_in AFTER INSERT ON models BEGIN"
    " INSERT INTO models_words(rowid, words) VALUES (new.id, new.words); END",
    "CREATE TRIGGER models_words_out AFTER DELETE ON models BEGIN"
    " INSERT INTO models_words(models_words, rowid, words) VALUES ('delete', old.id, old.words); END",
    "CREATE TRIGGER models_words_changed AFTER UPDATE OF words ON models WHEN old.words <> new.words BEGIN"
    " INSERT INTO models_words(models_words, rowid, words) VALUES ('delete', old.id, old.words);"
    " INSERT INTO models_words(rowid, words) VALUES (new.id, new.words); END",
)
_POSTGRESQL = (
    "ALTER TABLE models ADD COLUMN words_vector tsvector GENERATED ALWAYS AS (to_tsvector('simple', words)) STORED",
    "CREATE INDEX models_words ON models USING gin (words_vector)",
)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "models",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("folder", sa.String(length=80), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_key", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.Float(precision=53), nullable=False),
        sa.Column("added", sa.Float(precision=53), nullable=False),
        sa.Column("gone", sa.Float(precision=53), nullable=False),
        sa.Column("format", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("family", sa.String(length=80), nullable=False),
        sa.Column("certainty", sa.String(length=12), nullable=False),
        sa.Column("base", sa.String(length=80), nullable=False),
        sa.Column("dtype", sa.String(length=40), nullable=False),
        sa.Column("quantisation", sa.String(length=40), nullable=False),
        sa.Column("parameters", sa.BigInteger(), nullable=False),
        sa.Column("hub", sa.String(length=80), nullable=False),
        sa.Column("hub_model", sa.String(length=200), nullable=False),
        sa.Column("hub_version", sa.String(length=200), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("nsfw", sa.SmallInteger(), nullable=False),
        sa.Column("completeness", sa.String(length=12), nullable=False),
        sa.Column("preview", sa.Text(), nullable=False),
        sa.Column("health", sa.String(length=12), nullable=False),
        sa.Column("problems", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("checked", sa.Float(precision=53), nullable=False),
        sa.Column("asked", sa.Float(precision=53), nullable=False),
        sa.Column("favourite", sa.Boolean(), nullable=False),
        sa.Column("rating", sa.SmallInteger(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("used", sa.Float(precision=53), nullable=False),
        sa.Column("sidecars", sa.String(length=40), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("path"),
    )
    op.create_index(
        "models_as_cube",
        "models",
        [
            "gone",
            "folder",
            "kind",
            "family",
            "format",
            "base",
            "dtype",
            "hub",
            "health",
            "completeness",
            "favourite",
            "root",
            "size",
            "title_key",
            "added",
            "modified",
            "used",
            "uses",
            "rating",
        ],
        unique=False,
    )
    op.create_index("models_by_added", "models", ["gone", "added", "id"], unique=False)
    op.create_index("models_by_hub", "models", ["hub", "hub_model"], unique=False)
    op.create_index("models_by_modified", "models", ["gone", "modified", "id"], unique=False)
    op.create_index("models_by_rating", "models", ["gone", "rating", "id"], unique=False)
    op.create_index("models_by_root", "models", ["root", "gone", "sidecars"], unique=False)
    op.create_index("models_by_sha256", "models", ["sha256"], unique=False)
    op.create_index("models_by_size", "models", ["gone", "size", "id"], unique=False)
    op.create_index("models_by_title", "models", ["gone", "title_key", "id"], unique=False)
    op.create_index("models_by_used", "models", ["gone", "used", "id"], unique=False)
    op.create_index("models_by_uses", "models", ["gone", "uses", "id"], unique=False)
    op.create_table(
        "searches",
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("text"),
    )
    op.create_table(
        "model_files",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("main", sa.Boolean(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.BigInteger(), nullable=False),
        sa.Column("inode", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("tensors", sa.String(length=64), nullable=False),
        sa.Column("blake3", sa.String(length=64), nullable=False),
        sa.Column("crc32", sa.String(length=8), nullable=False),
        sa.Column("autov1", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("path"),
    )
    op.create_index("model_files_by_autov1", "model_files", ["autov1"], unique=False)
    op.create_index("model_files_by_blake3", "model_files", ["blake3"], unique=False)
    op.create_index("model_files_by_inode", "model_files", ["inode", "device"], unique=False)
    op.create_index("model_files_by_model", "model_files", ["model"], unique=False)
    op.create_index("model_files_by_sha256", "model_files", ["sha256"], unique=False)
    op.create_index("model_files_by_size", "model_files", ["size", "mtime_ns"], unique=False)
    op.create_index("model_files_by_tensors", "model_files", ["tensors"], unique=False)
    op.create_table(
        "model_tags",
        sa.Column("tag", sa.String(length=200), nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tag", "model"),
    )
    op.create_index("model_tags_by_model", "model_tags", ["model"], unique=False)
    op.create_table(
        "model_uses",
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("model", "day"),
    )
    op.create_table(
        "newer_versions",
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=200), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.Column("ignored", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("model", "version"),
    )
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    if op.get_bind().dialect.name == "sqlite":
        for name in ("in", "out", "changed"):
            op.execute(f"DROP TRIGGER models_words_{name}")
        op.execute("DROP TABLE models_words")
    else:
        op.drop_index("models_words", table_name="models")
    op.drop_table("newer_versions")
    op.drop_table("model_uses")
    op.drop_index("model_tags_by_model", table_name="model_tags")
    op.drop_table("model_tags")
    op.drop_index("model_files_by_tensors", table_name="model_files")
    op.drop_index("model_files_by_size", table_name="model_files")
    op.drop_index("model_files_by_sha256", table_name="model_files")
    op.drop_index("model_files_by_model", table_name="model_files")
    op.drop_index("model_files_by_inode", table_name="model_files")
    op.drop_index("model_files_by_autov1", table_name="model_files")
    op.drop_index("model_files_by_blake3", table_name="model_files")
    op.drop_table("model_files")
    op.drop_table("searches")
    op.drop_index("models_by_uses", table_name="models")
    op.drop_index("models_by_used", table_name="models")
    op.drop_index("models_by_title", table_name="models")
    op.drop_index("models_by_size", table_name="models")
    op.drop_index("models_by_sha256", table_name="models")
    op.drop_index("models_by_root", table_name="models")
    op.drop_index("models_by_rating", table_name="models")
    op.drop_index("models_by_modified", table_name="models")
    op.drop_index("models_by_hub", table_name="models")
    op.drop_index("models_by_added", table_name="models")
    op.drop_index("models_as_cube", table_name="models")
    op.drop_table("models")
