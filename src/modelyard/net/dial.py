"""Opening connections: look the name up, check the address, connect, go through a proxy, start TLS."""

from __future__ import annotations

import socket
import ssl
import threading
from dataclasses import dataclass

from modelyard.errors import AccessError, BadAnswer, NotSupported, Unreachable
from modelyard.net.gate import socket_errors
from modelyard.net.guard import Guard, Reach
from modelyard.net.proxies import Proxies, Proxy
from modelyard.net.url import Url


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

    def dial(self, url: Url, came_from: Reach | None = None) -> Line:
        """Connect to the origin of `url`.

        Args:
            came_from: Reach of the server that redirected here, None for a first request.

        Raises:
            AddressForbidden, Unreachable, Stalled, TlsFailed: See `net.gate` and `net.guard`.
        """
        proxy = self._proxies.proxy_for(url)
        with socket_errors(url.host):
            line = self._through(proxy, url) if proxy else self._direct(url, came_from)
            try:
                if url.scheme == "https":
                    line.sock = self._context().wrap_socket(line.sock, server_hostname=url.host)
            except BaseException:
                line.sock.close()
                raise
        line.sock.settimeout(self.timeouts.silence)
        return line

    def _direct(self, url: Url, came_from: Reach | None) -> Line:
        last: OSError | None = None
        for family, kind, proto, _, address in socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM):
            reach = self._guard.check(str(address[0]), url.origin, came_from)
            try:
                return Line(self._connect(socket.socket(family, kind, proto), address), reach)
            except OSError as error:
                last = error
        raise last or Unreachable(f"The name {url.host} has no address.")

    def _connect(self, sock: socket.socket, address: object) -> socket.socket:
        try:
            sock.settimeout(self.timeouts.connect)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.connect(address)  # type: ignore[arg-type]  # getaddrinfo's own tuple
        except BaseException:
            sock.close()
            raise
        return sock

    def _through(self, proxy: Proxy, url: Url) -> Line:
        if proxy.scheme.startswith("socks5"):
            return Line(_socks(proxy, url, self.timeouts.connect), Reach.PUBLIC)
        with socket_errors(f"The proxy {proxy.host}"):
            sock = socket.create_connection((proxy.host, proxy.port), self.timeouts.connect)
            try:
                if proxy.scheme == "https":
                    sock = self._context().wrap_socket(sock, server_hostname=proxy.host)
                if url.scheme == "https":
                    _tunnel(sock, proxy, url)
            except BaseException:
                sock.close()
                raise
        return Line(sock, Reach.PUBLIC, forwarding=proxy if url.scheme == "http" else None)

    def _context(self) -> ssl.SSLContext:
        with self._lock:  # making one costs 15 ms: once per process, shared by all threads
            if self._tls is None:
                self._tls = ssl.create_default_context(cafile=self._ca_file)
                self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
            return self._tls


def password_wanted(proxy: Proxy) -> AccessError:
    """What a 407 from a proxy means."""
    return AccessError(
        f"The proxy {proxy.host} wants a user and password.", hint="Write http://user:pass@host:port.", status=407
    )


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
