"""Hubs of the local network that others than the owner may reach, too, each with its token and its proof."""

from __future__ import annotations

from typing import Annotated

import msgspec

from modelyard.errors import AccessError, BadValue, NetworkError, NotFound
from modelyard.jobs.lan import KnownHub, Look, NewHub
from modelyard.net.trust import LONGEST_CA
from modelyard.server.api.views import TaskError, error_view
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Routes

routes = Routes(tag="hubs")

Origin = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class LanHub(Ask, frozen=True):
    """Where a hub is: scheme, host and port, `http://nas.local:8080`."""

    origin: Origin


class NewLanHub(Ask, frozen=True):
    """A hub, what vouches for it and its token; what is left out stays as it is.

    Attributes:
        ca: Certificates in PEM that sign the hub's own, for this origin only.
        pin: SHA-256 of the SubjectPublicKeyInfo of its certificate: 64 hex digits, or `sha256//` and base64.
        trust_first: Pin the key that it shows now.
        token: Sent to this origin only, as `Authorization: Bearer`; never given out again.
    """

    origin: Origin
    ca: Annotated[str, msgspec.Meta(max_length=LONGEST_CA)] = ""
    pin: Annotated[str, msgspec.Meta(max_length=120)] = ""
    trust_first: bool = False
    token: Annotated[str, msgspec.Meta(max_length=4096)] = ""


class LanHubView(msgspec.Struct, frozen=True):
    """A registered hub.

    Attributes:
        pin: Of its key, hex; empty when none is pinned.
        authorities: Whom the certificates of its own CA name.
        token: The end of its token; empty when it has none.
    """

    origin: str
    pin: str
    authorities: list[str]
    token: str


class LanHubList(msgspec.Struct, frozen=True):
    """Every registered hub, the oldest first; `origins` are theirs alone."""

    origins: list[str]
    hubs: list[LanHubView]


class LanHubQuestion(Ask, frozen=True):
    """A registered hub, and a path of it that wants the token, if one does."""

    origin: Origin
    path: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)] = "/"


class ShownCertificate(msgspec.Struct, frozen=True):
    """The certificate that a hub shows, believed or not. `expires` is seconds since 1970."""

    pin: str
    fingerprint: str
    subject: str
    issuer: str
    expires: float


class LanHubLook(msgspec.Struct, frozen=True):
    """What became of asking a hub.

    Attributes:
        reachable: It is proven and answered.
        token: `none` is kept, `taken`, `refused`, or `not-asked`: the path opens without one.
        error: Why it did not answer, or was not asked.
    """

    origin: str
    reachable: bool
    certificate: ShownCertificate | None
    status: int | None
    token: str
    error: TaskError | None


@routes.get("/lan-hubs", role=Role.ADMIN, raises=(BadValue,))
def list_lan_hubs(here: Here) -> LanHubList:
    """Private addresses that every caller may reach; all other ones are for the owner's own downloads."""
    hubs = [_view(each) for each in here.app.lan.all()]
    return LanHubList([each.origin for each in hubs], hubs)


@routes.post(
    "/lan-hubs",
    role=Role.ADMIN,
    status=201,
    raises=(BadValue, AccessError, NetworkError),
    slow=True,
    example={"origin": "https://nas.local:8443", "trust_first": True},
)
def add_lan_hub(here: Here, body: NewLanHub) -> LanHubView:
    """Register a hub, or change what vouches for it or its token; holds at once."""
    return _view(here.app.lan.add(NewHub(body.origin, body.ca, body.pin, body.trust_first, body.token)))


@routes.delete("/lan-hubs", role=Role.ADMIN, raises=(BadValue, NotFound))
def remove_lan_hub(here: Here, query: LanHub) -> None:
    """Forget a hub with its token and its proof; holds for every new request."""
    here.app.lan.remove(query.origin)


@routes.post(
    "/lan-hubs/check",
    role=Role.ADMIN,
    raises=(BadValue, NotFound),
    once=False,
    slow=True,
    example={"origin": "https://nas.local:8443", "path": "/api/models"},
)
def check_lan_hub(here: Here, body: LanHubQuestion) -> LanHubLook:
    """Ask a hub: is it there, is it the one that is meant, is its token taken? What it says is not shown."""
    return _look(here, here.app.lan.check(body.origin, body.path))


def _view(known: KnownHub) -> LanHubView:
    return LanHubView(known.origin, known.pin, list(known.authorities), known.token)


def _look(here: Here, look: Look) -> LanHubLook:
    seen = look.certificate
    shown = ShownCertificate(seen.pin, seen.fingerprint, seen.subject, seen.issuer, seen.expires) if seen else None
    return LanHubLook(
        look.origin,
        look.status is not None,
        shown,
        look.status,
        look.token,
        error_view(here.app.redactor.error(look.error)) if look.error else None,
    )
