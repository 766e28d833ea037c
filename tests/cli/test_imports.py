"""A command imports what it needs: nobody waits half a second for a page of help."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_RUN = """
import json, sys
from modelyard.cli.__main__ import run
sys.argv = ["modelyard", *sys.argv[1:]]
try:
    run()
except SystemExit:
    print("\\n" + json.dumps(sorted(sys.modules)))
"""


def imported(home: Path, *arguments: str) -> set[str]:
    """Modules that a command imported in a process of its own."""
    environ = {"MODELYARD_HOME": str(home)}
    done = subprocess.run([sys.executable, "-c", _RUN, *arguments], env=environ, capture_output=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("command", ["get", "queue", "list", "history"])
def test_help_opens_nothing(tmp_path: Path, command: str) -> None:
    assert not {"modelyard.app", "sqlalchemy", "asyncio"} & imported(tmp_path, command, "--help")


def test_a_question_imports_its_topic_and_no_other(tmp_path: Path) -> None:
    modules = imported(tmp_path, "queue", "--json")
    assert "modelyard.server.api.tasks" in modules
    assert not {"modelyard.server.api.models", "modelyard.jobs.household", "aiohttp"} & modules


def test_a_download_by_itself_opens_no_database(tmp_path: Path) -> None:
    modules = imported(tmp_path, "get", str(tmp_path / "no-such-model"), "--dry-run")
    assert "modelyard.jobs.download" in modules and "sqlalchemy" not in modules
