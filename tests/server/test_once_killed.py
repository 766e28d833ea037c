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
from modelyard.tasks.queue import Queue
from modelyard.tasks.states import State
from server.cut import once_more
from tasks.conftest import draft

TESTS = Path(__file__).parents[1]
URL = "https://example.org/a/{}.safetensors"
REQUESTS = {
    "/api/v1/tasks": {"items": [{"address": URL.format(1)}, {"address": URL.format(2)}, {"address": "nonsense"}]},
    "/api/v1/tasks/batch": {"text": f"{URL.format(1)}\nnonsense here\n{URL.format(2)}"},
    "/api/v1/history/again": {"ids": [1, 2]},
    "/api/v1/library/scan": {"deep": True},
}


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """The surroundings of a data folder in which two tasks have ended."""
    env = {**os.environ, "MODELYARD_HOME": str(tmp_path / "yard")}
    with App(env) as app:
        app.queue.cancel(app.queue.add([draft("a"), draft("b")]))
    return env


def opened(queue: Queue) -> int:
    return sum(number for state, number in queue.counts().items() if state is not State.CANCELLED)


@pytest.mark.parametrize(("where", "path"), [("keep_within", "/api/v1/tasks"), *(("keep", path) for path in REQUESTS)])
def test_a_request_that_was_cut_off_is_done_once(env: dict[str, str], where: str, path: str) -> None:
    body = json.dumps(REQUESTS[path])
    cut = subprocess.run(
        [sys.executable, TESTS / "server" / "cut.py", where, path, body], env=env, cwd=TESTS, timeout=60, check=False
    )
    assert cut.returncode == -signal.SIGKILL
    with App(env) as app:
        new = 1 if path.endswith("scan") else 2
        before = opened(app.queue)
        assert before == (0 if where == "keep_within" else new)  # undone with its answer, or durable with it
        told = once_more(app, path, body)
        assert told.status in (201, 202), told
        assert ("Idempotent-Replay" in told.headers) == (where == "keep")
        assert opened(app.queue) == new
        again = once_more(app, path, body)
        assert (again.status, again.body, opened(app.queue)) == (told.status, told.body, new)
        answer = json.loads(told.body)
        ids = [answer["id"]] if new == 1 else answer["ids"]
        assert [app.queue.get(number).id for number in ids] == ids


def test_an_answer_that_was_written_with_the_work_is_not_written_again(env: dict[str, str]) -> None:
    path, body = "/api/v1/tasks", json.dumps(REQUESTS["/api/v1/tasks"])
    with App(env) as app:
        database, commits = app.queue.database, []
        real = database.writing

        def counted() -> AbstractContextManager[Connection]:
            commits.append(1)
            return real()

        database.writing = counted  # type: ignore[method-assign]
        assert once_more(app, path, body).status == 201
        assert len(commits) == 1
        assert once_more(app, path, body).headers["Idempotent-Replay"] == "true"
        assert len(commits) == 1
