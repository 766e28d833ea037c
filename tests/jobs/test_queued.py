"""Downloads as tasks, with the real queue, runner, engine and the practice hub."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from modelyard.app import App
from modelyard.errors import BadAddress, BadValue
from modelyard.jobs.queued import Options, draft
from modelyard.tasks.progress import Live
from modelyard.tasks.states import State
from modelyard.tasks.task import Task
from modelyard.testing import PracticeHub

SIZE = 3 * 2**20 + 17


@pytest.fixture
def app(hub: PracticeHub) -> Iterator[App]:
    hub.hf.add_repo("me/model", {"m.safetensors": SIZE, "config.json": 300})
    with App({**os.environ, **hub.env()}, flags={"retry.first": "0.05"}) as app:
        yield app


def add(app: App, text: str, **options: object) -> int:
    return app.queue.add([draft(app.yard, text, Options(**options), app.keep_key)])[0]  # type: ignore[arg-type]


def until(app: App, number: int, *states: State) -> Task:
    end = time.monotonic() + 20
    while (task := app.queue.get(number)).state not in states:
        assert time.monotonic() < end, (task, app.queue.steps(number))
        app.events.wait(app.events.newest, 0.1)
    return task


def test_a_queued_link_becomes_a_proven_file(app: App, tmp_path: Path) -> None:
    number = add(app, "hf:me/model/m.safetensors", to=f"{tmp_path}/")
    app.runner.start()
    task = until(app, number, State.DONE)
    assert task.result is not None
    (file,) = task.result["files"]
    assert file["verified"] and Path(file["path"]).stat().st_size == SIZE == task.size == task.done
    assert task.received >= SIZE and task.title == "m.safetensors"


def test_a_whole_model_is_one_task(app: App, tmp_path: Path) -> None:
    number = add(app, "hf:me/model", to=f"{tmp_path}/")
    app.runner.start()
    task = until(app, number, State.DONE)
    assert task.result is not None and len(task.result["files"]) == 2
    assert task.size == SIZE + 300


def test_a_link_that_leads_nowhere_fails_with_a_hint(app: App, tmp_path: Path) -> None:
    number = add(app, "hf:me/none", to=f"{tmp_path}/")
    app.runner.start()
    error = until(app, number, State.FAILED).error
    assert error is not None and error["code"] == "model-not-found" and error["hint"]


def test_a_paused_download_keeps_its_part_and_goes_on_from_it(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("big.bin", os.urandom(24 * 2**20))
    number = add(app, url, to=f"{tmp_path}/", limit="16MB/s")
    app.runner.start()
    until(app, number, State.RUNNING)
    while not any(int(str(one.get("done", 0))) > 2**23 for one in app.runner.live()):
        app.events.wait(app.events.newest, 0.1)
    app.queue.pause([number])
    while app.runner.live():
        app.events.wait(app.events.newest, 0.05)
    assert [path.suffix for path in tmp_path.glob(".big*")].count(".part") == 1
    assert app.queue.get(number).done > 2**22
    app.limit_task(number, "")
    app.queue.resume([number])
    assert until(app, number, State.DONE).received < 34 * 2**20


def test_a_cancelled_download_can_leave_nothing_behind(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("big.bin", os.urandom(24 * 2**20))
    number = add(app, url, to=f"{tmp_path}/there/", limit="16MB/s")
    app.runner.start()
    until(app, number, State.RUNNING)
    while not any(int(str(one.get("done", 0))) > 2**20 for one in app.runner.live()):
        app.events.wait(app.events.newest, 0.1)
    app.queue.cancel([number])
    app.runner.discard([number])
    while app.runner.live():
        app.events.wait(app.events.newest, 0.05)
    assert not list((tmp_path / "there").glob("*")) and not list((tmp_path / "there").glob(".*"))


def test_the_limit_of_a_task_can_be_changed_while_it_runs(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("big.bin", os.urandom(8 * 2**20))
    number = add(app, url, to=f"{tmp_path}/", limit="100kB/s")
    app.runner.start()
    until(app, number, State.RUNNING)
    app.limit_task(number, "")
    until(app, number, State.DONE)


def test_two_spellings_of_one_file_are_one_transfer(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    first = add(app, "hf:me/model@main/m.safetensors", to=f"{tmp_path}/")
    second = add(app, f"{hub.env()['HF_ENDPOINT']}/me/model/blob/main/m.safetensors", to=f"{tmp_path}/")
    assert app.queue.get(second).follows == first
    app.runner.start()
    assert until(app, second, State.DONE).result == app.queue.get(first).result


@pytest.mark.parametrize("text", ["", "what is this", "hf:", "ftp://host/file"])
def test_what_no_hub_reads_is_refused_before_it_is_queued(app: App, text: str) -> None:
    with pytest.raises(BadAddress):
        add(app, text)


def test_a_limit_that_cannot_be_read_is_refused_before_it_is_queued(app: App) -> None:
    with pytest.raises(BadValue):
        add(app, "hf:me/model", limit="-5")


def test_a_limit_set_on_a_task_that_waits_for_its_slot_holds(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("big.bin", os.urandom(8 * 2**20))
    task = app.queue.get(add(app, url, to=f"{tmp_path}/"))
    ready = app.downloads.prepare(task, app.stop)
    app.limit_task(task.id, "1MB/s")
    download, _ = ready.work
    assert download.limit.rate is None
    app.downloads.run(app.queue.get(task.id), replace(ready, work=(download, [])), Live(task.id, 1), app.stop)
    assert download.limit.rate == 1_000_000


def test_signatures_in_a_link_are_asked_with_but_never_shown(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("a.bin", b"a" * 1000) + "?token=verysecretvalue123&sig=othersecret456"
    number = add(app, url, to=f"{tmp_path}/")
    app.runner.start()
    task = until(app, number, State.DONE)
    shown = f"{task.title} {task.address} {task.options} {task.key} {app.queue.steps(number)}"
    assert "verysecretvalue123" not in shown and "othersecret456" not in shown
    assert "verysecretvalue123" not in str(app.events.since(app.events.newest - 1).events)


def test_a_part_that_somebody_writes_is_not_discarded(app: App, hub: PracticeHub, tmp_path: Path) -> None:
    url = hub.add_file("big.bin", os.urandom(24 * 2**20))
    first = add(app, url, to=f"{tmp_path}/", limit="8MB/s")
    app.runner.start()
    while not any(int(str(one.get("done", 0))) > 2**21 for one in app.runner.live()):
        app.events.wait(app.events.newest, 0.1)
    app.downloads.discard(app.queue.get(first))
    assert list(tmp_path.glob(".big*.part"))
    app.limit_task(first, "")
    assert until(app, first, State.DONE).received < 25 * 2**20
