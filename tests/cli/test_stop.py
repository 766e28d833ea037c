"""`modelyard stop` with a real service."""

from __future__ import annotations

import os
from pathlib import Path

from cli.test_queue_commands import folder, rows, task, until
from modelyard.server.client import running
from modelyard.server.folder import Note, leave_note
from modelyard.testing import PracticeHub
from running import modelyard

__all__ = ["folder"]


def test_a_service_ends_and_its_download_goes_on_at_the_next_start(
    folder: Path, hub: PracticeHub, tmp_path: Path
) -> None:
    data = os.urandom(24 * 2**20)
    url = hub.add_file("big.safetensors", data)
    assert modelyard("get", "--detach", url, "--to", f"{tmp_path}/", "--limit", "8MB/s", env=hub.env()).code == 0
    until(lambda: task(folder)["done"] > 2**20)
    ran = modelyard("stop")
    assert (ran.code, ran.out) == (0, "Stopped. Downloads go on when it is started again.\n")
    assert running(folder) is None
    assert [each["state"] for each in rows(modelyard("queue", "--json"))] == ["running"]
    small = hub.add_file("small.safetensors", 100)
    assert modelyard("get", "--detach", small, "--to", f"{tmp_path}/", env=hub.env()).code == 0
    until(lambda: task(folder)["state"] == "done")
    assert (tmp_path / "big.safetensors").read_bytes() == data


def test_nothing_is_ended_where_no_service_runs(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    leave_note(folder, Note(os.getpid(), "http://127.0.0.1:1", "", "0.1.0"))  # of a service that was killed
    ran = modelyard("stop")
    assert (ran.code, ran.err) == (0, "No service runs.\n")
