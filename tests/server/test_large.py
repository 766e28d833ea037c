"""Far too much at once: a typed problem, nothing changed, and the memory of the service stays bounded."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from server.serving import API, Served, served

MIB = 2**20
BOUND = 400 * MIB

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads /proc"),
]


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that ends as it began whatever all of these tests sent: with no task, and never large."""
    folder = tmp_path_factory.mktemp("large")
    with served(folder / "yard", env={"MODELYARD_FOLDER": str(folder / "models")}, fresh=True) as yard:
        yield yard
        assert yard.ask("GET", f"{API}/tasks").json["tasks"] == []
        assert peak(yard.process.pid) < BOUND
        assert yard.stop() == 0
        assert "Traceback" not in "".join(yard.lines)


def peak(pid: int) -> int:
    """The most memory that a process ever had, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (found,) = [line for line in lines if line.startswith("VmHWM:")]
    return int(found.split()[1]) * 1024


MILLION = range(10**6)


@pytest.mark.parametrize(
    "made",
    [
        lambda: "\n".join(f"hf:me/model{number}" for number in MILLION),
        lambda: "\n".join(f"# a comment {number}" for number in MILLION),
        lambda: "hf:me/model " * len(MILLION),
        lambda: json.dumps([f"hf:me/model{number}" for number in MILLION]),
    ],
    ids=["addresses", "comments", "one line", "json"],
)
def test_a_batch_of_a_million_lines_is_refused_whole(yard: Served, made: Callable[[], str]) -> None:
    assert yard.ask("POST", f"{API}/tasks/batch", {"text": made()}).code == "too-many-addresses"


def test_many_empty_lines_are_nothing(yard: Served) -> None:
    got = yard.ask("POST", f"{API}/tasks/batch", {"text": "\n" * (3 * MIB)})
    assert got.status == 201 and got.json["ids"] == [] and {one["became"] for one in got.json["entries"]} == {"nothing"}


def test_a_list_of_a_million_addresses_is_refused_whole(yard: Served) -> None:
    body = {"addresses": [f"hf:me/model{number}" for number in range(10**6)]}
    assert yard.ask("POST", f"{API}/tasks", body).code in ("bad-request", "body-too-large")


@pytest.mark.parametrize("path", [f"{API}/tasks", f"{API}/tasks/batch", f"{API}/tasks/actions", "/model-manager/model"])
@pytest.mark.parametrize("declared", [True, False])
def test_a_body_of_a_hundred_megabytes_is_refused(yard: Served, path: str, declared: bool) -> None:
    assert _send(yard, "POST", path, 100 * MIB, declared=declared) == "body-too-large"


def test_a_websocket_frame_of_a_hundred_megabytes_is_refused(yard: Served) -> None:
    asyncio.run(_frames(yard))


async def _frames(yard: Served) -> None:
    async with aiohttp.ClientSession() as session:
        for first in ({"token": yard.token}, None):
            async with session.ws_connect(f"{yard.url}{API}/events/ws") as socket:
                if first:
                    await socket.send_json(first)
                    assert "hello" in await socket.receive_json(timeout=10)
                try:
                    await socket.send_str("x" * (100 * MIB))
                except ConnectionError:
                    continue  # hung up on in the middle of it
                while (message := await socket.receive(timeout=20)).type is aiohttp.WSMsgType.TEXT:
                    pass
                assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
                assert socket.close_code in (1009, 1006), socket.close_code


@pytest.mark.parametrize("known", [True, False])
def test_a_word_that_is_too_long_is_told_so_before_the_line_is_cut(yard: Served, known: bool) -> None:
    asyncio.run(_word(yard, known))


async def _word(yard: Served, known: bool) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{yard.url}{API}/events/ws") as socket:
        if known:
            await socket.send_json({"token": yard.token})
            assert "hello" in await socket.receive_json(timeout=10)
        await socket.send_str("x" * 5000)
        while (told := await socket.receive_json(timeout=20)).get("problem") is None:
            pass
        assert told["problem"]["code"] == "body-too-large" and told["problem"]["hint"]
        assert (await socket.receive(timeout=20)).data == 1009


def _send(yard: Served, method: str, path: str, size: int, *, declared: bool) -> str:
    """Send a body until the service has had enough; gives the code of its answer."""
    length = f"Content-Length: {size}" if declared else "Transfer-Encoding: chunked"
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{yard.port}\r\nAuthorization: Bearer {yard.token}\r\n"
    piece = b"x" * MIB if declared else b"%x\r\n" % MIB + b"x" * MIB + b"\r\n"
    with socket.create_connection(("127.0.0.1", yard.port), timeout=40) as made:
        made.sendall(f"{head}Content-Type: application/json\r\n{length}\r\n\r\n".encode())
        with contextlib.suppress(ConnectionError):  # it answered and hung up
            for _ in range(size // MIB):
                made.sendall(piece)
        answer = http.client.HTTPResponse(made)
        answer.begin()
        return str(json.loads(answer.read())["code"])
