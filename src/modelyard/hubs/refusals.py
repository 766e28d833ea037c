"""What an HTTP status means when the hub says no more than that."""

from __future__ import annotations

from typing import Any

from modelyard.errors import (
    AccessError,
    BadAnswer,
    LoginNeeded,
    NotFound,
    RateLimited,
    Removed,
    ServerFailed,
    YardError,
)
from modelyard.net.api import Answer
from modelyard.net.exchange import telling

_SHOWN = 200


@telling
def refusal(answer: Answer, title: str, *, what: str, told: str | None = None, page: str | None = None) -> YardError:
    """The error behind a status that is no success.

    Args:
        title: The hub's name for people.
        what: What was asked for, for the message.
        told: The hub's own words.
        page: Where a person sees more.
    """
    status = answer.status
    words = f" It says: {clean(told)}" if told else ""
    facts: dict[str, Any] = {"status": status}
    if status == 401:
        return LoginNeeded(f"{title} wants a key for {what}.{words}", link=page, **facts)
    if status == 404:
        return NotFound(f"{title} has no {what}.{words}", **facts)
    if status == 410:
        return Removed(f"{title} no longer has {what}.{words}", **facts)
    if status == 429:
        return RateLimited(f"{title} says we ask too often.{words}", **facts)
    if status == 408 or status >= 500:
        return ServerFailed(f"{title} failed with status {status} on {what}.{words}", **facts)
    if status in (402, 403, 407, 451):
        return AccessError(f"{title} refuses {what} (status {status}).{words}", link=page, **facts)
    return BadAnswer(f"{title} answered {status} to {what}, which makes no sense here.{words}", **facts)


def key_hint(hub: str) -> str:
    """The next step when a hub wants a key."""
    return f"Store a key with `modelyard keys set {hub}`, then run the same line again."


def clean(told: str) -> str:
    """A hub's words fit for one line of a message: no control characters, not too long."""
    line = " ".join("".join(char if char.isprintable() else " " for char in told[:2000]).split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def is_page(answer: Answer) -> bool:
    """Whether an answer is a page of HTML, where bytes of a model were due."""
    kind = answer.headers.get("content-type").split(";")[0].strip().lower()
    start = answer.body[:512].lstrip().lower()
    return kind in ("text/html", "application/xhtml+xml") or start.startswith((b"<!doctype html", b"<html"))


def page_instead(answer: Answer, path: str | None) -> bool:
    """Whether a success brought a page of HTML although another kind of file was asked for."""
    wanted = (path or "").lower().endswith((".html", ".htm", ".xhtml"))
    return answer.status < 400 and not wanted and is_page(answer)
