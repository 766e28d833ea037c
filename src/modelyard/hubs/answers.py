"""Reading what hubs send without trusting its shape: wrong, missing and null fields are absent, never a crash.

Apart from `values.untrusted`, as an answer about files differs from words about models: a listing is read to its
end, and what is absent is None, so that `some` leaves it out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modelyard.errors import BadAnswer, BadValue
from modelyard.net.api import Answer
from modelyard.values.digests import digest
from modelyard.values.untrusted import record, whole


def records(value: object) -> list[Mapping[str, Any]]:
    """The objects of a JSON array; entries of another type are left out."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def text(value: object) -> str | None:
    """A text that is not empty."""
    return value if isinstance(value, str) and value else None


def texts(value: object) -> list[str]:
    """The texts of a JSON array, or the one text that stands in its place."""
    if isinstance(value, str):
        return [value] if value else []
    return [entry for entry in value if isinstance(entry, str) and entry] if isinstance(value, list) else []


def number(value: object) -> str | None:
    """An id: digits as text, whether they came as a number or as text."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):
        return value
    count = whole(value)
    return None if count is None else str(count)


def claim(claimed: dict[str, str], algorithm: str, value: object) -> None:
    """Add a digest to `claimed` when it is a well-formed one."""
    if isinstance(value, str):
        try:
            claimed[algorithm] = digest(algorithm, value)
        except BadValue:
            return


def some(**facts: object) -> dict[str, object]:
    """The facts that are there: None, empty texts and empty collections are left out."""
    return {name: fact for name, fact in facts.items() if fact is not None and fact not in ("", [], {}, ())}


def body_record(answer: Answer) -> Mapping[str, Any]:
    """The body as a JSON object.

    Raises:
        BadAnswer: It is something else.
    """
    value = answer.json()
    if not isinstance(value, dict):
        raise BadAnswer(f"{answer.url.split('?')[0]} answered with a JSON {type(value).__name__}, not an object.")
    return value


def refusal_record(answer: Answer) -> Mapping[str, Any]:
    """The body of a refusal as a JSON object; empty when it is HTML or anything else."""
    try:
        return record(answer.json())
    except BadAnswer:
        return {}
