"""The words by which a model is found, made the same way for every database."""

from __future__ import annotations

import re
from collections.abc import Iterator

from modelyard.values.about import About
from modelyard.values.identity import Identity

_MOST = 4000
_TAG = re.compile(r"<[^<>]{0,500}>")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_WORD = re.compile(r"[^\W_]+")
_IDEOGRAPH = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af])")


def words_of(name: str, folder: str, identity: Identity, about: About) -> str:
    """Everything that a search for this model looks into, as lower-case words."""
    texts = [name, about.own.title, about.name, about.version, about.author, about.base_model, identity.title]
    texts += [identity.family, identity.kind, identity.base_model, folder, about.own.group, about.model_id]
    texts += [*about.own.tags, *about.trained_words, *identity.trained_words, *about.tags, about.own.notes]
    described = _plain_words(_TAG.sub(" ", about.description[: 2 * _MOST]).lower())
    return " ".join(dict.fromkeys([*split(" ".join(texts)), *described]))[:_MOST]


def split(text: str) -> Iterator[str]:
    """The words of a text: as written and in their parts, each ideograph by itself.

    `sd_xl_base_1.0` and `SDXLBase` are found by the same words in SQLite and PostgreSQL.
    """
    for word in dict.fromkeys(_plain_words(text)):
        low = word.lower()
        yield low
        if word.isdecimal() or (word.isalpha() and (word == low or word[1:] == low[1:] or word.isupper())):
            continue
        parts = _CAMEL.sub(" ", word).split()
        if len(parts) > 1:
            yield from (part.lower() for part in parts)


def _plain_words(text: str) -> list[str]:
    return _WORD.findall(text if text.isascii() else _IDEOGRAPH.sub(r" \1 ", text))


def asked_words(text: str) -> list[str]:
    """The words of a question, at most twenty; each may be the beginning of a word."""
    return [word.lower() for word in _plain_words(text[:1000])][:20]
