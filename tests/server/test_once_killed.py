"""A service killed between its work and its answer: the request that is sent again is not done twice, nor never."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy.engine import Connection

from modelyard.app import App
from modelyard.jobs.hooks.entries import Hook
from modelyard.server.once_kept import OnceKept
from modelyard.tasks.queue import Queue
from modelyard.tasks.states import State
from server.cut import once_more
from tasks.conftest import draft

TESTS = Path(__file__).parents[1]
URL = "https://example.org/a/{}.safetensors"
ADD = "/api/v1/tasks"
ADDED = json.dumps(
    {"items": [{"address": URL.format(1)}, {"address": URL.format(2)}, {"address": "nonsense"}]},
)
ONE_TRANSACTION = {
    "/api/v1/tasks/batch": {"text": f"{URL.format(1)}\nnonsense here\n{URL.format(2)}"},
    "/api/v1/history/again": {"ids": [1, 2]},
    "/api/v1/library/scan": {"deep": True},
    "/api/v1/tasks/actions": {"do": "cancel", "ids": [3]},
    "/api/v1/comfyui/tasks": {"do": "pause", "ids": [3, 9]},
    "/api/v1/tasks/order": {"ids": [3], "to": "top"},
    "/api/v1/tasks/clear": {"states": ["cancelled"]},
    "/api/v1/history/forget": {"ids": [1]},
    "/model-manager/tasks/cleanup": {},
    "/model-manager/tasks/3/state": {"state": "paused"},
}
"""Work and answer of each."""


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """The surroundings of a data folder in which two tasks have ended."""
    env = {**os.environ, "MODELYARD_HOME": str(tmp_path / "yard")}
    with App(env) as app:
        app.queue.cancel(app.queue.add([draft("a"), draft("b")]))
    return env


def opened(queue: Queue) -> int:
    return sum(number for state, number in queue.counts().items() if state is not State.CANCELLED)


def killed(env: dict[str, str], where: str, path: str, body: str) -> None:
    cut = subprocess.run(
        [sys.executable, TESTS / "server" / "cut.py", where, path, body], env=env, cwd=TESTS, timeout=60, check=False
    )
    assert cut.returncode == -signal.SIGKILL


@pytest.mark.parametrize("where", ["keep_within", "keep"])
def test_a_request_that_was_cut_off_is_done_once(env: dict[str, str], where: str) -> None:
    killed(env, where, ADD, ADDED)
    with App(env) as app:
        assert opened(app.queue) == (0 if where == "keep_within" else 2)  # undone with its answer, or durable with it
        told = once_more(app, ADD, ADDED)
        assert told.status == 201, told
        assert ("Idempotent-Replay" in told.headers) == (where == "keep")
        assert opened(app.queue) == 2
        again = once_more(app, ADD, ADDED)
        assert (again.status, again.body, opened(app.queue)) == (told.status, told.body, 2)
        assert [app.queue.get(number).id for number in json.loads(told.body)["ids"]] == json.loads(told.body)["ids"]


def test_an_answer_that_was_written_with_the_work_is_not_written_again(env: dict[str, str]) -> None:
    with App(env) as app:
        database, commits = app.queue.database, []
        real = database.writing

        def counted() -> AbstractContextManager[Connection]:
            commits.append(1)
            return real()

        database.writing = counted  # type: ignore[method-assign]
        assert once_more(app, ADD, ADDED).status == 201
        assert len(commits) == 1
        assert once_more(app, ADD, ADDED).headers["Idempotent-Replay"] == "true"
        assert len(commits) == 1


def test_what_is_not_in_the_database_is_not_done_again_either(env: dict[str, str], tmp_path: Path) -> None:
    path, runs = "/api/v1/hooks/mine/test", tmp_path / "runs"
    with App(env) as app:
        app.hooks.file.add(Hook(name="mine", on=("task-done",), run=("tee", "-a", str(runs))))
    killed(env, "keep", path, "{}")
    once = runs.read_bytes()
    assert once
    with App(env) as app:
        for _ in range(2):
            told = once_more(app, path, "{}")
            assert (told.status, json.loads(told.body)["code"]) == (409, "outcome-unknown")
    assert runs.read_bytes() == once


@pytest.mark.parametrize("path", ONE_TRANSACTION)
def test_what_is_one_transaction_with_its_answer_is_answered_after_a_kill(
    env: dict[str, str], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = json.dumps(ONE_TRANSACTION[path])
    with App(env) as app:
        app.queue.add([draft("c", kind="download")])
        with monkeypatch.context() as cut:
            cut.setattr(OnceKept, "keep", lambda *_, **__: None)  # the process ends here
            first = once_more(app, path, body)
        app.queue.cancel(app.queue.add([draft("d")]))  # doing it again would take this one, too
        again = once_more(app, path, body)
        assert first.status in (200, 201, 202, 204), first
        assert (again.status, again.body) == (first.status, first.body)
        assert again.headers["Idempotent-Replay"] == "true"
