"""What may be asked of the catalogue, and what that is in SQL."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from modelyard.catalogue.words import asked_words
from modelyard.store.shelves import model_tags, models

FACETS = ("folder", "kind", "family", "format", "base", "dtype", "hub", "health", "completeness", "favourite", "root")
"""Columns that models are counted by; the order of the index `models_as_cube`."""


class Choice(msgspec.Struct, frozen=True):
    """Values of one column: any of the wanted (all when empty), none of the unwanted."""

    wanted: frozenset[Any]
    unwanted: frozenset[Any] = frozenset()

    def __contains__(self, value: object) -> bool:
        return value not in self.unwanted and (not self.wanted or value in self.wanted)


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """Which models. Several values of one column mean any of them; several columns mean all of them.

    Attributes:
        text: Words that must all be found; each may be the beginning of one.
        tags: All of them.
        category: Tags again, any of them: what CivitAI calls categories.
        exclude: None of these: columns of `FACETS` with a value each, or `tag` with one.
        group: The one that their owner put them in, as it is written.
        gone: Those that are not on the disk any more instead of those that are.
        without: `preview`, `hub`, `sha256`: what they do not have.
        unused_since: Not used since then (seconds since 1970); never used counts.
    """

    text: str = ""
    folder: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    format: tuple[str, ...] = ()
    base: tuple[str, ...] = ()
    dtype: tuple[str, ...] = ()
    hub: tuple[str, ...] = ()
    health: tuple[str, ...] = ()
    completeness: tuple[str, ...] = ()
    favourite: tuple[bool, ...] = ()
    root: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    exclude: tuple[tuple[str, str], ...] = ()
    place: str = ""
    group: str = ""
    rating: int = 0
    larger: int | None = None
    smaller: int | None = None
    added_since: float | None = None
    unused_since: float | None = None
    without: tuple[str, ...] = ()
    gone: bool = False
    ids: tuple[int, ...] = ()


def chosen_values(asking: Asking) -> dict[str, Choice]:
    """The columns that models are counted by and that are asked for."""
    found = {name: Choice(frozenset(getattr(asking, name)), _unwanted(asking, name)) for name in FACETS}
    return {name: choice for name, choice in found.items() if choice.wanted or choice.unwanted}


def _unwanted(asking: Asking, column: str) -> frozenset[str]:
    return frozenset(value for name, value in asking.exclude if name == column)


def where(asking: Asking, dialect: str) -> list[sa.ColumnElement[bool]]:
    """The whole question. Of the columns that models are counted by, SQLite takes no index of their own."""
    found: list[sa.ColumnElement[bool]] = []
    for name, choice in chosen_values(asking).items():
        found += [unindexed(name, dialect).in_(choice.wanted)] if choice.wanted else []
        found += [unindexed(name, dialect).not_in(choice.unwanted)] if choice.unwanted else []
    return [*found, *beyond(asking, dialect)]


def beyond(asking: Asking, dialect: str) -> list[sa.ColumnElement[bool]]:
    """What is asked beside the columns that models are counted by."""
    gone = unindexed("gone", dialect) if asking.place else models.c.gone
    found: list[sa.ColumnElement[bool]] = [gone > 0 if asking.gone else gone == 0]
    words = asked_words(asking.text)
    if asking.text.strip() and not words:
        found.append(sa.false())
    if words:
        found.append(models.c.id.in_(hits(words)) if dialect == "sqlite" else _vector_has(words))
    found += [models.c.id.in_(tagged(tag)) for tag in asking.tags]
    found += [models.c.id.in_(tagged(*asking.category))] if asking.category else []
    found += [models.c.id.not_in(tagged(tag)) for tag in sorted(_unwanted(asking, "tag"))]
    if asking.place:
        found += _below(asking.place.rstrip("/"), dialect)
    return found + [lacks(name) for name in asking.without] + _ranges(asking)


def _below(place: str, dialect: str) -> list[sa.ColumnElement[bool]]:
    """What lies in a folder: SQLite finds no beginning of a text in an index, but a stretch between two."""
    if dialect != "sqlite":
        return [models.c.place.startswith(place + "/", autoescape=True)]
    return [models.c.place >= place + "/", models.c.place < place + "0"]  # "0" follows "/"


def lacks(name: str) -> sa.ColumnElement[bool]:
    """What has no such thing, in the very words of the index of those."""
    return models.c[name] == sa.literal_column("''")


def tagged(*tags: str) -> sa.Select[tuple[int]]:
    """Models with any of these."""
    return sa.select(model_tags.c.model).where(model_tags.c.tag.in_(tags))


def unindexed(name: str, dialect: str) -> sa.ColumnElement[Any]:
    """A column of a model by which SQLite, which guesses badly here, chooses no index."""
    column = models.c[name]
    return sa.type_coerce(sa.literal_column(f"+models.{name}"), column.type) if dialect == "sqlite" else column


def _ranges(asking: Asking) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if asking.ids:
        found.append(models.c.id.in_(asking.ids))
    if asking.group:
        found.append(models.c.team == asking.group)
    if asking.rating:
        found.append(models.c.rating >= asking.rating)
    if asking.larger is not None:
        found.append(models.c.size >= asking.larger)
    if asking.smaller is not None:
        found.append(models.c.size <= asking.smaller)
    if asking.added_since is not None:
        found.append(models.c.added >= asking.added_since)
    if asking.unused_since is not None:
        found.append(models.c.used < asking.unused_since)
    return found


def is_narrow(asking: Asking) -> bool:
    """Whether something is asked that the counts by column cannot answer."""
    return asking != _counted_by(asking)


def is_words_only(asking: Asking) -> bool:
    """Whether words are all that is asked beside the columns that models are counted by."""
    return asking == msgspec.structs.replace(_counted_by(asking), text=asking.text)


def _counted_by(asking: Asking) -> Asking:
    """What of a question the counts by column can answer."""
    exclude = tuple(pair for pair in asking.exclude if pair[0] in FACETS)
    return Asking(exclude=exclude, **{name: getattr(asking, name) for name in FACETS})


def hits(words: list[str]) -> sa.TextualSelect:
    """Ids of models whose words begin with each of these, in SQLite."""
    question = " AND ".join(f'"{word}" *' for word in words)
    found = sa.text("SELECT rowid FROM models_words WHERE models_words MATCH :asked").bindparams(asked=question)
    return found.columns(sa.column("rowid", sa.Integer))


def _vector_has(words: list[str]) -> sa.ColumnElement[bool]:
    question = " & ".join(f"'{word}':*" for word in words)
    vector: sa.ColumnElement[Any] = sa.literal_column("models.words_vector")
    return vector.op("@@", is_comparison=True)(sa.func.to_tsquery("simple", question))
