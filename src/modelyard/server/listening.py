"""Where the service listens: this machine only, unless somebody says otherwise and locks the door."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from modelyard.errors import Busy, UnsafeListening
from modelyard.server.doors import Doors, Network, hosts_of

PORT = 7980
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TRIES = 20


@dataclass(frozen=True)
class Listening:
    """What the command line said about it.

    Attributes:
        port: 0 takes any that is free.
        address: An address that others may reach; None is this machine only.
        names: Host names by which others reach it, with ``:port`` where a proxy has another.
        proxies: Networks of proxies that speak TLS for us.
    """

    port: int = PORT
    address: str | None = None
    names: tuple[str, ...] = ()
    tls_cert: Path | None = None
    tls_key: Path | None = None
    proxies: tuple[Network, ...] = ()

    @property
    def remote(self) -> bool:
        """Whether other machines may reach it."""
        return self.address is not None

    @property
    def scheme(self) -> str:
        """As the browser sees it."""
        return "https" if self.remote else "http"

    def check(self, *, password: bool) -> None:
        """Refuse to listen where others could walk in.

        Args:
            password: Whether one is set.

        Raises:
            UnsafeListening: What is missing, and how to give it.
        """
        for refused, message, hint in self._rules(password=password):
            if refused:
                raise UnsafeListening(message, hint=hint)

    def _rules(self, *, password: bool) -> list[tuple[bool, str, str]]:
        tls, any_tls = bool(self.tls_cert and self.tls_key), bool(self.tls_cert or self.tls_key)
        extras = any_tls or bool(self.proxies) or bool(self.names)
        return [
            (not self.remote and extras, "TLS, proxies and names are for --listen.", "Add --listen ADDRESS."),
            (any_tls and not tls, "TLS needs certificate and key.", "Give both --tls-cert and --tls-key."),
            (self.remote and not password, "Others could use this service without a password.",
             "Set one first: modelyard serve --set-password."),
            (self.remote and not tls and not self.proxies, "Others could read along: there is no TLS.",
             "Give --tls-cert and --tls-key, or name the proxy that does it with --trusted-proxy."),
            (self.remote and not self.names and _is_any(self.address or ""), "Its names are not known.",
             "Name how others reach it with --name, as in --name yard.example.org."),
        ]  # fmt: skip

    def doors(self, port: int) -> Doors:
        """The doors of this address, once its port is known."""
        if self.address is None:
            return Doors("http", hosts_of("http", LOOPBACK, port))
        ported = {name.lower() for name in self.names if _has_port(name)}
        plain = [name for name in self.names if not _has_port(name)] + ([] if _is_any(self.address) else [self.address])
        hosts = hosts_of("https", plain, 443 if self.proxies else port) | ported
        return Doors("https", hosts, self.proxies)

    def url(self, port: int) -> str:
        """The page's address."""
        host = next(iter([*self.names, *([self.address] if self.address else []), "127.0.0.1"]))
        shown = f"[{host}]" if host.count(":") > 1 else host
        default = _has_port(host) or port == {"http": 80, "https": 443}[self.scheme] or bool(self.proxies)
        return f"{self.scheme}://{shown}/" if default else f"{self.scheme}://{shown}:{port}/"

    def tls(self) -> ssl.SSLContext | None:
        """The TLS context, None when a proxy does it or nobody needs it.

        Raises:
            UnsafeListening: Certificate or key cannot be read.
        """
        if not (self.tls_cert and self.tls_key):
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self.tls_cert, self.tls_key)
        except (OSError, ssl.SSLError) as error:
            raise UnsafeListening(f"{self.tls_cert} or {self.tls_key} cannot be used: {error}.") from error
        return context

    def sockets(self) -> list[socket.socket]:
        """Bound sockets: 127.0.0.1 and, where there is one, ::1, or the one remote address.

        Raises:
            Busy: The port is taken.
            UnsafeListening: The address is not one of this machine.
        """
        if self.address is not None:
            return [_bound(self.address, self.port)]
        for _ in range(_TRIES if self.port == 0 else 1):
            first = _bound("127.0.0.1", self.port)
            try:
                return [first, *_second(first.getsockname()[1])]
            except Busy:
                first.close()
        raise Busy(f"Port {self.port} of ::1 is taken by another program.", hint="Choose another with --port.")


def _second(port: int) -> list[socket.socket]:
    """A socket on ::1; none where this machine has no IPv6."""
    try:
        return [_bound("::1", port)]
    except (UnsafeListening, OSError):
        return []


def _bound(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
    except OSError as error:
        made.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            what = f"Port {port} of {address} cannot be taken: {error.strerror}."
            raise Busy(what, hint="Choose another with --port.") from error
        what = f"{address} is no address of this machine: {error.strerror}."
        raise UnsafeListening(what, hint="See `ip addr`.") from error
    return made


def _is_any(address: str) -> bool:
    return ipaddress.ip_address(address).is_unspecified


def _has_port(name: str) -> bool:
    return name.rpartition(":")[2].isdigit() and name.count(":") == 1
