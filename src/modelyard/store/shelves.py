"""The tables of the catalogue: models, their files, tags, uses. A change here needs a migration.

A model is what a person picks (a file, a sharded set, a diffusers folder); its files are what lies on disk.
What a person wrote (title, notes, tags, rating) stands in columns of its own that no scan and no hub writes.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from modelyard.store.schema import metadata

models = Table(
    "models",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # from `counters`: never used twice
    Column("path", Text, nullable=False, unique=True),  # its main file, or its folder
    Column("root", Text, nullable=False),
    Column("folder", String(80), nullable=False),  # ComfyUI's name of the root's kind, empty for a mixed root
    Column("place", Text, nullable=False),  # relative to the root, with /
    Column("name", Text, nullable=False),  # file name without its last suffix
    Column("title", Text, nullable=False),  # what is shown: the owner's, else the hub's, else the name
    Column("title_key", Text, nullable=False),  # lower case, to sort by
    Column("size", BigInteger, nullable=False),
    Column("modified", Float(53), nullable=False),
    Column("added", Float(53), nullable=False),
    Column("gone", Float(53), nullable=False),  # since when it is not on the disk any more; 0 while it is
    Column("format", String(40), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("family", String(80), nullable=False),
    Column("certainty", String(12), nullable=False),
    Column("base", String(80), nullable=False),
    Column("dtype", String(40), nullable=False),
    Column("quantisation", String(40), nullable=False),
    Column("parameters", BigInteger, nullable=False),
    Column("hub", String(80), nullable=False),
    Column("hub_model", String(200), nullable=False),
    Column("hub_version", String(200), nullable=False),
    Column("author", Text, nullable=False),
    Column("licence", Text, nullable=False),
    Column("nsfw", SmallInteger, nullable=False),  # CivitAI's bits, 0 when nobody says
    Column("completeness", String(12), nullable=False),
    Column("preview", Text, nullable=False),  # path of the preview, empty when there is none
    Column("health", String(12), nullable=False),  # see catalogue.model.Health
    Column("problems", Text, nullable=False),  # codes, separated by blanks
    Column("sha256", String(64), nullable=False),  # of the main file, measured; empty before
    Column("checked", Float(53), nullable=False),  # when its bytes were read last; 0 for never
    Column("asked", Float(53), nullable=False),  # when a hub was asked last; 0 for never
    Column("favourite", Boolean, nullable=False),
    Column("rating", SmallInteger, nullable=False),  # 0 for none
    Column("team", Text, nullable=False),  # the group that its owner put it in
    Column("notes", Text, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("used", Float(53), nullable=False),  # when it was used last; 0 for never
    Column("sidecars", String(40), nullable=False),  # stamp of the small files beside it
    Column("identity", Text, nullable=False),  # JSON: values.identity.Identity
    Column("about", Text, nullable=False),  # JSON: values.about.About
    Column("words", Text, nullable=False),  # what full-text search looks into
    Index("models_by_title", "gone", "title_key", "id"),
    Index("models_by_added", "gone", "added", "id"),
    Index("models_by_modified", "gone", "modified", "id"),
    Index("models_by_size", "gone", "size", "id"),
    Index("models_by_used", "gone", "used", "id"),
    Index("models_by_uses", "gone", "uses", "id"),
    Index("models_by_rating", "gone", "rating", "id"),
    Index("models_by_root", "root", "gone", "sidecars"),
    Index("models_by_hub", "hub", "hub_model"),
    Index("models_by_sha256", "sha256"),
    Index("models_by_place", "place", "gone"),
    *(
        Index(name, "gone", sqlite_where=text(of), postgresql_where=text(of))
        for name, of in (
            ("models_without_preview", "preview = ''"),
            ("models_without_sha256", "sha256 = ''"),
            ("models_with_problems", "problems <> ''"),
        )
    ),
    Index(
        "models_as_cube",
        *("gone", "folder", "kind", "family", "format", "base", "dtype", "hub", "health", "completeness", "favourite"),
        *("root", "size", "title_key", "added", "modified", "used", "uses", "rating"),  # found and sorted without a row
    ),
)

model_files = Table(
    "model_files",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("model", Integer, ForeignKey("models.id", ondelete="CASCADE"), nullable=False),
    Column("path", Text, nullable=False, unique=True),
    Column("main", Boolean, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("device", BigInteger, nullable=False),
    Column("inode", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),  # measured; all of these are emptied when the stamp changes
    Column("tensors", String(64), nullable=False),  # SHA-256 of what follows a safetensors header
    Column("blake3", String(64), nullable=False),
    Column("crc32", String(8), nullable=False),
    Column("autov1", String(8), nullable=False),
    Index("model_files_by_model", "model"),
    Index("model_files_by_inode", "inode", "device"),
    Index("model_files_by_sha256", "sha256"),
    Index("model_files_by_tensors", "tensors"),
    Index("model_files_by_blake3", "blake3"),
    Index("model_files_by_autov1", "autov1"),
    Index("model_files_by_size", "size", "mtime_ns"),
)

model_changes = Table(
    "model_changes",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),  # of the catalogue, from `counters`
    Column("mark", String(16), nullable=False),  # random: a database that was put back counts on with other ones
    Column("models", Text),  # numbers, separated by commas; NULL when they are too many, or nobody knows which
)

model_tags = Table(
    "model_tags",
    metadata,
    Column("tag", String(200), primary_key=True),
    Column("model", Integer, ForeignKey("models.id", ondelete="CASCADE"), primary_key=True),
    Column("own", Boolean, nullable=False),  # its owner's, not a hub's
    Index("model_tags_by_model", "model"),
)

model_uses = Table(
    "model_uses",
    metadata,
    Column("model", Integer, ForeignKey("models.id", ondelete="CASCADE"), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("times", Integer, nullable=False),
)

searches = Table(
    "searches",
    metadata,
    Column("text", String(200), primary_key=True),
    Column("times", Integer, nullable=False),
    Column("at", Float(53), nullable=False),
)

newer = Table(
    "newer_versions",
    metadata,
    Column("model", Integer, ForeignKey("models.id", ondelete="CASCADE"), primary_key=True),
    Column("version", String(200), primary_key=True),
    Column("found", Text, nullable=False),  # JSON: name, published, base model, page, size
    Column("at", Float(53), nullable=False),
    Column("ignored", Boolean, nullable=False),
)
