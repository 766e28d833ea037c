"""What `python3 run.py …` starts; nothing is installed here."""

from __future__ import annotations

import importlib.util
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
