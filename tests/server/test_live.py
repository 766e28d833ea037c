"""Events by long poll and by WebSocket, against the real service in this process."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from modelyard.app import App
from modelyard.server import live
from modelyard.server.api.words import EventPage, SocketEvent, SocketHello, SocketRefusal, SocketSnapshot
from modelyard.server.fan import MOST_FRAMES, Fan, Listener
from modelyard.server.folder import Note, held
from modelyard.server.listening import Listening
from modelyard.server.serve import running
from modelyard.server.service import Service
from modelyard.server.working import snapshot
from modelyard.tasks.task import Draft


@contextlib.asynccontextmanager
async def yard(snapshot: Callable[[App], dict[str, Any]] = lambda _: {"tasks": []}) -> AsyncIterator["Yard"]:
    with App() as app, held(app.folder):
        service = Service(app, snapshot)
        async with running(service, Listening(0)) as note, aiohttp.ClientSession() as session:
            yield Yard(service, note, session)


class Yard:
    """A service in this loop, and a client of it."""

    def __init__(self, service: Service, note: Note, session: aiohttp.ClientSession) -> None:
        self.service, self.note, self.session = service, note, session
        self.events = service.app.events
        self.token = service.access.tokens.own()

    async def listen(self, first: Any = None, **how: Any) -> aiohttp.ClientWebSocketResponse:
        socket = await self.session.ws_connect(f"{self.note.url}api/v1/events/ws", **how)
        await socket.send_str(first if isinstance(first, str) else json.dumps({"token": self.token, **(first or {})}))
        return socket

    async def poll(self, query: str) -> dict[str, Any]:
        url = f"{self.note.url}api/v1/events?{query}"
        async with self.session.get(url, headers={"Authorization": f"Bearer {self.token}"}) as answer:
            assert answer.status == 200
            return dict(await answer.json())


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 60))  # type: ignore[arg-type]


async def hear(socket: aiohttp.ClientWebSocketResponse) -> Any:
    return json.loads(await socket.receive_str(timeout=10))


def test_a_client_gets_hello_and_then_what_happens() -> None:
    async def test() -> None:
        async with yard() as own:
            since = own.events.newest
            own.events.publish("before", {"n": 1})
            socket = await own.listen({"since": since})
            hello = await hear(socket)
            assert hello["hello"]["role"] == "admin" and hello["newest"] == since + 1
            assert (await hear(socket))["event"]["kind"] == "before"
            own.events.publish("after", {"n": 2})
            event = (await hear(socket))["event"]
            assert (event["number"], event["kind"], event["data"]) == (since + 2, "after", {"n": 2})

    run(test)


def test_without_a_number_or_with_an_old_one_a_snapshot_comes_first() -> None:
    async def test() -> None:
        async with yard(lambda _: {"tasks": [7]}) as own:
            for first in ({}, {"since": 5}, {"since": 2**53 - 1}):
                socket = await own.listen(first)
                await hear(socket)
                assert await hear(socket) == {"snapshot": {"tasks": [7]}, "newest": own.events.newest}
                own.events.publish("next", {})
                assert (await hear(socket))["event"]["kind"] == "next"

    run(test)


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ("{}", "token-needed"),
        ('{"token": "wrong"}', "token-needed"),
        ('{"token": 5}', "bad-request"),
        ("nonsense", "bad-request"),
        ('{"since": -1}', "bad-request"),
        ('{"tokn": ""}', "bad-request"),
        ("[" * 1000, "bad-request"),
    ],
)
def test_who_does_not_say_a_good_token_first_hears_nothing(first: str, code: str) -> None:
    async def test() -> None:
        async with yard() as own:
            socket = await own.listen(first)
            own.events.publish("secret", {})
            assert (await hear(socket))["problem"]["code"] == code
            assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE

    run(test)


def test_who_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "FIRST_WORD", 0.05)

    async def test() -> None:
        async with yard() as own, own.session.ws_connect(f"{own.note.url}api/v1/events/ws") as socket:
            assert (await hear(socket))["problem"]["code"] == "token-needed"

    run(test)


def test_a_token_in_the_address_is_no_token() -> None:
    async def test() -> None:
        async with yard() as own:
            socket = await own.session.ws_connect(f"{own.note.url}api/v1/events/ws?token={own.token}")
            await socket.send_str("{}")
            assert (await hear(socket))["problem"]["code"] == "token-needed"

    run(test)


def test_a_page_of_another_origin_gets_no_socket() -> None:
    async def test() -> None:
        async with yard() as own:
            for origin in ("http://evil.example", "null", "http://localhost:1"):
                with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                    await own.listen(headers={"Origin": origin})
                assert caught.value.status == 403
            await hear(await own.listen(headers={"Origin": own.note.url.rstrip("/")}))

    run(test)


def test_over_the_unix_socket_no_token_is_needed() -> None:
    async def test() -> None:
        async with yard() as own:
            session = aiohttp.ClientSession(connector=aiohttp.UnixConnector(own.note.socket))
            async with session, session.ws_connect("http://localhost/api/v1/events/ws") as socket:
                await socket.send_str("{}")
                assert (await hear(socket))["hello"]["name"] == "socket"

    run(test)


def test_a_revoked_token_hears_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK_AGAIN", 0.05)

    async def test() -> None:
        from modelyard.server.roles import Role

        async with yard() as own:
            known, token = own.service.access.tokens.add("guest", Role.VIEWER, None)
            socket = await own.listen({"token": token, "since": own.events.newest})
            await hear(socket)
            own.service.access.tokens.revoke(known.id)
            assert (await hear(socket))["problem"]["code"] == "token-needed"

    run(test)


def test_a_slow_client_is_dropped_to_a_snapshot_and_slows_nobody() -> None:
    async def test() -> None:
        async with yard(lambda _: {"all": "here"}) as own:
            slow, quick = [await own.listen({"since": own.events.newest}) for _ in range(2)]
            await hear(slow)
            await hear(quick)
            slow._conn.transport.pause_reading()  # type: ignore[union-attr]
            last, told = 0.0, 0
            for _ in range(1500):
                began = time.monotonic()
                own.events.publish("big", {"text": "x" * 20_000})
                last = (await hear(quick))["event"]["number"]
                told = max(told, int((time.monotonic() - began) * 1000))
            assert last == own.events.newest
            assert told < 1000
            slow._conn.transport.resume_reading()  # type: ignore[union-attr]
            heard = []
            while not heard or "snapshot" not in heard[-1]:
                heard.append(await hear(slow))
            numbers = [frame["event"]["number"] for frame in heard[:-1]]
            assert numbers == sorted(numbers) and len(numbers) < 1500
            newest = heard[-1]["newest"]
            own.events.publish("next", {})
            while newest < own.events.newest:
                frame = await hear(slow)
                assert "event" in frame or "snapshot" in frame
                newest = frame["event"]["number"] if "event" in frame else frame["newest"]

    run(test)


def test_a_queue_never_holds_more_than_its_limits() -> None:
    async def test() -> None:
        listener = Listener()
        for number in range(1, MOST_FRAMES + 1):
            listener.offer(number, b"x")
        assert not listener.behind
        listener.offer(MOST_FRAMES + 1, b"x")
        assert listener.behind and listener.take() is None
        listener.resume(0)
        listener.offer(1, b"x" * (1024 * 1024 + 1))
        assert listener.behind

    run(test)


def test_many_who_fell_behind_share_one_snapshot() -> None:
    async def test() -> None:
        shots = 0

        async def snapshot() -> dict[str, Any]:
            nonlocal shots
            shots += 1
            await asyncio.sleep(0.01)
            return {}

        with App() as app:
            fan = Fan(app.events, snapshot)
            await asyncio.gather(*(fan.snapshot() for _ in range(50)))
            await fan.close()
        assert shots == 1

    run(test)


def test_a_poll_answers_at_once_when_something_happened_and_waits_otherwise() -> None:
    async def test() -> None:
        async with yard() as own:
            now = await own.poll("")
            assert now == {"events": [], "newest": own.events.newest, "gap": False}
            waiting = asyncio.create_task(own.poll(f"since={now['newest']}&wait=30"))
            await own.poll("since=0")  # the first is under way by now
            own.events.publish("moved", {"id": 1})
            told = await waiting
            assert [event["kind"] for event in told["events"]] == ["moved"]
            assert told["newest"] == now["newest"] + 1
            assert (await own.poll(f"since={now['newest']}&wait=30"))["events"] == told["events"]
            assert (await own.poll("since=1&wait=30"))["gap"] is True
            began = time.monotonic()
            assert (await own.poll(f"since={told['newest']}&wait=0.1"))["events"] == []
            assert 0.09 < time.monotonic() - began < 5

    run(test)


def test_hundreds_of_polls_wait_without_a_thread_each() -> None:
    async def test() -> None:
        async with yard() as own:
            own.session.connector._limit = 0  # type: ignore[union-attr]
            now = own.events.newest
            waiting = [asyncio.create_task(own.poll(f"since={now}&wait=30")) for _ in range(300)]
            while len(own.events._listeners) < 300:
                await asyncio.sleep(0)
            assert (await own.poll(f"since={now}"))["events"] == []
            own.events.publish("moved", {})
            assert all(told["newest"] == now + 1 for told in await asyncio.gather(*waiting))
            assert len(own.events._listeners) == 1

    run(test)


def test_events_of_many_threads_arrive_once_and_in_order() -> None:
    async def test() -> None:
        async with yard() as own:
            start = own.events.newest
            socket = await own.listen({"since": start})
            await hear(socket)
            threads = [asyncio.to_thread(lambda: [own.events.publish("n", {}) for _ in range(50)]) for _ in range(4)]
            done = asyncio.gather(*threads)
            numbers = [(await hear(socket))["event"]["number"] for _ in range(200)]
            await done
            assert numbers == list(range(start + 1, start + 201))

    run(test)


@pytest.mark.slow
def test_a_thousand_clients_hear_an_event_soon(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    clients, rounds = 1000, 20

    async def test() -> None:
        async with yard() as own:
            own.session.connector._limit = 0  # type: ignore[union-attr]
            since = own.events.newest
            sockets = await asyncio.gather(*(own.listen({"since": since}) for _ in range(clients)))
            for socket in sockets:
                await hear(socket)
            late: list[float] = []  # seconds of this process, which does all of it: others do not count

            async def clock(socket: aiohttp.ClientWebSocketResponse) -> None:
                for _ in range(rounds):
                    frame = await hear(socket)
                    late.append(time.process_time() - frame["event"]["data"]["at"])

            listening = [asyncio.create_task(clock(socket)) for socket in sockets]
            for done in range(1, rounds + 1):
                own.events.publish("tick", {"bytes": 123456789, "at": time.process_time()})
                await asyncio.sleep(0.25)
                while len(late) < done * clients:
                    await asyncio.sleep(0.01)
            await asyncio.gather(*listening)
            late.sort()
            p50, p99 = (late[int(len(late) * part)] * 1000 for part in (0.5, 0.99))
            with capsys.disabled():
                sys.stdout.write(f"\n{clients} clients in the same process: p50 {p50:.0f} ms, p99 {p99:.0f} ms\n")
            assert p99 < 1000

    run(test)


def test_every_word_of_the_service_is_one_that_its_description_knows() -> None:
    async def test() -> None:
        async with yard(snapshot) as own:
            own.service.app.queue.add([Draft(kind="download", title="a", address="https://a.example/b")])
            socket = await own.listen()
            for word in (SocketHello, SocketSnapshot):
                assert msgspec.convert(await hear(socket), word)
            own.service.app.queue.pause([1])
            moved = msgspec.convert(await hear(socket), SocketEvent).event
            assert (type(moved).__name__, moved.data.origin, moved.data.to) == ("TaskMovedEvent", "queued", "paused")
            stranger = await own.listen({"token": "wrong"})
            assert msgspec.convert(await hear(stranger), SocketRefusal).problem.code == "token-needed"
            page = msgspec.convert(await own.poll(f"since={moved.number - 1}"), EventPage)
            assert page.events == [moved]

    run(test)
