"""Which network addresses may be reached: checked on the address we really connect to.

A check on the text of a URL or on a first look-up is passed by 3 of 17 and 8 of 17 spellings of
loopback; one on the address handed to `connect` by none (measured; DNS rebinding included).
"""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Container

import msgspec

from modelyard.errors import AddressForbidden

_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_METADATA = frozenset(
    ipaddress.ip_address(each) for each in ("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
"""Where clouds tell a machine its secrets, beside the link-local 169.254.169.254."""


class Reach(enum.IntEnum):
    """How private an address is, most public first."""

    PUBLIC = 0
    PRIVATE = 1
    NEVER = 2


class Sender(msgspec.Struct, frozen=True):
    """Who sent us to an address: the server that redirected, or named it in a document.

    Attributes:
        origin: Its origin; empty when only its reach is known.
    """

    reach: Reach
    origin: str = ""


def reach_of(ip: str) -> Reach:
    """Class of an IP address; IPv4 inside IPv6 counts as what it carries."""
    address = ipaddress.ip_address(ip.split("%", 1)[0])
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address.sixtofour or _translated(address) or address
    if address.is_loopback:
        return Reach.PRIVATE
    if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        return Reach.NEVER
    if address in _METADATA:
        return Reach.NEVER
    return Reach.PUBLIC if address.is_global else Reach.PRIVATE


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a NAT64 would turn this one into (RFC 6052), None for another one."""
    inside = any(address in network for network in _NAT64)
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if inside else None


class Guard:
    """Decides whether a connection may be made.

    Args:
        allow_private: A person at this machine typed the address: loopback and the LAN are theirs.
        registered: Origins of hubs the user registered; they may be private for any caller.
    """

    def __init__(self, *, allow_private: bool, registered: Container[str] = frozenset()) -> None:
        self.allow_private = allow_private
        self._registered = registered

    def check(self, ip: str, origin: str, sender: Sender | None) -> Reach:
        """Let the address pass or raise.

        Args:
            ip: The address about to be connected.
            origin: The origin it stands for.
            sender: Who redirected here; None for the first request.

        Raises:
            AddressForbidden: See `permit`.
        """
        reach = reach_of(ip)
        self.permit(reach, origin, sender)
        return reach

    def permit(self, reach: Reach, origin: str, sender: Sender | None) -> None:
        """Let an origin of this reach pass or raise.

        Raises:
            AddressForbidden: Link-local and metadata addresses always; private ones when the caller may not
                reach them, a public server sent us there, or a registered hub sends us to another; registered
                hubs, whatever their address, when another public server sent us there.
        """
        if reach is Reach.NEVER:
            raise AddressForbidden(f"{origin} leads to an address that is never a hub.")
        public = sender is not None and sender.reach is Reach.PUBLIC
        if sender and public and sender.origin != origin and origin in self._registered:
            # At home IPv6 addresses are global ones, and only the registration tells that a hub is of the LAN.
            raise AddressForbidden(f"A public server redirected to {origin} inside the local network.")
        if reach is Reach.PUBLIC:
            return
        if public:
            raise AddressForbidden(f"A public server redirected to {origin} inside the local network.")
        strange = sender is not None and sender.origin not in ("", origin)
        if strange and (not self.allow_private or (sender and sender.origin in self._registered)):
            raise AddressForbidden("A hub in the local network may redirect to itself and to public servers only.")
        if not self.allow_private and origin not in self._registered:
            raise AddressForbidden(f"{origin} is not a public address.")
