"""Coming in: a link's code for the token, or in remote mode the password for a session."""

from __future__ import annotations

from typing import Annotated

import msgspec

from modelyard.errors import PasswordWrong, TokenNeeded, TooManyTries
from modelyard.server.messages import Answer
from modelyard.server.passwords import COOKIE, LASTS
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Routes

routes = Routes(tag="session")
_COOKIE = f"{COOKIE}={{}}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={{}}"

Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class Code(Ask, frozen=True):
    """What stood behind ``#code=`` in the link."""

    code: Secret


class Opened(msgspec.Struct, frozen=True):
    """The token to send as ``Authorization: Bearer`` from now on."""

    token: str


class LogIn(Ask, frozen=True):
    """The password of a service in remote mode."""

    password: Secret


class LoggedIn(msgspec.Struct, frozen=True):
    """The value to send as ``X-CSRF-Token`` with every write."""

    csrf: str


class Who(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who the caller is.

    Attributes:
        csrf: The value to send as ``X-CSRF-Token``, where the caller has a session.
    """

    name: str
    role: Role
    csrf: str | None = None


@routes.post("/session", role=None, raises=(TokenNeeded, TooManyTries), once=False, example={"code": "Zm9v"})
def open_session(here: Here, body: Code) -> Opened:
    """Exchange the one-time code of a link for the token.

    A code works once, within a minute.
    """
    return Opened(here.service.access.redeem(body.code, here.address))


@routes.get("/session", role=Role.VIEWER, secret=True)
def show_session(here: Here) -> Who:
    """Who the caller is, and what they may do."""
    assert here.caller.role is not None
    session = here.service.access.session_of(here.headers)
    return Who(here.caller.name, here.caller.role, session.csrf if session else None)


@routes.post(
    "/login", role=None, raises=(PasswordWrong,), once=False, gives=LoggedIn, example={"password": "four words"}
)
def log_in(here: Here, body: LogIn) -> Answer:
    """Begin a session with the password; remote mode only."""
    session = here.service.access.log_in(body.password, here.address)
    return Answer(LoggedIn(session.csrf), headers={"Set-Cookie": _COOKIE.format(session.secret, int(LASTS))})


@routes.post("/logout", role=Role.VIEWER, status=204, once=False)
def log_out(here: Here) -> Answer:
    """End the session of the caller's cookie."""
    if session := here.service.access.session_of(here.headers):
        here.service.access.sessions.end(session.secret)
    return Answer(headers={"Set-Cookie": _COOKIE.format("", 0)})
