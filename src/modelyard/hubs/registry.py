"""All hubs together: which of them reads a text, and asking several at once."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed

from modelyard.errors import BadAddress, UnknownHub, YardError
from modelyard.hubs import civitai, github, huggingface, modelscope, web
from modelyard.hubs.air import read_air
from modelyard.hubs.base import Hub, Keyed, never_keyed
from modelyard.hubs.links import CONTROL
from modelyard.hubs.plugins import load
from modelyard.keys.realm import Realm
from modelyard.net.api import Api
from modelyard.net.url import LONGEST
from modelyard.values.offers import Address, Finding

log = logging.getLogger(__name__)

_PREFIX = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,31}):")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_FOREIGN = re.compile("file|data|ftps?|sftp|gopher|javascript|blob|magnet|wss?|s3|https?|[a-z]")
"""Schemes of other links, drive letters, and http without its slashes."""


class Hubs:
    """The hubs of this installation.

    Args:
        api: The network.
        env: Environment with endpoints.
        keyed: Whether requests to an origin carry a key.
        plugins: Load the entry points of group ``modelyard.hubs``.

    Attributes:
        broken: Plugins that could not be loaded, with the reason.
    """

    def __init__(self, api: Api, env: Mapping[str, str], *, keyed: Keyed = never_keyed, plugins: bool = True) -> None:
        self._web = web.make(api, env)
        built_in: list[Hub] = [
            huggingface.make(api, env, keyed),
            civitai.make(api, env, keyed),
            modelscope.make(api, env, keyed),
            github.make(api, env, keyed),
        ]
        found, self.broken = load(api, env, taken=[*built_in, self._web]) if plugins else ([], ())
        self._hubs: dict[str, Hub] = {hub.name: hub for hub in [*built_in, *found, self._web]}

    def __iter__(self) -> Iterator[Hub]:
        return iter(self._hubs.values())

    def named(self, name: str) -> Hub:
        """The hub of this name.

        Raises:
            UnknownHub: There is none.
        """
        if name not in self._hubs:
            raise UnknownHub(f"{name[:40]!r} is no hub.", hint=f"Known are {', '.join(self._hubs)}.")
        return self._hubs[name]

    def realms(self) -> tuple[Realm, ...]:
        """Where each hub's key may go."""
        return tuple(hub.realm for hub in self if hub.realm.origins or hub.realm.chosen)

    def read(self, text: str) -> tuple[Hub, Address]:
        """The hub that knows a text, and what it means there. Pure.

        Plain http(s) URLs that no hub knows belong to `web`.

        Raises:
            BadAddress: No hub can read it; the hint names near forms.
            UnknownHub: It has the prefix of a hub that we do not have.
        """
        text = _checked(text)
        refused: BadAddress | None = None
        for hub in self:
            if hub is self._web and refused:
                raise refused  # a hub's own page that is no model is no file either
            try:
                if address := hub.read(text):
                    return hub, address
            except BadAddress as error:
                refused = refused or error
        raise refused or self._unread(text)

    def show(self, address: Address) -> str:
        """The address as a text that `read` reads back."""
        return self.named(address.hub).show(address)

    def search_all(
        self, text: str, *, limit: int, kind: str | None = None, only: Collection[str] = ()
    ) -> Iterator[tuple[Hub, list[Finding] | YardError]]:
        """Ask every hub at once; each answer is given as it comes, and one failing hub breaks no other.

        Args:
            limit: Findings per hub.
            only: Names of the hubs to ask; none means all.
        """
        asked = [self.named(name) for name in only] or [hub for hub in self if hub is not self._web]
        with ThreadPoolExecutor(len(asked), "search") as pool:
            for done in as_completed([pool.submit(_search, hub, text, limit, kind) for hub in asked]):
                yield done.result()

    def _unread(self, text: str) -> YardError:
        prefix = _PREFIX.match(text)
        if not prefix:
            return BadAddress(f"{text[:80]!r} is no address that a hub knows.", hint=_near_forms(text))
        word = prefix[1].lower()
        if _FOREIGN.fullmatch(word):
            return BadAddress(f"{text[:80]!r} is no http or https link.", hint="Only http and https are fetched.")
        if word in ("urn", "air") or read_air(text):
            return BadAddress(f"{text[:80]!r} is an AIR that no hub here can read.")
        known = ", ".join(f"{hub.prefixes[0]}:" for hub in self if hub.prefixes)
        return UnknownHub(f"{word!r} is no hub.", hint=f"Known prefixes are {known}; plugins may add more.")


def built_in_realms(env: Mapping[str, str]) -> tuple[Realm, ...]:
    """Where the keys of the built-in hubs may go, for those who need the keys before the network."""
    return tuple(of.hub.realm(env) for of in (huggingface, civitai, modelscope, github))


def _checked(text: str) -> str:
    text = text.strip()
    if len(text) > LONGEST:
        raise BadAddress(f"An address of {len(text)} characters is too long.", hint=f"At most {LONGEST} are read.")
    if not text:
        raise BadAddress("That is an empty address.")
    if CONTROL.search(text):
        raise BadAddress(f"{text[:80]!a} holds control characters.", hint="Type it instead of pasting.")
    return text


def _near_forms(text: str) -> str | None:
    if re.fullmatch(r"[0-9a-fA-F]{64}|[0-9a-fA-F]{10,12}", text) and not text.isdigit():
        return f"That looks like a hash: try `modelyard search {text}`."
    if text.isdigit():
        return f"Did you mean civitai:{text}?"
    if re.match(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[a-z]{2,}/", text):
        return f"Did you mean https://{text[:200]}?"
    if _ID.fullmatch(text):
        return f"Did you mean hf:{text}, ms:{text} or gh:{text}?"
    return None


def _search(hub: Hub, text: str, limit: int, kind: str | None) -> tuple[Hub, list[Finding] | YardError]:
    try:
        return hub, hub.search(text, limit=limit, kind=kind)
    except YardError as error:
        return hub, error
    except Exception as error:  # a plugin's mistake must not take the other hubs' findings along
        log.exception("Searching %s failed.", hub.name)
        return hub, YardError(f"{hub.title} failed: {type(error).__name__}.")
