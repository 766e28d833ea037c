"""What went over the wire when a server refused: small, without secrets, for whoever looks into an error.

Kept are the address without its query (signed links keep their secrets there), the status, and those fields of the
answer that tell why: a list of names that are let through, so that no cookie and no key ever is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from modelyard.errors import YardError
from modelyard.keys.redaction import Redactor
from modelyard.net.api import Answer
from modelyard.net.url import without_query

P = ParamSpec("P")
E = TypeVar("E", YardError, YardError | None)

FACT = "exchange"
"""Under which name an error's facts hold it."""

_SHOWN = (
    *("date", "server", "content-type", "content-length", "content-range", "retry-after", "www-authenticate"),
    *("x-error-code", "x-error-message", "x-request-id", "x-amz-request-id", "x-amz-cf-id", "cf-ray", "via"),
    *("ratelimit", "ratelimit-policy", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"),
)
_LONGEST = 200
_LONGEST_URL = 500
_redactor = Redactor()


def exchange(answer: Answer) -> dict[str, Any]:
    """The exchange as JSON-able data: `url`, `status`, `headers`."""
    headers = {name: _short(answer.headers.get(name), _LONGEST) for name in _SHOWN if name in answer.headers}
    return {"url": _short(without_query(answer.url), _LONGEST_URL), "status": answer.status, "headers": headers}


def telling(explain: Callable[Concatenate[Answer, P], E]) -> Callable[Concatenate[Answer, P], E]:
    """A function that finds the error behind an answer, whose errors tell the exchange, too."""

    @functools.wraps(explain)
    def explained(answer: Answer, /, *more: P.args, **named: P.kwargs) -> E:
        error = explain(answer, *more, **named)
        if error is not None:
            error.facts.setdefault(FACT, exchange(answer))
        return error

    return explained


def _short(text: str, most: int) -> str:
    """One line without keys; what is cut off first cannot be told from a key, so it is masked before."""
    line = "".join(char if char.isprintable() else " " for char in _redactor.text(text[: 4 * most]))
    return line if len(line) <= most else line[: most - 1] + "…"
