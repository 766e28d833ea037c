"""Which source a file is begun from when some are slow to speak."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from modelyard.app import App
from modelyard.engine import opening
from modelyard.engine.opening import Opening, open_whole
from modelyard.engine.order import Order
from modelyard.net.stop import Stop
from modelyard.values.offers import Source

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n"
MODEL = b"\x80\x02" + bytes(range(100))
HURRY = 0.05

Serve = Callable[..., Source]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A source that sends these pieces, with a pause between two."""
    with ExitStack() as held:

        def answer(client: socket.socket, pieces: tuple[bytes, ...], pause: float) -> None:
            with client:
                client.recv(65536)
                for piece in pieces:
                    try:
                        client.sendall(piece)
                    except OSError:
                        return
                    if piece is not pieces[-1]:
                        threading.Event().wait(pause)

        def begin(*pieces: bytes, pause: float) -> Source:
            listener = held.enter_context(socket.create_server(("127.0.0.1", 0)))

            def accept() -> None:
                while True:
                    try:
                        client, _ = listener.accept()
                    except OSError:
                        return
                    threading.Thread(target=answer, args=(client, pieces, pause), daemon=True).start()

            threading.Thread(target=accept, daemon=True).start()
            held.callback(listener.shutdown, socket.SHUT_RDWR)
            return Source(f"http://127.0.0.1:{listener.getsockname()[1]}/m.bin", "web")

        yield begin


def opened(*sources: Source, retries: int) -> Opening:
    with App(os.environ, flags={"retry.first": "0.01", "retry.retries": str(retries)}) as app:
        order = Order("m.bin", sources)
        first = open_whole(app.yard.engine, order, Stop(), lambda *_: None, lambda *_: None)
        first.reply.close()
        return first


def test_a_stream_that_we_cut_short_ourselves_is_not_taken_for_a_whole_one(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_FIRST_BYTES", HURRY)
    slow = serve(HEAD + b"\r\n" + MODEL[:10], MODEL[10:], pause=4 * HURRY)
    quick = serve(HEAD + b"Content-Length: %d\r\n\r\n" % len(MODEL) + MODEL, pause=0)
    first = opened(slow, quick, retries=3)
    assert (first.source, first.peeked) == (quick, MODEL)


def test_where_nobody_is_asked_twice_nobody_is_hurried(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_FIRST_BYTES", HURRY)
    slow = [serve(b"HTTP/1.1 ", HEAD[9:] + b"\r\n" + MODEL, pause=4 * HURRY) for _ in range(2)]
    first = opened(*slow, retries=0)
    assert (first.source, first.peeked) == (slow[0], MODEL)
