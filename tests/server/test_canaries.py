"""Canaries in a running service: keys planted everywhere a key may stand, looked for everywhere it must not."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from pathlib import Path
from typing import Any

import aiohttp

from modelyard.jobs.hooks.entries import Hook
from modelyard.jobs.hooks.hook_file import HookFile
from modelyard.testing import PracticeHub
from modelyard.testing.accounts import Account
from server.serving import API, Served, served

GOOD = "hf_CanaryThatOpens1234567890"
BAD = "ck_CanaryThatIsRefused0987654321"
PASTED = "0123456789abcdefCanary0123456789"
SIGNING = "CanaryOfAWebhook5678"
SECRETS = (GOOD, BAD, PASTED, SIGNING)
SIZE = 4 * 2**20
KEPT = {"keys.json", "hooks.json"}
"""The files whose very purpose it is to hold secrets; private ones."""
ASKED = (
    "/metrics",
    *(f"{API}/{name}" for name in ("openapi.json", "tasks", "history", "history/export", "history/export?format=json")),
    *(f"{API}/{name}" for name in ("statistics", "settings", "hubs", "keys", "hooks", "health", "events?since=0")),
    *(f"{API}/{name}" for name in ("schedule", "profiles", "limits", "session", "tokens", "models", "backup")),
)


class Listening(threading.Thread):
    """A WebSocket that keeps whatever it is told."""

    def __init__(self, yard: Served) -> None:
        super().__init__(daemon=True)
        self.yard, self.token, self.frames = yard, yard.token, list[str]()

    def run(self) -> None:
        with contextlib.suppress(aiohttp.ClientError, OSError):
            asyncio.run(self._listen())

    async def _listen(self) -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{self.yard.url}{API}/events/ws") as socket:
            await socket.send_json({"token": self.token})
            async for message in socket:
                self.frames.append(str(message.data))


def command_lines(pid: int) -> bytes:
    """Of the service and of every process on this machine that can be looked at, but for this test's own."""
    found = [Path(f"/proc/{pid}/cmdline").read_bytes()]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                found.append((entry / "cmdline").read_bytes())
    return b"\0".join(found)


def files_below(folder: Path) -> bytes:
    """Every name and every byte: database, its log, caches, the service's log."""
    found = [path for path in folder.rglob("*") if path.is_file() and path.name not in KEPT]
    return b"".join(str(path).encode() + path.read_bytes() for path in found)


def finished(yard: Served, seen: list[bytes]) -> list[dict[str, Any]]:
    """The tasks once all have ended; what was told on the way is kept."""
    end = time.monotonic() + 60
    while True:
        got = yard.ask("GET", f"{API}/tasks")
        seen += [got.body, command_lines(yard.process.pid)]
        tasks: list[dict[str, Any]] = got.json["tasks"]
        if all(task["state"] in ("done", "failed", "cancelled") for task in tasks):
            return tasks
        assert time.monotonic() < end, tasks
        time.sleep(0.05)


def test_no_key_leaves_a_running_service(hub: PracticeHub, tmp_path: Path) -> None:
    hub.accounts.add(Account(GOOD, "ada", "hf"))
    hub.hf.add_repo("me/gated", {"m.safetensors": SIZE}, gated="auto")
    folder, told = tmp_path / "yard", tmp_path / "told.jsonl"
    folder.mkdir(mode=0o700)
    hooks, events = HookFile(folder), ("task-done", "task-failed")
    hooks.add(Hook(name="kept", on=events, run=("tee", "-a", str(told))))
    hooks.add(Hook(name="signed", on=events, webhook=f"http://127.0.0.1:9/h?token={PASTED}", secret=SIGNING))
    env = {**hub.env(), "HF_TOKEN": GOOD, "MODELYARD_TASKS_RETRIES": "0", "MODELYARD_RETRY_RETRIES": "0"}
    with served(folder, "--log-json", env=env, fresh=True) as yard:
        listening, seen = Listening(yard), list[bytes]()
        listening.start()
        seen.append(yard.ask("PUT", f"{API}/keys/civitai", {"value": BAD}).body)
        seen.append(yard.ask("POST", f"{API}/keys/civitai/check").body)
        seen.append(yard.ask("POST", f"{API}/keys/huggingface/check?opens=hf:me/gated").body)
        seen.append(yard.ask("GET", f"{API}/nothing/{GOOD}?token={GOOD}").body)
        yard.ask("GET", f"{API}/health", X_Request_Id=GOOD)  # comes back to who sent it, and stands in no log
        items = [
            {"address": "hf:me/gated/m.safetensors"},
            {"address": "hf:me/gated/none.safetensors"},
            {"address": "civitai:201"},
            {"address": f"https://civitai.com/api/download/models/201?token={PASTED}"},
            {"address": f"https://user:{PASTED}@127.0.0.1:9/x.bin?token={PASTED}"},
        ]
        for item in items:
            got = yard.ask("POST", f"{API}/tasks", {"items": [item | {"to": f"{tmp_path}/models/"}]})
            seen.append(got.body)
        tasks = finished(yard, seen)
        for task in tasks:
            seen += [yard.ask("GET", f"{API}/tasks/{task['id']}{part}").body for part in ("", "/steps")]
        answers = {path: yard.ask("GET", path) for path in ASKED}
        assert {got.status for got in answers.values()} == {200}
        seen += [got.body for got in answers.values()]
        assert yard.stop() == 0
        listening.join(10)
        seen += ["".join(listening.frames).encode(), "".join(yard.lines).encode()]
    assert "done" in {task["state"] for task in tasks} and "failed" in {task["state"] for task in tasks}
    assert (tmp_path / "models" / "m.safetensors").stat().st_size == SIZE  # the key was used
    assert len(listening.frames) > 3 and told.read_text().count("task") >= 2
    whole = b"\n".join([*seen, files_below(tmp_path)])
    assert b"m.safetensors" in whole
    for secret in SECRETS:
        at = whole.find(secret.encode())
        assert at < 0, (secret, whole[max(0, at - 200) : at + 60])
    for name in KEPT:
        assert (folder / name).stat().st_mode & 0o077 == 0
    assert all(secret not in str(list(hub.log)) for secret in SECRETS)
