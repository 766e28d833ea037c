"""TLS inside TLS: an https URL behind an https proxy. Python's own wrap would drop the outer layer."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading

_READ = 65536


def nested(outer: ssl.SSLSocket) -> socket.socket:
    """A plain socket whose bytes travel inside `outer`; closing it closes both."""
    outer.settimeout(None)
    ours, theirs = socket.socketpair()
    threading.Thread(target=_carry, args=(outer, theirs), name="proxy", daemon=True).start()
    return ours


def _carry(outer: ssl.SSLSocket, theirs: socket.socket) -> None:
    """One thread for both ways: a TLS connection must not be used by two at once."""
    with outer, theirs, contextlib.suppress(OSError, ValueError):  # a socket closed meanwhile has no number any more
        while True:
            ready = [outer] if outer.pending() else select.select([outer, theirs], [], [])[0]
            for source in ready:
                data = source.recv(_READ)
                if not data:
                    return
                (theirs if source is outer else outer).sendall(data)
