"""A data folder has one owner at a time: every other process is refused, and told whose it is."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from modelyard.errors import Busy
from modelyard.server.folder import held
from running import forked, modelyard
from server.serving import API, served


def test_while_a_service_runs_nobody_else_gets_its_folder(tmp_path: Path) -> None:
    with served(tmp_path) as yard:
        pid = yard.process.pid
        second = modelyard("serve", "--port", "0", env={"MODELYARD_HOME": str(tmp_path)})
        assert second.code == 9 and f"process {pid}" in second.err
        with pytest.raises(Busy) as caught, held(tmp_path):
            pass
        assert caught.value.facts["pid"] == pid and f"process {pid}" in caught.value.message
        assert yard.ask("GET", f"{API}/tasks").status == 200
        assert yard.note["pid"] == pid, "nobody touched the note"
        yard.stop(signal.SIGKILL)
        with held(tmp_path):
            pass  # the system let go of it


def test_while_a_program_holds_it_no_service_starts_and_no_command_writes(tmp_path: Path) -> None:
    env = {"MODELYARD_HOME": str(tmp_path)}
    with held(tmp_path):
        commands = [("serve", "--port", "0"), ("queue", "pause", "1"), ("limit", "5MB/s")]
        running = [forked(*command, env=env) for command in commands]  # each waits a while for its turn
        for command, process in zip(commands, running, strict=True):
            with process.stdout, process.stderr:
                assert process.wait(60) == 9 and f"process {os.getpid()}" in process.stderr.read(), command
        assert modelyard("queue", env=env).code == 0, "looking harms nobody"
        with pytest.raises(Busy, match=str(os.getpid())), held(tmp_path):
            pass
    assert modelyard("limit", "5MB/s", env=env).code == 0
