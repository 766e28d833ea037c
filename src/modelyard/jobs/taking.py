"""Settings of other programs that its owner carries over: keys of hubs and the proxy, each only when asked for."""

from __future__ import annotations

import msgspec

from modelyard.errors import YardError
from modelyard.keys.chain import Keys
from modelyard.keys.realm import masked
from modelyard.programs.installed.found import KeyPlace, Program
from modelyard.programs.installed.kept_keys import read_key, read_proxy
from modelyard.programs.installed.machine import this_machine
from modelyard.settings import Settings


class TakenKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key.

    Attributes:
        path: Where the program keeps it.
        shown: The key as it may be shown.
        kept: Whether it is ours now; a hub that had a key keeps its own.
        trouble: Why not, when it could not be read or kept.
    """

    hub: str
    path: str
    shown: str = ""
    kept: bool = False
    trouble: str = ""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What was carried over.

    Attributes:
        proxy: The proxy that is used from the next start on, without its password; empty when none was taken.
    """

    keys: list[TakenKey]
    proxy: str


def take_settings(program: Program, kept: Keys, settings: Settings, *, keys: bool, proxy: bool) -> Taken:
    """Take what its owner asked for.

    Raises:
        BadValue: The proxy is none that we can use, or not there any more.
    """
    taken = [_key(one, kept) for one in program.keys] if keys else []
    if proxy and program.proxy:
        settings.set("proxy", read_proxy(program.path, this_machine()))
    return Taken(keys=taken, proxy=program.proxy if proxy else "")


def _key(place: KeyPlace, kept: Keys) -> TakenKey:
    try:
        value = read_key(place.path, place.name, place.hub, this_machine())
        shown = masked(value)
        return TakenKey(hub=place.hub, path=str(place.path), shown=shown, kept=kept.fill(place.hub, value))
    except YardError as error:
        return TakenKey(hub=place.hub, path=str(place.path), trouble=error.message)
