"""What `python3 run.py …` starts; nothing is installed here."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The file as a module whose programs are not started."""
    monkeypatch.syspath_prepend(str(ROOT))
    spec = importlib.util.spec_from_file_location("run_of_the_repository", ROOT / "run.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("install", "fetch_front_ends", "hold_back"):
        monkeypatch.setattr(module, name, lambda *_: None)
    monkeypatch.setattr(module, "become", lambda command: command[1:])
    monkeypatch.setenv("PATH", "")  # it is changed, and comes back
    return module


@pytest.mark.parametrize(
    ("said", "started"),
    [
        ([], ["-m", "modelyard", "serve", "--open"]),
        (["serve"], ["-m", "modelyard", "serve"]),
        (["get", "hf:a/b"], ["-m", "modelyard", "get", "hf:a/b"]),
        (["test"], ["-m", "pytest", "-n", "2", "--dist", "worksteal"]),
        (["test", "-k", "x"], ["-m", "pytest", "-k", "x"]),
        (["bench", "yard"], [str(ROOT / "bench" / "run.py"), "yard"]),
    ],
)
def test_without_a_word_it_starts_the_service_and_opens_its_page(
    run: ModuleType, monkeypatch: pytest.MonkeyPatch, said: list[str], started: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py", *said])
    assert run.main() == started


@pytest.mark.skipif(os.name == "nt", reason="there no process takes the place of another")
def test_a_second_start_costs_less_than_a_tenth_of_a_second(run: ModuleType, tmp_path: Path) -> None:
    done = tmp_path / "done"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text(f'#!/bin/sh\necho "$@" > {done}\n')
    (tmp_path / "bin" / "python").chmod(0o755)
    (tmp_path / "installed-app").write_text(run.stamp(()))
    costs = []
    for _ in range(5):  # processor time of the best: what a busy machine adds is not ours
        begun = os.times()
        subprocess.run(
            [sys.executable, str(ROOT / "run.py"), "list"], env={"MODELYARD_VENV": str(tmp_path)}, check=True
        )
        ended = os.times()
        costs.append(ended.children_user + ended.children_system - begun.children_user - begun.children_system)
    assert done.read_text() == "-m modelyard list\n"
    assert min(costs) < 0.1, costs
