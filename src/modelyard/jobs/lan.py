"""Registering a hub of the local network with token and proof, looking whether it answers, forgetting it whole."""

from __future__ import annotations

import msgspec

from modelyard.errors import BadValue, NotFound, YardError
from modelyard.keys.chain import Keys
from modelyard.keys.realm import checked_key, origin
from modelyard.net.api import Follow
from modelyard.net.certificate import Certificate
from modelyard.net.client import Client, Request
from modelyard.net.lan_hubs import LanHubs
from modelyard.net.stop import Stop
from modelyard.net.trust import Trust, checked_ca, checked_pin
from modelyard.net.url import parse

_REFUSED = (401, 403)


class NewHub(msgspec.Struct, frozen=True):
    """What a person says of a hub.

    Attributes:
        ca: Certificates in PEM; empty says nothing.
        pin: Of its key; empty says nothing.
        trust_first: Pin the key that it shows now.
        token: To be kept for it; empty says nothing.
    """

    origin: str
    ca: str = ""
    pin: str = ""
    trust_first: bool = False
    token: str = ""


class KnownHub(msgspec.Struct, frozen=True):
    """A registered hub.

    Attributes:
        authorities: Whom the certificates of its CA name.
        token: Its token as it may be shown; empty when it has none.
    """

    origin: str
    pin: str
    authorities: tuple[str, ...]
    token: str


class Look(msgspec.Struct, frozen=True):
    """What became of asking a hub.

    Attributes:
        certificate: What it shows, whether that is believed or not; None over plain http.
        status: Of its answer, asked with the token if there is one; None when there was none.
        token: ``none`` is kept, ``taken``, ``refused``, or ``not-asked``: the path opens without one.
        error: Why no request was answered.
    """

    origin: str
    certificate: Certificate | None = None
    status: int | None = None
    token: str = "none"  # noqa: S105  # a verdict
    error: YardError | None = None


class LanDesk:
    """Registers, looks at and forgets hubs of the local network. For the owner only: it connects wherever it is told.

    Args:
        client: Sends the keys of `keys`.
        bare: Sends no key.
    """

    def __init__(self, hubs: LanHubs, keys: Keys, client: Client, bare: Client, stop: Stop) -> None:
        self._hubs = hubs
        self._keys = keys
        self._client = client
        self._bare = bare
        self._stop = stop

    def all(self) -> list[KnownHub]:
        """Every registered hub, the oldest first."""
        shown = {kept.hub: kept.shown for kept in self._keys.list() if kept.used and not kept.trouble}
        return [self._known(each, shown.get(each, "")) for each in self._hubs.list()]

    def add(self, new: NewHub) -> KnownHub:
        """Register a hub, or change what vouches for it or its token; what is left out stays as it is.

        Raises:
            BadValue: Something of it cannot be, or it is pinned already and would be believed at first sight again.
            NetworkError: Its key was to be pinned and it does not show one. Nothing is kept then.
        """
        given = origin(new.origin)
        if owner := self._keys.owner(given):
            raise BadValue(f"{given} belongs to {owner}.", hint="Keep its key: `modelyard keys set`.")
        if new.token:
            checked_key(new.token, "the given text")
        trust = self._trust(given, new)
        fresh = given not in self._hubs
        self._hubs.add(given, trust)
        try:
            if new.token:
                self._keys.set(given, new.token)
        except YardError:
            if fresh:
                self._hubs.remove(given)
            raise
        return self._one(given)

    def remove(self, text: str) -> None:
        """Forget a hub: its token first, so that one is never kept for nobody, then CA, pin and itself.

        Raises:
            NotFound: It is not registered.
        """
        given = self._registered(text)
        self._keys.remove(given)
        self._hubs.remove(given)

    def check(self, text: str, path: str = "/") -> Look:
        """Ask a hub, without its token and with it; what it answers is not read.

        Raises:
            NotFound: It is not registered.
            BadValue: The path does not begin with a slash.
        """
        given = self._registered(text)
        if not path.startswith("/"):
            raise BadValue(f"{path[:80]!r} is no path.", hint="It begins with a slash.")
        certificate = None
        try:
            if given.startswith("https:"):
                certificate = self._bare.pool.shown(parse(given), self._stop)
            without = self._status(self._bare, given + path)
            if not self._keys.has(given):
                return Look(given, certificate, without)
            status = self._status(self._client, given + path)
        except YardError as error:
            return Look(given, certificate, error=error)
        return Look(given, certificate, status, _verdict(without, status))

    def _registered(self, text: str) -> str:
        given = origin(text)
        if given not in self._hubs:
            raise NotFound(f"{given} is not registered.", hint="See which are: `modelyard lan list`.")
        return given

    def _trust(self, given: str, new: NewHub) -> Trust | None:
        known = self._hubs.trust(given) or Trust()
        pin = checked_pin(new.pin) if new.pin else ""
        ca = checked_ca(new.ca) if new.ca else ""
        if new.trust_first:
            if pin or known.pin:
                raise BadValue(
                    f"{given} has a pin, so there is no first time.",
                    hint="Give the new pin, or remove the hub and register it again.",
                )
            if not given.startswith("https:"):
                raise BadValue(f"{given} shows no certificate.", hint="Register it with https.")
            pin = self._bare.pool.shown(parse(given), self._stop).pin
        return Trust(ca or known.ca, pin or known.pin) if ca or pin else None

    def _status(self, client: Client, url: str) -> int:
        reply = client.open(Request(url, follow=Follow.NONE), self._stop)
        reply.close()
        return reply.status

    def _one(self, given: str) -> KnownHub:
        return next(each for each in self.all() if each.origin == given)

    def _known(self, given: str, token: str) -> KnownHub:
        trust = self._hubs.trust(given) or Trust()
        return KnownHub(given, trust.pin, trust.authorities, token)


def _verdict(without: int, status: int) -> str:
    if status in _REFUSED:
        return "refused"
    return "taken" if without in _REFUSED else "not-asked"
