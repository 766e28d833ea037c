"""Hooks: run on the right events, never in the way of a transfer, never with a key of ours."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import queue
import stat
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from modelyard.app import App
from modelyard.errors import AddressForbidden, BadValue, HookFailed, NotSupported, Stopped, UnsafePath, YardError
from modelyard.events.log import Event
from modelyard.jobs.hooks.command import MOST_OUTPUT, run
from modelyard.jobs.hooks.entries import Hook, checked
from modelyard.jobs.hooks.hook_file import HookFile
from modelyard.jobs.hooks.names import NAMES, Namer
from modelyard.jobs.hooks.telling import Plugins, notify, signature
from modelyard.jobs.hooks.worker import WAITING, Hooks
from modelyard.net.stop import Stop

DONE = {"id": 1, "kind": "download", "title": "a.safetensors", "from": "running", "to": "done"}


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def ran(code: str, timeout: float = 20.0, stop: Stop | None = None) -> str:
    return run(python(code), b'{"event": "task-done"}', "task-done", timeout, os.environ, stop or Stop())


class Heard:
    """The events of an app, to wait for."""

    def __init__(self, app: App) -> None:
        self._events: queue.Queue[Event] = queue.Queue()
        app.events.listen(self._events.put)

    def next(self, *kinds: str) -> Mapping[str, Any]:
        while (event := self._events.get(timeout=30)).kind not in kinds:
            pass
        return event.data


@pytest.fixture
def app() -> Iterator[App]:
    with App(os.environ) as made:
        yield made


class Told(ThreadingHTTPServer):
    """Keeps what is posted; answers with the next status."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/told?token=hidden"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: Told

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def told() -> Iterator[Told]:
    server = Told()
    yield server
    server.shutdown()
    server.server_close()


# --- names ----------------------------------------------------------------------------------------


def moved(before: str, after: str) -> Event:
    return Event(1, 0.0, "task.moved", {"id": 1, "from": before, "to": after})


def test_moves_of_tasks_have_names_and_the_last_end_empties_the_queue() -> None:
    namer = Namer(still_open=1)
    assert namer.names(Event(1, 0.0, "task.added", {"ids": [2]})) == ("task-added",)
    assert namer.names(moved("queued", "running")) == ("task-started",)
    assert namer.names(moved("running", "verifying")) == ()
    assert namer.names(moved("verifying", "running")) == ()
    assert namer.names(moved("running", "failed")) == ("task-failed",)
    assert namer.names(moved("failed", "queued")) == ()
    assert namer.names(moved("queued", "cancelled")) == ("task-cancelled",)
    assert namer.names(moved("queued", "paused")) == ("task-paused",)
    assert namer.names(moved("verifying", "done")) == ("task-done", "queue-empty")
    assert namer.names(Event(1, 0.0, "library.damaged", {"findings": []})) == ("library-damaged",)
    assert namer.names(Event(1, 0.0, "progress", {})) == ()


# --- the file -------------------------------------------------------------------------------------


def test_hooks_are_kept_replaced_and_removed_in_a_file_of_their_owner(tmp_path: Path) -> None:
    file, changes = HookFile(tmp_path), []
    file.on_change = lambda: changes.append(1)
    file.add(Hook(name="a", on=("task-done",), run=("true",)))
    file.add(Hook(name="b", on=("task-failed",), webhook="https://hooks.example/x?k=1", secret="s3cret-s3cret"))
    file.add(Hook(name="a", on=("queue-empty",), run=("false",), timeout=5))
    assert [(hook.name, hook.way) for hook in file.list()] == [("b", "webhook"), ("a", "run")]
    assert stat.S_IMODE((tmp_path / "hooks.json").stat().st_mode) == 0o600
    assert "s3cret" not in str(file.get("b").shown()) and "k=1" not in str(file.get("b").shown())
    assert file.remove("a").timeout == 5 and len(changes) == 4
    with pytest.raises(BadValue):
        file.remove("a")


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ({"on": ("task-dine",), "run": ("x",)}, "task-done"),
        ({"on": (), "run": ("x",)}, "task-done"),
        ({"run": ("x",), "webhook": "https://a.example/"}, "run"),
        ({}, "webhook"),
        ({"run": ("",)}, ""),
        ({"webhook": "file:///etc/passwd"}, ""),
        ({"notify": "nothing"}, "mailto"),
        ({"run": ("x",), "secret": "y"}, ""),
        ({"name": "../x", "run": ("x",)}, ""),
    ],
)
def test_a_hook_that_makes_no_sense_is_refused_with_a_way_out(fields: dict[str, Any], hint: str) -> None:
    with pytest.raises(YardError) as caught:
        checked(Hook(**({"name": "a", "on": ("task-done",)} | fields)))
    assert hint in caught.value.hint


def test_a_damaged_or_open_file_is_refused_and_its_secrets_are_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "hooks.json"
    path.touch(0o600)
    path.write_text('[{"name": "a", "on": ["task-done"], "run": ["x"], "sekret": "s3cret"}]')
    with pytest.raises(BadValue) as caught:
        HookFile(tmp_path).list()
    assert "s3cret" not in str(caught.value) and caught.value.__cause__ is None
    path.chmod(0o644)
    with pytest.raises(UnsafePath):
        HookFile(tmp_path).list()


# --- commands -------------------------------------------------------------------------------------


def test_a_command_gets_the_event_on_its_input_and_none_of_our_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_canarycanarycanary")
    monkeypatch.setenv("MODELYARD_DATABASE", "postgresql://me:canary@h/x")
    told = json.loads(ran("import os,sys,json; print(json.dumps([sys.stdin.read(), dict(os.environ)]))"))
    assert json.loads(told[0]) == {"event": "task-done"}
    assert told[1]["MODELYARD_EVENT"] == "task-done" and "PATH" in told[1]
    assert "canary" not in str(told[1])


def test_a_shell_would_see_what_a_command_does_not() -> None:
    assert run(
        (sys.executable, "-c", "import sys; print(sys.argv[1:])", "; rm -rf / $(id)"), b"", "x", 20, os.environ, Stop()
    ) == ("['; rm -rf / $(id)']")


def test_a_command_that_takes_too_long_is_ended_with_all_it_started(tmp_path: Path) -> None:
    child = (
        f"open({str(tmp_path / 'child')!r}, 'w').write(str(__import__('os').getpid())); __import__('time').sleep(60)"
    )
    with pytest.raises(HookFailed, match="ended after") as caught:
        ran(
            "import subprocess,sys,time,pathlib; print('begun', flush=True)\n"
            f"subprocess.Popen([sys.executable, '-c', {child!r}])\n"
            f"while not pathlib.Path({str(tmp_path / 'child')!r}).exists(): time.sleep(0.01)\n"
            "time.sleep(60)",
            timeout=3,
        )
    assert caught.value.facts["output"] == "begun"
    number = (tmp_path / "child").read_text()
    end = time.monotonic() + 10  # a killed process is gone a moment later
    while number and _alive(int(number)):
        assert time.monotonic() < end, "what it started lives on"


def _alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().split(")")[1].split()[0] not in "ZX"
    except OSError:
        return False


def test_output_without_an_end_is_cut_and_does_not_stop_the_command() -> None:
    assert len(ran("print('x' * 50_000_000)")) == MOST_OUTPUT


def test_a_command_that_fails_or_does_not_exist_says_so() -> None:
    with pytest.raises(HookFailed, match="ended with 3") as caught:
        ran("print('why'); raise SystemExit(3)")
    assert caught.value.facts["output"] == "why"
    with pytest.raises(HookFailed, match="cannot be started"):
        run(("/nonexistent/command",), b"", "x", 5, os.environ, Stop())


def test_the_end_of_the_service_ends_a_command() -> None:
    stop = Stop()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(Stopped):
        ran("import time; time.sleep(60)", timeout=50, stop=stop)


# --- webhooks, plugins, notifications -------------------------------------------------------------


def test_a_webhook_gets_the_event_signed_and_without_any_hubs_key(app: App, told: Told) -> None:
    app.hooks.file.add(Hook(name="w", on=("task-done",), webhook=told.url, secret="s3cret"))
    assert app.hooks.test("w")["output"] == "200"
    ((headers, body),) = told.got
    assert json.loads(body)["event"] == "task-done"
    assert headers["x-modelyard-signature"] == "sha256=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert headers["x-modelyard-signature"].endswith(signature(body, "s3cret"))
    assert headers["content-type"] == "application/json" and "authorization" not in headers


def test_a_webhook_is_tried_three_times_and_a_refusal_once(
    app: App, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.clock, "wait", lambda seconds, stop: None)
    app.hooks.file.add(Hook(name="w", on=("task-done",), webhook=told.url))
    told.statuses = [503, 429, 200]
    assert app.hooks.test("w")["output"] == "200"
    told.statuses = [503, 503, 503]
    with pytest.raises(HookFailed, match="503"):
        app.hooks.test("w")
    for status in (403, 302):
        told.statuses, before = [status], len(told.got)
        with pytest.raises(HookFailed, match=str(status)):
            app.hooks.test("w")
        assert len(told.got) == before + 1


def test_a_webhook_of_an_untrusted_service_cannot_reach_into_the_network(told: Told) -> None:
    with App(os.environ, trusted=False) as app:
        app.hooks.file.add(Hook(name="w", on=("task-done",), webhook=told.url))
        with pytest.raises(AddressForbidden):
            app.hooks.test("w")
    assert told.got == []


def test_a_plugin_that_does_not_come_back_is_given_up_and_not_called_again() -> None:
    plugins, gate = Plugins(Stop()), threading.Event()
    with pytest.raises(HookFailed, match="given up"):
        plugins.limited("slow", 0.1, gate.wait)
    with pytest.raises(HookFailed, match="still works"):
        plugins.limited("slow", 0.1, gate.wait)
    gate.set()
    with pytest.raises(ZeroDivisionError):
        plugins.limited("bad", 5, lambda: 1 // 0)
    with pytest.raises(HookFailed, match="no plugin"):
        plugins.call("nowhere", {}, 5)


def test_an_entry_point_is_called_with_the_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "toy_hook.py").write_text("got = []\n")
    info = tmp_path / "toy_hook-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-hook\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[modelyard.hooks]\ntoy = toy_hook:got.append\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    Plugins(Stop()).call("toy", {"event": "task-done"}, 10)
    assert sys.modules["toy_hook"].got == [{"event": "task-done"}]


def test_notifications_without_the_extra_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(NotSupported) as caught:
        notify("json://127.0.0.1", "a", "b")
    assert "modelyard[notify]" in caught.value.hint


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of modules that it imports
def test_a_notification_is_sent_by_apprise(told: Told) -> None:
    pytest.importorskip("apprise")
    notify(f"json://127.0.0.1:{told.server_port}/x", "A task is done.", "a.safetensors")
    assert json.loads(told.got[0][1])["message"] == "a.safetensors"
    with pytest.raises(HookFailed, match="does not know"):
        notify("nonsense://x", "a", "b")


# --- the worker -----------------------------------------------------------------------------------


def test_a_done_task_runs_its_hooks_and_their_results_are_events(app: App) -> None:
    heard, hooks = Heard(app), app.hooks
    hooks.file.add(Hook(name="good", on=("task-done",), run=python("print(__import__('sys').stdin.read())")))
    hooks.file.add(Hook(name="bad", on=("task-done",), run=python("raise SystemExit('hf_canarycanarycanary')")))
    hooks.file.add(Hook(name="other", on=("task-failed",), run=python("")))
    hooks.start(still_open=2)
    app.events.publish("task.moved", DONE)
    good = heard.next("hook.ran")
    assert good["hook"] == "good" and json.loads(good["output"])["data"]["title"] == "a.safetensors"
    bad = heard.next("hook.failed")
    assert bad["hook"] == "bad" and bad["error"]["code"] == "hook-failed" and "canary" not in str(bad)
    hooks.file.add(Hook(name="late", on=("queue-empty",), run=python("")))
    app.events.publish("task.moved", DONE)
    assert [heard.next("hook.ran")["hook"] for _ in range(2)] == ["good", "late"]


def test_a_slow_hook_slows_nobody_and_what_is_too_much_is_told_as_dropped(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    monkeypatch.setattr(Hooks, "_call", lambda self, hook, name, told: gate.wait(30) and "")
    heard, hooks = Heard(app), app.hooks
    hooks.file.add(Hook(name="slow", on=("task-done",), run=("x",)))
    hooks.start()
    for _ in range(WAITING + 50):
        app.events.publish("task.moved", DONE)
    gate.set()
    assert 48 <= heard.next("hooks.dropped")["count"] <= 50


def test_a_damaged_file_is_told_and_a_mended_one_is_taken_up(app: App, data_folder: Path) -> None:
    data_folder.mkdir(exist_ok=True)
    (data_folder / "hooks.json").touch(0o600)
    (data_folder / "hooks.json").write_text("{")
    heard = Heard(app)
    app.hooks.start()
    assert heard.next("hook.failed")["error"]["code"] == "bad-value"
    (data_folder / "hooks.json").unlink()
    app.hooks.file.add(Hook(name="a", on=("task-done",), run=python("")))
    app.events.publish("task.moved", DONE)
    assert heard.next("hook.ran")["hook"] == "a"


def test_a_hook_that_another_process_added_runs_at_the_next_event(app: App, data_folder: Path) -> None:
    heard = Heard(app)
    app.hooks.start()
    HookFile(data_folder).add(Hook(name="new", on=("task-done",), run=python("")))
    app.events.publish("task.moved", DONE)
    assert heard.next("hook.ran")["hook"] == "new"


def test_closing_ends_a_hook_that_runs(app: App) -> None:
    app.hooks.file.add(Hook(name="a", on=("task-done",), run=python("import time; time.sleep(60)")))
    app.hooks.start()
    app.events.publish("task.moved", DONE)
    app.hooks.close(20)
    assert not app.hooks._thread.is_alive()


def test_every_event_says_what_it_means() -> None:
    assert all(says.endswith(".") for says in NAMES.values())
