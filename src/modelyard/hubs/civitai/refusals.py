"""What CivitAI means when it refuses (facts 3.2, 3.6). Pure.

A 401 never tells a wrong key from none: the site treats a wrong one as none. A 401 about disabled
downloads no key can cure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.errors import (
    AccessError,
    DownloadsDisabled,
    EarlyAccess,
    FileNotInModel,
    LoginNeeded,
    ModelNotFound,
    RateLimited,
    Removed,
    YardError,
)
from modelyard.hubs.answers import refusal_record, text
from modelyard.hubs.civitai.addresses import NAME
from modelyard.hubs.refusals import clean, is_page, key_hint, refusal
from modelyard.net.api import Answer
from modelyard.net.exchange import telling

TITLE = "CivitAI"


def words(answer: Answer) -> str:
    """What the site says: ``message``, or ``error`` as a text or as an object (3.2)."""
    body = refusal_record(answer)
    told = text(body.get("message")) or text(body.get("error")) or _issue(body.get("error"))
    return clean(told or "")


def _issue(error: object) -> str | None:
    """The first sentence of a validator's error object."""
    if isinstance(error, dict):
        inner = error.get("message") or error.get("issues") or error.get("_errors") or list(error.values())
        return _issue(inner)
    if isinstance(error, list):
        return next((told for each in error if (told := _issue(each))), None)
    return text(error)


@telling
def explain_lookup(answer: Answer, what: str) -> YardError:
    """The error behind a refused question about a model or version."""
    told = words(answer)
    if answer.status == 404 and "missing model file" in told.lower():
        return FileNotInModel(f"{TITLE} has no public file in {what}.")
    if answer.status in (400, 404):
        return ModelNotFound(f"{TITLE} shows no {what}.", hint=_HIDDEN, status=answer.status)
    return refusal(answer, TITLE, what=what, told=told)


@telling
def explain_download(answer: Answer, what: str, page: str | None) -> YardError:
    """The error behind a refused download (table in 3.6), or behind a page that came in its place."""
    told, body = words(answer), refusal_record(answer)
    if answer.status < 400 and is_page(answer):
        return LoginNeeded(f"{TITLE} sent its log-in page instead of {what}.", hint=key_hint(NAME), link=page)
    if "disabled downloads" in told.lower():
        return DownloadsDisabled(f"The creator of {what} disabled downloads.", link=page)
    if answer.status == 403 and (text(body.get("error")) == "Early Access" or body.get("deadline")):
        return _early(body, what, page)
    if answer.status == 401:
        return LoginNeeded(f"{TITLE} wants you to be logged in for {what}.", hint=key_hint(NAME), link=page)
    if answer.status == 403:
        return AccessError(f"{TITLE} refuses {what}. It says: {told or 'nothing more'}", link=page, status=403)
    if answer.status == 410:
        return Removed(f"Its creator archived {what}; {TITLE} no longer hands it out.", link=page)
    if answer.status == 404:
        return FileNotInModel(f"{TITLE} has no {what} (any more).", hint=_GONE, link=page, status=404)
    if answer.status == 429:
        return RateLimited(f"{TITLE} says this account downloads too much. It says: {told}", status=429)
    return refusal(answer, TITLE, what=what, told=told, page=page)


_HIDDEN = "Check the number. Mature models are hidden in some countries and from some keys."
_GONE = "Run the same line again in some minutes: the site also says so when its storage has a problem."


def _early(body: Mapping[str, Any], what: str, page: str | None) -> EarlyAccess:
    deadline = text(body.get("deadline"))
    until = f" until {clean(deadline)}" if deadline else ""
    return EarlyAccess(f"{what[:1].upper()}{what[1:]} is in early access{until}.", link=page, deadline=deadline)
