"""Opening connections: look the name up, check the address, connect, go through a proxy, start TLS, check the pin."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import ssl
import threading
import time
from dataclasses import dataclass

import msgspec

from modelyard.errors import AddressForbidden, TlsFailed, Unreachable
from modelyard.net.certificate import Certificate, read_certificate
from modelyard.net.gate import socket_errors
from modelyard.net.guard import Guard, Reach, Sender
from modelyard.net.lan_hubs import LanHubs
from modelyard.net.nested import nested
from modelyard.net.proxies import Proxies
from modelyard.net.stop import Stop
from modelyard.net.trust import Trust
from modelyard.net.tunnels import circuit, is_circuit, tunnel
from modelyard.net.url import Url
from modelyard.values.proxy import Proxy

_GLANCE = 0.05
"""Seconds between two looks at the stop flag while connecting."""


class Timeouts(msgspec.Struct, frozen=True):
    """Seconds until a silent connection counts as stalled."""

    connect: float = 10.0
    silence: float = 10.0


@dataclass(slots=True)
class Line:
    """An open connection.

    Attributes:
        reach: How private its far end is.
        forwarding: The proxy that forwards plain requests, if one does.
        trust: What vouched for the far end, where the usual authorities did not.
    """

    sock: socket.socket
    reach: Reach
    forwarding: Proxy | None = None
    trust: Trust | None = None


class Dialer:
    """Opens connections.

    Args:
        ca_file: A PEM file of certificates to trust instead of the system's.
        lan_hubs: Registered hubs, each with what vouches for it alone.
    """

    def __init__(
        self,
        guard: Guard,
        proxies: Proxies,
        timeouts: Timeouts,
        ca_file: str | None = None,
        lan_hubs: LanHubs | None = None,
    ) -> None:
        self._guard = guard
        self._proxies = proxies
        self.timeouts = timeouts
        self._ca_file = ca_file
        self._lan_hubs = lan_hubs
        self._tls: ssl.SSLContext | None = None
        self._lock = threading.Lock()

    def dial(self, url: Url, stop: Stop, sender: Sender | None = None) -> Line:
        """Connect to the origin of `url`.

        Args:
            stop: Ends connecting and shaking hands within a twentieth of a second.
            sender: Who redirected here, None for a first request.

        Raises:
            AddressForbidden, Unreachable, Stalled, TlsFailed: See `net.gate` and `net.guard`.
            PinDiffers: The hub shows another key than is pinned for it.
            Stopped: `stop` was set.
        """
        with socket_errors(url.host):
            line = self._plain(url, stop, sender, self._guard)
            if url.scheme == "https":
                line.trust = self._trust(url.origin)
                line.sock = self._proven(line.sock, url.host, line.trust, stop)
        line.sock.settimeout(self.timeouts.silence)
        return line

    def permits(self, line: Line, origin: str, sender: Sender | None) -> bool:
        """Whether a connection that is open already may serve this request too."""
        try:
            self._guard.permit(line.reach, origin, sender)
        except AddressForbidden:
            return False
        return line.trust == self._trust(origin)

    def shown(self, url: Url, stop: Stop) -> Certificate:
        """The certificate that an origin shows, whoever vouches for it. Nothing is sent; for its owner's eyes.

        Raises:
            AddressForbidden: It leads to an address that is never a hub.
            NetworkError: It cannot be reached, or shows none.
        """
        with socket_errors(url.host):
            line = self._plain(url, stop, None, Guard(allow_private=True))
            with self._secure(line.sock, url.host, Trust().context(), stop) as sock:
                return read_certificate(sock.getpeercert(binary_form=True) or b"")

    def check(self, url: Url, sender: Sender) -> None:
        """Look a name up and let its addresses pass or raise: for programs that connect by themselves.

        Raises:
            AddressForbidden: It leads where we would not go ourselves, or to a registered hub, whose certificate
                only we can judge.
        """
        if self._lan_hubs is not None and url.origin in self._lan_hubs:
            raise AddressForbidden(f"{url.origin} is a hub of the local network.")
        with socket_errors(url.host):
            if self._proxies.proxy_for(url):
                self._look_behind(url, sender, self._guard)
                return
            for found in socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM):
                self._guard.check(str(found[4][0]), url.origin, sender)

    def _trust(self, origin: str) -> Trust | None:
        return self._lan_hubs.trust(origin) if self._lan_hubs is not None else None

    def _plain(self, url: Url, stop: Stop, sender: Sender | None, guard: Guard) -> Line:
        proxy = self._proxies.proxy_for(url)
        if proxy and url.scheme == "http" and not is_circuit(proxy) and url.origin in (self._lan_hubs or ()):
            proxy = None  # it would read the hub's token
        return self._through(proxy, url, stop, sender, guard) if proxy else self._direct(url, stop, sender, guard)

    def _look_behind(self, url: Url, sender: Sender | None, guard: Guard) -> Reach:
        """Check where a proxy would lead, as far as we can know: it looks names up itself. Gives its reach.

        Addresses in any spelling are checked for every caller. Names are looked up here too when the caller
        is not trusted; those that only the proxy knows are its own to fence.
        """
        flags = socket.AI_NUMERICHOST if guard.allow_private else 0
        reach = Reach.PUBLIC
        with contextlib.suppress(socket.gaierror):
            for found in socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM, flags=flags):
                reach = max(reach, guard.check(str(found[4][0]), url.origin, sender))
        return reach

    def _proven(self, sock: socket.socket, host: str, trust: Trust | None, stop: Stop) -> socket.socket:
        """The socket with TLS around it, its far end proven: no byte of a request was sent before."""
        safe = self._secure(sock, host, trust.context() if trust else self._context(), stop)
        if trust:
            try:
                trust.check(safe, host)
            except BaseException:
                safe.close()
                raise
        return safe

    def _secure(self, sock: socket.socket, host: str, context: ssl.SSLContext, stop: Stop) -> ssl.SSLSocket:
        try:
            with stop.waking(lambda: _shut(sock)):
                return context.wrap_socket(sock, server_hostname=host)
        except BaseException:
            sock.close()
            stop.check()
            raise

    def _direct(self, url: Url, stop: Stop, sender: Sender | None, guard: Guard) -> Line:
        last: OSError | None = None
        for family, kind, proto, _, address in socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM):
            reach = guard.check(str(address[0]), url.origin, sender)
            try:
                return Line(self._connect(socket.socket(family, kind, proto), address, stop), reach)
            except OSError as error:
                last = error
        raise last or Unreachable(f"The name {url.host} has no address.")

    def _connect(self, sock: socket.socket, address: object, stop: Stop) -> socket.socket:
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setblocking(False)
            _await_connection(sock, address, self.timeouts.connect, stop)
            sock.settimeout(self.timeouts.connect)
        except BaseException:
            sock.close()
            raise
        return sock

    def _through(self, proxy: Proxy, url: Url, stop: Stop, sender: Sender | None, guard: Guard) -> Line:
        reach = self._look_behind(url, sender, guard)
        if is_circuit(proxy):
            return Line(circuit(proxy, url, self.timeouts.connect), reach)
        with socket_errors(f"The proxy {proxy.host}"):
            family, kind, proto, _, address = socket.getaddrinfo(proxy.host, proxy.port, type=socket.SOCK_STREAM)[0]
            sock = self._connect(socket.socket(family, kind, proto), address, stop)
            if proxy.scheme == "https":
                sock = self._secure(sock, proxy.host, self._context(), stop)
            try:
                with stop.waking(lambda: _shut(sock)):
                    if url.scheme == "https":
                        tunnel(sock, proxy, url)
            except BaseException:
                sock.close()
                stop.check()
                raise
        if isinstance(sock, ssl.SSLSocket) and url.scheme == "https":
            sock = nested(sock)
        return Line(sock, reach, forwarding=proxy if url.scheme == "http" else None)

    def _context(self) -> ssl.SSLContext:
        with self._lock:  # making one costs 15 ms: once per process, shared by all threads
            if self._tls is None:
                self._tls = _trusting(self._ca_file)
                self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
            return self._tls


def _trusting(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise TlsFailed(
            f"The certificates in {ca_file} cannot be read.", hint="Check SSL_CERT_FILE and the setting ca-file."
        ) from error


def _await_connection(sock: socket.socket, address: object, seconds: float, stop: Stop) -> None:
    """Connect without blocking, so that a stop is noticed on the way."""
    code = sock.connect_ex(address)  # type: ignore[arg-type]  # getaddrinfo's own tuple
    deadline = time.monotonic() + seconds
    while code in (errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY):
        stop.check()
        if time.monotonic() > deadline:
            raise TimeoutError
        _, ready, failed = select.select([], [sock], [sock], _GLANCE)
        if ready or failed:
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
