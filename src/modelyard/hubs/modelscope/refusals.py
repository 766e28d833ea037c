"""What ModelScope means when it refuses: HTTP 404 for almost everything, and a number (facts 4.4). Pure."""

from __future__ import annotations

from modelyard.errors import (
    FileNotInModel,
    KeyWrong,
    LicenceNotAccepted,
    LoginNeeded,
    ModelNotFound,
    RateLimited,
    RevisionNotFound,
    YardError,
)
from modelyard.hubs.answers import refusal_record, text
from modelyard.hubs.modelscope.addresses import DEFAULT_REVISION, ENDPOINT, NAME, page_url
from modelyard.hubs.refusals import clean, key_hint, refusal
from modelyard.net.api import Answer
from modelyard.net.exchange import telling
from modelyard.values.offers import Address

TITLE = "ModelScope"
SETTINGS = "https://modelscope.cn/my/myaccesstoken"

NOT_FOUND = "10010205001"
NO_PERMISSION = "10010200001"
NO_REVISION = "10990101004"
WRONG_KEY = frozenset({"10010103009", "InvalidAuthentication"})
TOO_OFTEN = frozenset({"RateLimitExceed", "QuotaLimitExceed"})


def error_code(answer: Answer) -> str:
    """The hub's own number or word for what is wrong, or nothing."""
    code = refusal_record(answer).get("Code", refusal_record(answer).get("code"))
    return str(code) if isinstance(code, int | str) else ""


@telling
def explain(answer: Answer, address: Address, *, keyed: bool) -> YardError:
    """The error behind a refusal.

    Args:
        address: What was asked for.
        keyed: Whether the request carried a key.
    """
    code, body, model = error_code(answer), refusal_record(answer), address.model
    told = clean(text(body.get("Message")) or text(body.get("message")) or "")
    page = page_url(address, address.endpoint or ENDPOINT)
    if code in WRONG_KEY:
        return KeyWrong(f"{TITLE} does not know the key that is kept for it.", link=SETTINGS)
    if code in TOO_OFTEN:
        return RateLimited(f"{TITLE} says we ask too often. It says: {told}", status=answer.status)
    if code == NO_REVISION:
        return RevisionNotFound(f"{model} has no revision {address.revision or DEFAULT_REVISION!r}.")
    if code == NO_PERMISSION:
        return _no_permission(model, page, keyed=keyed)
    if code == NOT_FOUND or (answer.status == 404 and not address.path):
        return ModelNotFound(f"{TITLE} shows no {address.kind} {model!r}.", status=answer.status)
    if answer.status == 404:
        return FileNotInModel(f"{model} has no file {address.path!r}.", status=404)
    return refusal(answer, TITLE, what=model, told=told, page=page)


def _no_permission(model: str, page: str, *, keyed: bool) -> YardError:
    if keyed:
        return LicenceNotAccepted(
            f"This account may not read {model}: it is private or wants an application.", link=page
        )
    told = f"{model} is private or wants an application; {TITLE} wants to know who you are."
    return LoginNeeded(told, hint=key_hint(NAME), link=page)
