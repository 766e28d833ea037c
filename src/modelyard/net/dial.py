"""Opening connections: look the name up, check the address, connect, go through a proxy, start TLS."""

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

from modelyard.errors import AccessError, AddressForbidden, BadAnswer, NotSupported, TlsFailed, Unreachable
from modelyard.net.gate import socket_errors
from modelyard.net.guard import Guard, Reach, Sender
from modelyard.net.nested import nested
from modelyard.net.proxies import Proxies
from modelyard.net.stop import Stop
from modelyard.net.url import Url
from modelyard.values.proxy import Proxy

_GLANCE = 0.05
"""Seconds between two looks at the stop flag while connecting."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds until a silent connection counts as stalled."""

    connect: float = 10.0
    silence: float = 10.0


@dataclass(slots=True)
class Line:
    """An open connection: its socket, how private its far end is, and whether a proxy forwards plain requests."""

    sock: socket.socket
    reach: Reach
    forwarding: Proxy | None = None


class Dialer:
    """Opens connections.

    Args:
        ca_file: A PEM file of certificates to trust instead of the system's.
    """

    def __init__(self, guard: Guard, proxies: Proxies, timeouts: Timeouts, ca_file: str | None = None) -> None:
        self._guard = guard
        self._proxies = proxies
        self.timeouts = timeouts
        self._ca_file = ca_file
        self._tls: ssl.SSLContext | None = None
        self._lock = threading.Lock()

    def dial(self, url: Url, stop: Stop, sender: Sender | None = None) -> Line:
        """Connect to the origin of `url`.

        Args:
            stop: Ends connecting and shaking hands within a twentieth of a second.
            sender: Who redirected here, None for a first request.

        Raises:
            AddressForbidden, Unreachable, Stalled, TlsFailed: See `net.gate` and `net.guard`.
            Stopped: `stop` was set.
        """
        proxy = self._proxies.proxy_for(url)
        with socket_errors(url.host):
            line = self._through(proxy, url, stop, sender) if proxy else self._direct(url, stop, sender)
            if url.scheme == "https":
                line.sock = self._secure(line.sock, url.host, stop)
        line.sock.settimeout(self.timeouts.silence)
        return line

    def permits(self, reach: Reach, origin: str, sender: Sender | None) -> bool:
        """Whether a connection that is open already may serve this request too."""
        try:
            self._guard.permit(reach, origin, sender)
        except AddressForbidden:
            return False
        return True

    def _look_behind(self, url: Url, sender: Sender | None) -> Reach:
        """Check where a proxy would lead, as far as we can know: it looks names up itself. Gives its reach.

        Addresses in any spelling are checked for every caller. Names are looked up here too when the caller
        is not trusted; those that only the proxy knows are its own to fence.
        """
        flags = socket.AI_NUMERICHOST if self._guard.allow_private else 0
        reach = Reach.PUBLIC
        with contextlib.suppress(socket.gaierror):
            for found in socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM, flags=flags):
                reach = max(reach, self._guard.check(str(found[4][0]), url.origin, sender))
        return reach

    def _secure(self, sock: socket.socket, host: str, stop: Stop) -> socket.socket:
        try:
            with stop.waking(lambda: _shut(sock)):
                return self._context().wrap_socket(sock, server_hostname=host)
        except BaseException:
            sock.close()
            stop.check()
            raise

    def _direct(self, url: Url, stop: Stop, sender: Sender | None) -> Line:
        last: OSError | None = None
        for family, kind, proto, _, address in socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM):
            reach = self._guard.check(str(address[0]), url.origin, sender)
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

    def _through(self, proxy: Proxy, url: Url, stop: Stop, sender: Sender | None) -> Line:
        reach = self._look_behind(url, sender)
        if proxy.scheme.startswith("socks5"):
            return Line(_socks(proxy, url, self.timeouts.connect), reach)
        with socket_errors(f"The proxy {proxy.host}"):
            family, kind, proto, _, address = socket.getaddrinfo(proxy.host, proxy.port, type=socket.SOCK_STREAM)[0]
            sock = self._connect(socket.socket(family, kind, proto), address, stop)
            if proxy.scheme == "https":
                sock = self._secure(sock, proxy.host, stop)
            try:
                with stop.waking(lambda: _shut(sock)):
                    if url.scheme == "https":
                        _tunnel(sock, proxy, url)
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


def password_wanted(proxy: Proxy) -> AccessError:
    """What a 407 from a proxy means."""
    return AccessError(
        f"The proxy {proxy.host} wants a user and password.", hint="Write http://user:pass@host:port.", status=407
    )


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


def _tunnel(sock: socket.socket, proxy: Proxy, url: Url) -> None:
    where = f"[{url.host}]:{url.port}" if ":" in url.host else f"{url.host}:{url.port}"
    secret = f"Proxy-Authorization: {proxy.authorization}\r\n" if proxy.authorization else ""
    sock.sendall(f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n{secret}\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)  # one at a time: what follows the head belongs to TLS
        if not byte or len(head) > 16384:
            raise BadAnswer(f"The proxy {proxy.host} gave no proper answer.")
        head += byte
    status = head.split(b" ", 2)[1:2]
    if status != [b"200"]:
        told = b"".join(status).decode("latin-1")
        if told == "407":
            raise password_wanted(proxy)
        raise Unreachable(f"The proxy {proxy.host} would not connect to {url.host} ({told}).")


def _socks(proxy: Proxy, url: Url, timeout: float) -> socket.socket:
    try:
        from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError, ProxyType
        from python_socks.sync import Proxy as SocksProxy
    except ImportError as error:
        raise NotSupported("SOCKS proxies need the extra `modelyard[socks]`.") from error
    through = SocksProxy(
        ProxyType.SOCKS5, proxy.host, proxy.port, proxy.user, proxy.password, rdns=proxy.scheme == "socks5h"
    )
    try:
        sock: socket.socket = through.connect(url.host, url.port, timeout=timeout)
    except (ProxyError, ProxyConnectionError, ProxyTimeoutError) as error:
        raise Unreachable(f"The proxy {proxy.host} would not connect to {url.host}: {error}.") from error
    return sock
