"""The keys: read anew at each use, handed out for exact origins only.

Order of the places: environment, systemd credential, the file named by MODELYARD_KEY_FILE, the
operating system's keyring, keys.json. The first one that has a key wins.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from modelyard.errors import BadValue, NotSupported, YardError
from modelyard.keys.key_file import KeyFile
from modelyard.keys.os_keyring import OsKeyring
from modelyard.keys.places import Credentials, Environment, NamedFile, Place, Vault
from modelyard.keys.realm import Realm, checked_key, masked


class KeptKey(msgspec.Struct, frozen=True):
    """Where a key is kept; never the key.

    Attributes:
        shown: The key as it may be shown, ``hf_…abcd``.
        used: Whether this one is sent; another place comes first otherwise.
        trouble: Why the place cannot be used, when it cannot.
    """

    hub: str
    place: str
    shown: str
    used: bool
    trouble: str | None = None


class Keys:
    """Hands out, keeps and lists keys.

    Args:
        realms: Which key may go where.
        places: Where keys are looked for, first one first.
        registered: Realms of hubs that a person registered, asked at each use. A key of their own goes before the
            one of a hub whose endpoint they are.
    """

    def __init__(
        self, realms: Iterable[Realm], places: Sequence[Place], registered: Callable[[], Iterable[Realm]] = tuple
    ) -> None:
        self._realms: dict[str, Realm] = {}
        self._registered = registered
        self._places = tuple(places)
        self._seen: set[str] = set()
        self._filling = threading.Lock()
        for realm in realms:
            self.learn(realm)

    def learn(self, realm: Realm) -> None:
        """Add the realm of a further hub (a plugin, a registered mirror).

        Origins that a person chose may serve several hubs; a hub's own may not be claimed by another.

        Raises:
            BadValue: Another hub's key already goes to one of its origins.
        """
        for other in self._realms.values():
            shared = (realm.origins | realm.chosen) & other.origins
            if other.hub != realm.hub and shared:
                raise BadValue(f"{min(shared)} already belongs to {other.title}; {realm.title} cannot claim it.")
        self._realms[realm.hub] = realm

    def realm(self, hub: str) -> Realm:
        """The realm of a hub.

        Raises:
            BadValue: No such hub takes a key.
        """
        for realm in self._all():
            if realm.hub == hub:
                return realm
        raise BadValue(f"{hub!r} is no hub that takes a key.", hint=f"Known are {', '.join(sorted(self._realms))}.")

    def owner(self, origin: str) -> str:
        """The title of the hub whose own place an origin is, empty when it is nobody's."""
        return next((realm.title for realm in self._realms.values() if origin in realm.origins), "")

    def headers_for(self, origin: str) -> dict[str, str]:
        """Headers that carry the key of an origin; empty when none belongs there.

        Args:
            origin: ``scheme://host[:port]``, normalised (see `keys.realm.origin`).

        Raises:
            BadValue: The kept key cannot be a header.
        """
        for realm in self._all():
            if realm.covers(origin) and (found := self._find(realm)):
                return realm.style(found)
        return {}

    def has(self, origin: str) -> bool:
        """Whether requests to this origin carry a key."""
        return bool(self.headers_for(origin))

    def set(self, hub: str, value: str) -> str:
        """Keep a key in the best writable place; the name of that place.

        Raises:
            BadValue: No such hub, or the value cannot be a key.
            NotSupported: No place to write to.
            DiskError: The place refused.
        """
        realm = self.realm(hub)
        value = self._remember(checked_key(value, "the given text"))
        for place in self._places:
            if isinstance(place, Vault) and place.ready():
                place.set(realm, value)
                return place.title
        raise NotSupported(
            "There is no place to store a key.", hint=f"Set {realm.env[0]} instead." if realm.env else ""
        )

    def fill(self, hub: str, value: str) -> bool:
        """Keep a key where the hub has none yet; whether it was kept. Any other key is masked from now on, too.

        Raises:
            BadValue: No such hub, or the value cannot be a key.
            NotSupported: No place to write to.
            DiskError: The place refused.
        """
        with self._filling:
            value = self._remember(checked_key(value, "the given text"))
            if any(place.get(self.realm(hub)) is not None for place in self._places):
                return False
            self.set(hub, value)
            return True

    def remove(self, hub: str) -> tuple[str, ...]:
        """Forget a hub's key in every writable place; the names of those that had one."""
        realm = self.realm(hub)
        return tuple(place.title for place in self._places if isinstance(place, Vault) and place.remove(realm))

    def list(self) -> tuple[KeptKey, ...]:
        """Every key that is kept, and places that cannot be used."""
        return tuple(kept for realm in self._all() for kept in self._kept(realm))

    def secrets(self) -> frozenset[str]:
        """Every key read or stored by this process, for redaction; what we never read cannot leak from us."""
        return frozenset(self._seen)

    def _all(self) -> Iterable[Realm]:
        return (*self._registered(), *self._realms.values())

    def _find(self, realm: Realm) -> str | None:
        for place in self._places:
            value = place.get(realm)
            if value is not None:
                return self._remember(checked_key(value, f"{place.title} for {realm.title}"))
        return None

    def _kept(self, realm: Realm) -> Iterable[KeptKey]:
        used = True
        for place in self._places:
            try:
                value = place.get(realm)
                if value is not None:
                    value = self._remember(checked_key(value, place.title))
                    yield KeptKey(realm.hub, place.title, masked(value), used)
                    used = False
            except YardError as error:
                yield KeptKey(realm.hub, place.title, "", used=False, trouble=error.message)

    def _remember(self, value: str) -> str:
        self._seen.add(value)
        return value


def default_places(data_folder: Path, env: Mapping[str, str] | None = None) -> tuple[Place, ...]:
    """The places of this machine in their order.

    Args:
        data_folder: Where ``keys.json`` stands.
        env: Instead of the process environment.
    """
    return (Environment(env), Credentials(env), NamedFile(env), OsKeyring(), KeyFile(data_folder / "keys.json"))
