"""Tokens for other machines and programs."""

from __future__ import annotations

from typing import Annotated

import msgspec

from modelyard.errors import BadValue, NoService, NoSuchToken
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Id, Routes
from modelyard.server.tokens import KnownToken

routes = Routes(tag="tokens")
_DAY = 86400.0


class NewToken(Ask, frozen=True):
    """A token to make.

    Attributes:
        days: It ends after so many days; None never ends.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    role: Role = Role.VIEWER
    days: Annotated[float, msgspec.Meta(gt=0, le=36500)] | None = 90.0


class TokenView(msgspec.Struct, frozen=True):
    """A token, without what makes it one.

    Attributes:
        created: Seconds since 1970.
        expires: Seconds since 1970; None never ends.
        ended: Whether its time is over.
    """

    id: int
    name: str
    role: Role
    created: float
    expires: float | None
    ended: bool


class MadeToken(msgspec.Struct, frozen=True):
    """A fresh token: this answer is the only place where it can be read."""

    token: str
    about: TokenView


class TokenList(msgspec.Struct, frozen=True):
    """All named tokens."""

    tokens: list[TokenView]


class Link(msgspec.Struct, frozen=True):
    """A link that opens the service's page once.

    Attributes:
        seconds: How long it works.
    """

    url: str
    seconds: float


@routes.get("/tokens", role=Role.ADMIN)
def list_tokens(here: Here) -> TokenList:
    """All named tokens, ended ones too."""
    return TokenList([_view(here, known) for known in here.service.access.tokens.all()])


@routes.post(
    "/tokens",
    role=Role.ADMIN,
    status=201,
    raises=(BadValue,),
    secret=True,
    example={"name": "gpu-7", "role": "operator"},
)
def add_token(here: Here, body: NewToken) -> MadeToken:
    """Make a token for a machine or a program."""
    expires = None if body.days is None else here.app.clock.wall() + body.days * _DAY
    known, token = here.service.access.tokens.add(body.name, body.role, expires)
    return MadeToken(token, _view(here, known))


@routes.delete("/tokens/{id}", role=Role.ADMIN, raises=(NoSuchToken,))
def revoke_token(here: Here, id: Id) -> None:
    """Revoke a token: it opens nothing from now on."""
    here.service.access.tokens.revoke(id)


@routes.post("/link", role=Role.ADMIN, raises=(NoService,), secret=True)
def make_link(here: Here) -> Link:
    """A fresh link to the service's page: it works once, within a minute."""
    from modelyard.server.codes import SECONDS

    return Link(here.service.link(), SECONDS)


def _view(here: Here, known: KnownToken) -> TokenView:
    ended = known.expires is not None and known.expires <= here.app.clock.wall()
    return TokenView(known.id, known.name, known.role, known.created, known.expires, ended)
