"""What Hugging Face means when it refuses (facts 2.8, Hub docs "Gated models"). Pure."""

from __future__ import annotations

import re

from modelyard.errors import (
    FileNotInModel,
    KeyScope,
    LicenceNotAccepted,
    LoginNeeded,
    ModelNotFound,
    Removed,
    RevisionNotFound,
    YardError,
)
from modelyard.hubs.answers import refusal_record, text
from modelyard.hubs.huggingface.addresses import ENDPOINT, NAME, page_url
from modelyard.hubs.refusals import clean, is_page, key_hint, refusal
from modelyard.net.api import Answer
from modelyard.net.exchange import telling
from modelyard.values.offers import Address

TITLE = "Hugging Face"
_SCOPE = re.compile(
    r"fine-grained token|token.{0,40}permission|permission.{0,40}token|insufficient scope", re.IGNORECASE
)


def error_code(answer: Answer) -> str:
    """The hub's own word for what is wrong: ``GatedRepo``, ``EntryNotFound``, or nothing."""
    return answer.headers.get("x-error-code")


@telling
def explain(answer: Answer, address: Address) -> YardError:
    """The error behind a refusal.

    A 401 without a code means "not there, private, or a wrong key" alike; whether the key is wrong only
    ``whoami`` knows.

    Args:
        address: What was asked for.
    """
    told, model = words(answer), address.model
    page = page_url(address, address.endpoint or ENDPOINT)
    code = error_code(answer)
    if told.rstrip(".") == "Access to this resource is disabled":
        return Removed(f"{TITLE} disabled {model}.", link=page)
    if answer.status == 403 and _SCOPE.search(told):
        return KeyScope(f"The key may not read {model}. {TITLE} says: {told}", link=f"{ENDPOINT}/settings/tokens")
    if code == "GatedRepo":
        return _gated(answer.status, model, told, page)
    if code == "RevisionNotFound":
        return RevisionNotFound(f"{model} has no revision {address.revision or 'main'!r}.")
    if code == "EntryNotFound":
        return FileNotInModel(f"{model} has no file {address.path!r}.")
    if code == "RepoNotFound" or answer.status in (401, 404):
        return ModelNotFound(f"{TITLE} shows no {address.kind} {model!r}.", status=answer.status)
    return refusal(answer, TITLE, what=model, told=told, page=page)


def _gated(status: int, model: str, told: str, page: str) -> YardError:
    if status == 401:
        return LoginNeeded(f"{model} is gated: {TITLE} wants to know who you are.", hint=key_hint(NAME), link=page)
    return LicenceNotAccepted(f"This account has no access to the gated model {model}. {TITLE} says: {told}", link=page)


def words(answer: Answer) -> str:
    """What the hub says about a refusal, in one line."""
    if told := answer.headers.get("x-error-message"):
        return clean(told)
    if is_page(answer):
        return ""
    body = refusal_record(answer)
    plain = "" if body else answer.body[:500].decode(errors="replace")
    return clean(text(body.get("error")) or text(body.get("message")) or plain)
