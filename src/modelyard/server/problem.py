"""Errors as RFC 9457 problems: one table from error to HTTP status, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from modelyard import errors as e
from modelyard.keys.redaction import Redactor
from modelyard.server.messages import Reply

MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[e.YardError], int] = {
    e.YardError: 500,
    e.UsageError: 400,
    e.NotSupported: 501,
    e.WrongMethod: 405,
    e.WrongMediaType: 415,
    e.BodyTooLarge: 413,
    e.KeyReused: 422,
    e.OutcomeUnknown: 409,
    e.IllegalMove: 409,
    e.NotFound: 404,
    e.Removed: 410,
    e.AccessError: 403,
    e.TokenNeeded: 401,
    e.WrongHost: 421,
    e.NetworkError: 502,
    e.Stalled: 504,
    e.RateLimited: 503,
    e.Offline: 503,
    e.ContentError: 422,
    e.DiskError: 500,
    e.DiskFull: 507,
    e.FileTooBig: 507,
    e.ReadOnlyDisk: 507,
    e.NoPermission: 403,
    e.TargetExists: 409,
    e.UnsafePath: 400,
    e.NoSuchFile: 404,
    e.Waiting: 503,
    e.TooManyTries: 429,
    e.NeedFailed: 409,
    e.Busy: 409,
    e.Stopped: 503,
}
"""The nearest class above an error gives its status."""


class Problem(msgspec.Struct, omit_defaults=True):
    """What went wrong, for people and programs (RFC 9457).

    Attributes:
        code: Stable and kebab-case: what programs compare.
        hint: The next step a person can take.
        retryable: Whether the same request may succeed later.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str
    retryable: bool
    request_id: str
    link: str | None = None
    facts: dict[str, Any] | None = None


def status_of(kind: type[BaseException]) -> int:
    """The HTTP status of an error class."""
    return next((STATUS[base] for base in kind.__mro__ if base in STATUS), 500)


def problem_of(error: e.YardError, request_id: str, redactor: Redactor | None = None) -> Problem:
    """The problem that tells an error, with keys masked."""
    told = (redactor or Redactor()).error(error)
    title = (type(error).__doc__ or error.code).partition("\n")[0]
    return Problem(
        type=f"urn:modelyard:{error.code}",
        title=title,
        status=status_of(type(error)),
        detail=told["message"],
        code=told["code"],
        hint=told["hint"],
        retryable=told["retryable"],
        request_id=request_id,
        link=told.get("link"),
        facts=told.get("facts"),
    )


def problem_reply(error: e.YardError, request_id: str, redactor: Redactor | None = None) -> Reply:
    """The answer that tells an error."""
    problem = problem_of(error, request_id, redactor)
    headers = {}
    if (wait := error.facts.get("retry_after")) is not None:
        headers["Retry-After"] = str(max(1, round(float(wait))))
    if (allow := error.facts.get("allow")) is not None:
        headers["Allow"] = ", ".join(allow)
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Reply(problem.status, msgspec.json.encode(problem, enc_hook=str), MEDIA_TYPE, headers)


def defect(request_id: str) -> e.YardError:
    """What a caller learns of an unforeseen exception: nothing but where the log tells more."""
    return e.YardError(
        "Something unforeseen happened inside the service.",
        hint=f"The service's log tells more under the request {request_id}. Please report it.",
    )


def error_of(problem: Problem) -> e.YardError:
    """The error that a problem tells: same class where its code is known, same facts."""
    return error_told(problem.code, problem.detail, problem.hint, problem.link, problem.facts)


def error_told(
    code: str, message: str, hint: str, link: str | None = None, facts: Mapping[str, Any] | None = None, **_: Any
) -> e.YardError:
    """The error that `YardError.as_dict` told: same class where its code is known."""
    return _kinds().get(code, e.YardError)(message, hint=hint, link=link, **(facts or {}))


def family(kind: type[e.YardError]) -> list[type[e.YardError]]:
    """An error class and all classes below it."""
    return [kind, *(below for child in kind.__subclasses__() for below in family(child))]


def _kinds() -> dict[str, type[e.YardError]]:
    found: dict[str, type[e.YardError]] = {}
    for kind in family(e.YardError):
        found.setdefault(kind.code, kind)
    return found
