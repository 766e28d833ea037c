"""A hub with TLS on loopback that keeps what it was told, and one without."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from pathlib import Path

from modelyard.net.certificate import Certificate, read_certificate
from modelyard.testing.tls import make_authority, server_context


class Identity:
    """A certificate for 127.0.0.1, 127.0.0.2 and localhost, signed by an authority of its own that nobody knows."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.ca_file = make_authority(folder)
        self.ca = self.ca_file.read_text()
        self.context = server_context(folder)
        self.der = ssl.PEM_cert_to_DER_cert((folder / "leaf.pem").read_text())

    @property
    def read(self) -> Certificate:
        return read_certificate(self.der)

    @property
    def pin(self) -> str:
        return self.read.pin


class TlsHub:
    """Answers every request with `answer`; `heard` has path and Authorization of each.

    Attributes:
        identity: What it shows to the next connection; None speaks plain HTTP.
        wants: A token that it asks for; others get 401.
    """

    def __init__(self, identity: Identity | None, host: str = "127.0.0.1", *, port: int = 0) -> None:
        self.identity = identity
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        self.wants = ""
        self.heard: list[tuple[str, str]] = []
        self.raw = bytearray()
        self.connections = 0
        self._socket = socket.create_server((host, port))
        self.port = self._socket.getsockname()[1]
        self.origin = f"{'https' if identity else 'http'}://{host}:{self.port}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, ValueError):
            if self.identity is None:
                self._talk(client)
            else:
                with self.identity.context.wrap_socket(client, server_side=True) as safe:
                    self._talk(safe)

    def _talk(self, client: socket.socket) -> None:
        lines = client.makefile("rb")
        while first := lines.readline():
            self.raw += first
            key = ""
            while (line := lines.readline()).strip():
                self.raw += line
                name, _, value = line.decode("latin-1").partition(":")
                key = value.strip() if name.lower() == "authorization" else key
            self.heard.append((first.split()[1].decode(), key))
            refused = self.wants and key != f"Bearer {self.wants}"
            client.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n" if refused else self.answer)

    def leads_to(self, url: str) -> None:
        """Answer with a redirect from now on."""
        self.answer = f"HTTP/1.1 302 Found\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n".encode()

    def close(self) -> None:
        self._socket.close()
