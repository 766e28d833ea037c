"""The service under load: 10,000 queued tasks, a restart, a hundred listeners, 64 transfers, and doing nothing.

No figures of ComfyUI-Model-Manager's queue or API are known, so none stand beside these. Data folders and what is
fetched lie on a real disk. The latency of an event is counted from its publishing; progress is published four times a
second, so that a byte waits up to 250 ms before that: 50 ms are left of the 300 between engine and client.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from server import Server

TASKS = 10_000
CLIENTS = 100
TRANSFERS = 64


class Yard:
    """A real service in a process of its own."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        (home / "settings.json").write_text(json.dumps({"server.port": 0, **settings}))
        self.begun = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "modelyard", "serve"],
            env={**os.environ, "MODELYARD_HOME": str(home)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not (home / "service.json").exists():
            time.sleep(0.01)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request over the Unix socket."""
        connection = http.client.HTTPConnection("localhost", timeout=60)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.home / "service.sock"))
        with contextlib.closing(connection):
            sent = None if body is None else json.dumps(body)
            connection.request(method, f"/api/v1{path}", sent, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            told = answer.read()
            assert answer.status < 300, told
            return json.loads(told) if told else None

    @property
    def url(self) -> str:
        """Where it listens."""
        return str(json.loads((self.home / "service.json").read_text())["url"]).rstrip("/")

    @property
    def token(self) -> str:
        """The owner's token."""
        return (self.home / "service.token").read_text().strip()

    @property
    def peak(self) -> float:
        """Most memory so far, in megabytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    @property
    def cpu(self) -> float:
        """CPU seconds so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self, how: int = signal.SIGTERM) -> None:
        """Stop it."""
        self.process.send_signal(how)
        self.process.wait(10)
        (self.home / "service.json").unlink(missing_ok=True)


@contextlib.contextmanager
def running(home: Path, **settings: str) -> Iterator[Yard]:
    """A service for the length of a block."""
    yard = Yard(home, **settings)
    try:
        yield yard
    finally:
        if yard.process.poll() is None:
            yard.end()


def queue(server: Server, scratch: Path) -> dict[str, float]:
    """Add 10,000 tasks, look at them, start again."""
    home, out = scratch / "yard", f"{scratch}/out/"
    quiet = {"tasks.quiet": "mon,tue,wed,thu,fri,sat,sun 00:00-24:00"}
    with running(home, **quiet) as yard:
        urls = [server.url(f"first/{number}.bin") for number in range(TASKS)]
        begun = time.perf_counter()
        added = yard.ask("POST", "/tasks", {"addresses": urls, "shared": {"to": out}})
        adding = time.perf_counter() - begun
        assert len(added["ids"]) == TASKS
        page = [_timed(yard, "/tasks?limit=100") for _ in range(50)]
        found = [_timed(yard, "/tasks?limit=100&text=9.bin") for _ in range(20)]
        rate = _rate(yard)
        peak = yard.peak
        yard.end(signal.SIGKILL)
    restart = _first_byte(home)
    return {
        "add 10,000 in one call (s)": adding,
        "page of 100 (ms, median)": 1000 * statistics.median(page),
        "page of a search (ms, median)": 1000 * statistics.median(found),
        "task list (requests/s, 8 at once)": rate,
        "memory with 10,000 queued (MB)": peak,
        "start to first byte asked (s)": restart,
    }


def _timed(yard: Yard, path: str) -> float:
    begun = time.perf_counter()
    yard.ask("GET", path)
    return time.perf_counter() - begun


def _rate(yard: Yard, seconds: float = 4.0) -> float:
    import aiohttp

    async def load() -> float:
        count = 0
        headers = {"Authorization": f"Bearer {yard.token}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            end = time.perf_counter() + seconds

            async def one() -> None:
                nonlocal count
                while time.perf_counter() < end:
                    async with session.get(f"{yard.url}/api/v1/tasks?limit=100") as answer:
                        await answer.read()
                        count += 1

            await asyncio.gather(*(one() for _ in range(8)))
        return count / seconds

    return asyncio.run(load())


def _first_byte(home: Path) -> float:
    """From starting the process to the first byte of a task."""
    with running(home) as yard:
        while True:
            moved = yard.ask("GET", "/tasks?state=running&state=done&limit=1")["tasks"]
            ended = yard.ask("GET", "/history?limit=1")["tasks"]
            if any(task["received"] for task in [*moved, *ended]):
                return time.perf_counter() - yard.begun


def events(server: Server, scratch: Path) -> dict[str, float]:
    """64 transfers, a hundred WebSockets: how late do they hear?"""
    name = "slow.bin"
    if name not in server.digests:
        server.add(name, 2**28)
    home = scratch / "events"
    settings = {"tasks.at-once": "64", "tasks.per-hub": "64", "files.at-once": "64"}
    with running(home, **settings) as yard:
        url = server.url(name)
        items = [
            {"address": f"{url}?copy={number}", "to": f"{scratch}/slow/{number}.bin", "limit": "200kB/s"}
            for number in range(TRANSFERS)
        ]
        yard.ask("POST", "/tasks", {"items": items})
        while yard.ask("GET", "/tasks?limit=1")["counts"]["running"] < TRANSFERS:
            time.sleep(0.1)
        time.sleep(3)
        before, begun = yard.cpu, time.perf_counter()
        late = asyncio.run(_listen(yard))
        used = (yard.cpu - before) / (time.perf_counter() - begun)
        yard.ask(
            "POST", "/tasks/actions", {"do": "cancel", "ids": [task["id"] for task in _all(yard)], "discard": True}
        )
        late.sort()
        return {
            "events received": float(len(late)),
            "latency p50 (ms)": 1000 * late[len(late) // 2],
            "latency p99 (ms)": 1000 * late[int(len(late) * 0.99)],
            "CPU of the service meanwhile (%)": 100 * used,
            "memory (MB)": yard.peak,
        }


def _all(yard: Yard) -> list[Any]:
    return list(yard.ask("GET", "/tasks?limit=1000")["tasks"])


async def _listen(yard: Yard, seconds: float = 10.0) -> list[float]:
    import aiohttp

    late: list[float] = []

    async def one(session: aiohttp.ClientSession) -> None:
        async with session.ws_connect(f"{yard.url}/api/v1/events/ws") as link:
            await link.send_json({"token": yard.token})
            end = time.time() + seconds
            while time.time() < end:
                with contextlib.suppress(asyncio.TimeoutError):
                    text = (await link.receive(timeout=1)).data
                    now = time.time()
                    mark = text.find('"at":') if isinstance(text, str) else -1
                    if mark > 0:
                        late.append(now - float(text[mark + 5 : text.index(",", mark)]))

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(one(session) for _ in range(CLIENTS)))
    return late


def idle(scratch: Path) -> dict[str, float]:
    """Nothing to do."""
    with running(scratch / "idle") as yard:
        time.sleep(3)
        before = yard.cpu
        time.sleep(20)
        return {"CPU of the idle service (%)": 100 * (yard.cpu - before) / 20, "memory (MB)": yard.peak}


BARS = {
    "add 10,000 in one call (s)": 2.0,
    "page of 100 (ms, median)": 50.0,
    "memory with 10,000 queued (MB)": 200.0,
    "start to first byte asked (s)": 2.0,
    "latency p99 (ms)": 50.0,
    "CPU of the idle service (%)": 0.5,
}


def bench(scratch: Path, disk: Path) -> int:
    """Run everything, print figures and bars.

    Args:
        scratch: Where nginx serves from.
        disk: A folder on a real disk, for the services and what they fetch.
    """
    figures: dict[str, float] = {}
    with Server(scratch) as server:
        (server.files / "first").mkdir(exist_ok=True)
        for number in range(TASKS):
            (server.files / "first" / f"{number}.bin").write_bytes(b"x" * 100)
        for part in (queue(server, disk), events(server, disk), idle(disk)):
            for name, figure in part.items():
                most = BARS.get(name)
                said = "" if most is None else f"   {'held' if figure <= most else 'MISSED'} (at most {most:g})"
                print(f"  {name:38} {figure:10.2f}{said}")
            figures |= part
    for name in ("out", "slow"):
        shutil.rmtree(disk / name, ignore_errors=True)
    return 0 if all(figures[name] <= most for name, most in BARS.items()) else 1
