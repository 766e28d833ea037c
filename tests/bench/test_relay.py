"""The far port of the transfer bench: what goes through the relay comes whole, in order, and late both ways."""

from __future__ import annotations

import os
import socket
import threading
import time

from bench.test_chart import loaded


def test_what_goes_through_the_relay_comes_whole_and_late() -> None:
    data = os.urandom(3_000_000)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()

        def echo() -> None:
            connection, _ = server.accept()
            with connection:
                while got := connection.recv(1 << 16):
                    connection.sendall(got)

        threading.Thread(target=echo, daemon=True).start()
        with (
            loaded("relay").relay(port, server.getsockname()[1], 0.1),
            socket.create_connection(("127.0.0.1", port)) as near,
        ):
            begun, came = time.monotonic(), bytearray()
            sending = threading.Thread(target=lambda: (near.sendall(data), near.shutdown(socket.SHUT_WR)), daemon=True)
            sending.start()
            first = near.recv(1 << 16)
            assert time.monotonic() - begun >= 0.2
            came += first
            while got := near.recv(1 << 16):
                came += got
    assert bytes(came) == data
