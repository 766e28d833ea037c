"""Strangers that say nothing, or a letter a second, or come by the hundred: the real service here, its clock ours."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from modelyard.app import App
from modelyard.server import serve
from modelyard.server.crowd import HEAD_SECONDS, REST_SECONDS, Crowd
from modelyard.server.folder import held
from modelyard.server.listening import Listening
from modelyard.server.serve import running
from modelyard.server.service import Service
from modelyard.testing.tls import make_authority

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
MOST = 12


class Time:
    """A clock that stands still until told."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class House:
    """A service, how crowded it is, and its clock."""

    def __init__(self, crowd: Crowd, clock: Time, service: Service, port: int) -> None:
        self.crowd, self.clock, self.service, self.port = crowd, clock, service, port
        self.token = service.access.tokens.own()

    async def come(self, said: bytes = b"") -> Stream:
        """Connect and say something; waits until the service has taken it in."""
        before = list(self.crowd._guests.values())
        stream = await asyncio.open_connection("127.0.0.1", self.port)
        await until(lambda: any(all(one is not old for old in before) for one in self.crowd._guests.values()))
        stream[1].write(said)
        return stream

    def wait(self, seconds: float) -> None:
        self.clock.seconds += seconds
        self.crowd.sweep()

    def request(self, path: str = "/healthz", token: str = "") -> bytes:
        key = f"Authorization: Bearer {token}\r\n" if token else ""
        return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n{key}\r\n".encode()


@contextlib.asynccontextmanager
async def house(
    monkeypatch: pytest.MonkeyPatch, most: int = MOST, listening: Listening | None = None
) -> AsyncIterator[House]:
    clock = Time()
    crowd = Crowd(most, clock)
    monkeypatch.setattr(serve, "Crowd", lambda _most: crowd)
    with App() as app, held(app.folder):
        service = Service(app)
        async with running(service, listening or Listening(0)) as note:
            yield House(crowd, clock, service, int(note.url.rstrip("/").rpartition(":")[2]))


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.002)


async def status(stream: Stream) -> int:
    """Status of the next answer, read to its end."""
    async with asyncio.timeout(10):
        head = await stream[0].readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await stream[0].readexactly(int(length.partition(b":")[2]))
    return int(head.split(b" ")[1])


async def gone(stream: Stream) -> bool:
    """Whether the service hung up without a word."""
    async with asyncio.timeout(10):
        try:
            return await stream[0].read(1) == b""
        except ConnectionError:
            return True


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 60))  # type: ignore[arg-type]


@pytest.mark.parametrize("said", [b"", b"G", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a"])
def test_who_does_not_end_a_request_in_time_is_hung_up_on(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    async def test() -> None:
        async with house(monkeypatch) as own:
            stream = await own.come(said)
            for letter in b"slowly":
                own.wait(HEAD_SECONDS / 7)
                stream[1].write(bytes([letter]))
            assert len(own.crowd) == 1
            own.wait(HEAD_SECONDS / 7 + 0.1)
            assert await gone(stream)
            await until(lambda: len(own.crowd) == 0)
            stream[1].close()

    run(test)


def test_who_begins_no_handshake_is_hung_up_on_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def test() -> None:
        make_authority(tmp_path)
        tls = Listening(0, "127.0.0.1", ("yard.example",), tmp_path / "leaf.pem", tmp_path / "leaf.key")
        async with house(monkeypatch, listening=tls) as own:
            streams = [await own.come(said) for said in (b"", b"\x16\x03\x01")]
            assert len(own.crowd) == 2
            own.wait(HEAD_SECONDS + 0.1)
            for stream in streams:
                assert await gone(stream)
                stream[1].close()
            await until(lambda: len(own.crowd) == 0)

    run(test)


def test_a_stranger_rests_for_a_minute_and_who_is_known_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with house(monkeypatch) as own:
            stranger = await own.come(own.request("/api/v1/tasks"))
            known = await own.come(own.request("/api/v1/tasks", own.token))
            assert (await status(stranger), await status(known)) == (401, 200)
            own.wait(REST_SECONDS - 1)
            assert len(own.crowd) == 2
            own.wait(2)
            assert await gone(stranger)
            await until(lambda: len(own.crowd) == 1)
            own.wait(1000)
            known[1].write(own.request("/api/v1/tasks", own.token))
            assert await status(known) == 200
            for stream in (stranger, known):
                stream[1].close()

    run(test)


def test_a_flood_of_strangers_keeps_nobody_out_and_nobody_is_lost(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def test() -> None:
        async with house(monkeypatch) as own, aiohttp.ClientSession() as session:
            listener = await session.ws_connect(f"http://127.0.0.1:{own.port}/api/v1/events/ws")
            await listener.send_str(json.dumps({"token": own.token, "since": own.service.app.events.newest}))
            assert "hello" in await listener.receive_str(timeout=10)
            working = await own.come(own.request("/api/v1/tasks", own.token))
            assert await status(working) == 200
            flood = [await own.come(b"GET") for _ in range(5 * MOST)]
            assert len(own.crowd) <= MOST
            newcomer = await own.come(own.request())
            assert await status(newcomer) == 200
            own.service.app.events.publish("still", {})
            assert "still" in await listener.receive_str(timeout=10)
            working[1].write(own.request("/api/v1/tasks", own.token))
            assert await status(working) == 200
            assert all([await gone(stream) for stream in flood[: 4 * MOST]])
            for stream in (newcomer, working, *flood):
                stream[1].close()
            await listener.close()

    with caplog.at_level(logging.WARNING):
        run(test)
    assert len([record for record in caplog.records if "make room" in record.getMessage()]) == 1


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts file handles in /proc")
def test_a_hundred_at_once_never_take_more_handles_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    enter = Crowd.enter

    def counted(self: Crowd, held: socket.socket) -> None:
        enter(self, held)
        seen.append(len(os.listdir("/proc/self/fd")))

    monkeypatch.setattr(Crowd, "enter", counted)

    async def test() -> None:
        async with house(monkeypatch) as own:
            flood = [socket.create_connection(("127.0.0.1", own.port)) for _ in range(100)]  # the loop stands still
            before = len(os.listdir("/proc/self/fd"))
            newcomer = await asyncio.open_connection("127.0.0.1", own.port)
            newcomer[1].write(own.request())
            assert await status(newcomer) == 200
            assert len(seen) == 101 and max(seen) <= before + MOST + 2  # the newcomer's own, and the folder of /proc
            newcomer[1].close()
            for each in flood:
                each.close()

    run(test)


def test_where_everybody_is_known_the_next_one_is_not_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with house(monkeypatch, most=2) as own:
            known = [await own.come(own.request("/api/v1/tasks", own.token)) for _ in range(2)]
            assert [await status(stream) for stream in known] == [200, 200]
            late = await asyncio.open_connection("127.0.0.1", own.port)
            assert await gone(late)
            known[0][1].close()
            await until(lambda: len(own.crowd) == 1)
            next_one = await own.come(own.request())
            assert await status(next_one) == 200
            for stream in (*known, late, next_one):
                stream[1].close()

    run(test)


def test_a_wrong_token_makes_nobody_known(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with house(monkeypatch) as own, aiohttp.ClientSession() as session:
            stream = await own.come(own.request("/api/v1/tasks", "wrong"))
            listener = await session.ws_connect(f"http://127.0.0.1:{own.port}/api/v1/events/ws")
            await listener.send_str('{"token": "wrong"}')
            assert await status(stream) == 401 and "token-needed" in await listener.receive_str(timeout=10)
            assert not any(guest.known for guest in own.crowd._guests.values())
            stream[1].close()
            await listener.close()

    run(test)


def test_who_left_counts_no_more_and_his_number_gives_the_next_one_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with house(monkeypatch) as own:
            stream = await own.come(own.request("/api/v1/tasks", own.token))
            assert await status(stream) == 200
            stream[1].close()
            await until(lambda: len(own.crowd) == 0)

    run(test)
    crowd = Crowd(4, lambda: 0.0)
    one, other = socket.socketpair()
    with one, other:
        crowd.enter(one)
        with crowd.asking(one.fileno()):
            crowd.leave(one.fileno())
            crowd.enter(one)
        assert crowd._guests[one.fileno()].phase.value == HEAD_SECONDS
        assert not crowd._guests[one.fileno()].known


def test_half_of_the_file_handles_is_left_to_downloads_and_the_database() -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 600), hard))
    try:
        assert serve._room() == 300
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
