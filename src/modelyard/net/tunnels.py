"""What stands between us and a hub where a proxy does: a CONNECT tunnel or a SOCKS circuit."""

from __future__ import annotations

import socket

from modelyard.errors import AccessError, BadAnswer, Unreachable, extra_needed
from modelyard.net.url import Url
from modelyard.values.proxy import Proxy


def is_circuit(proxy: Proxy) -> bool:
    """Whether a proxy connects and passes bytes on, and reads no request."""
    return proxy.scheme.startswith("socks5")


def password_wanted(proxy: Proxy) -> AccessError:
    """What a 407 from a proxy means."""
    return AccessError(
        f"The proxy {proxy.host} wants a user and password.", hint="Write http://user:pass@host:port.", status=407
    )


def tunnel(sock: socket.socket, proxy: Proxy, url: Url) -> None:
    """Have an HTTP proxy connect to the origin of `url`; what follows on the socket is between us and that.

    Raises:
        AccessError, BadAnswer, Unreachable: The proxy would not.
    """
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


def circuit(proxy: Proxy, url: Url, timeout: float) -> socket.socket:
    """A socket to the origin of `url` through a SOCKS5 proxy.

    Raises:
        NotSupported: The extra is not installed.
        Unreachable: The proxy would not.
    """
    try:
        from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError, ProxyType
        from python_socks.sync import Proxy as SocksProxy
    except ImportError as error:
        raise extra_needed("SOCKS proxies need", "socks") from error
    through = SocksProxy(
        ProxyType.SOCKS5, proxy.host, proxy.port, proxy.user, proxy.password, rdns=proxy.scheme == "socks5h"
    )
    try:
        sock: socket.socket = through.connect(url.host, url.port, timeout=timeout)
    except (ProxyError, ProxyConnectionError, ProxyTimeoutError) as error:
        raise Unreachable(f"The proxy {proxy.host} would not connect to {url.host}: {error}.") from error
    return sock
