"""What `python3 run.py …` starts; nothing is installed here."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from modelyard.errors import extra_needed
from testing.peers import CACHE

ROOT = Path(__file__).parents[1]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The file as a module whose programs are not started."""
    monkeypatch.syspath_prepend(str(ROOT))
    spec = importlib.util.spec_from_file_location("run_of_the_repository", ROOT / "run.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.delenv("MODELYARD_EXTRAS", raising=False)
    module.own_install = module.install  # type: ignore[attr-defined]
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
        (["test"], ["-m", "pytest", "-n", "3", "--dist", "worksteal"]),
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
    (tmp_path / "installed-app").write_text(run.stamp((), ()))
    words = [sys.executable, str(ROOT / "run.py"), "list"]
    costs = [_cost(words, {"MODELYARD_VENV": str(tmp_path)}) for _ in range(5)]
    assert done.read_text() == "-m modelyard list\n"
    assert min(costs) < 0.1, costs  # processor time of the best: what a busy machine adds is not ours


@pytest.fixture
def venv(run: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, ...]]:
    """An environment that is made already; what pip would have been asked."""
    asked: list[tuple[str, ...]] = []
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    monkeypatch.setattr(run, "VENV", tmp_path)
    monkeypatch.setattr(run, "PYTHON", tmp_path / "bin" / "python")
    monkeypatch.setattr(run, "pip", lambda *arguments: asked.append(arguments))
    return asked


def test_an_extra_that_was_asked_for_once_stays(
    run: ModuleType, venv: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELYARD_EXTRAS", "xet, notify")
    run.own_install(())
    assert venv[-1][:3] == ("install", "--editable", f"{ROOT}[keyring,socks,zstd,notify,xet]")
    times = len(venv)
    run.own_install(())
    monkeypatch.delenv("MODELYARD_EXTRAS")
    run.own_install(())
    assert len(venv) == times
    run.own_install(("test",))
    assert venv[-1][2].endswith("[keyring,socks,zstd,notify,xet]")
    monkeypatch.setenv("MODELYARD_EXTRAS", "")
    run.own_install(())
    assert venv[-1][2].endswith("[keyring,socks,zstd]")
    monkeypatch.delenv("MODELYARD_EXTRAS")
    times = len(venv)
    run.own_install(())
    assert len(venv) == times


def test_an_extra_that_nobody_knows_is_refused_before_anything_is_installed(
    run: ModuleType, venv: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MODELYARD_EXTRAS", "xte")
    with pytest.raises(SystemExit):
        run.own_install(())
    assert "no extra 'xte'" in capsys.readouterr().err and not venv


def test_every_extra_has_its_reason_in_the_docs_and_every_error_names_one_that_there_is(run: ModuleType) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    rows = [line for line in (ROOT / "docs/using.md").read_text().splitlines() if line.startswith("| `")]
    assert all(any(f"`{name}`" in row.split("|")[1] for row in rows) for name in extras)
    source = "".join(file.read_text() for file in (ROOT / "src").rglob("*.py"))
    named = set(re.findall(r'extra_needed\("[^"]+", "(\w+)"\)', source))
    assert named == {"notify", "postgres", "socks", "zstd"} and named <= set(extras)
    assert set(run.EXTRAS) < set(extras)


def test_what_lacks_an_extra_says_the_line_that_adds_it() -> None:
    error = extra_needed("Notifications need", "notify")
    assert (error.code, error.message) == ("not-supported", "Notifications need the extra `modelyard[notify]`.")
    assert "MODELYARD_EXTRAS=notify python3 run.py" in error.hint


def _of_the_system() -> str | None:
    """Debian's own python, into which pip may install nothing (PEP 668)."""
    found = "/usr/bin/python3"
    asked = "import sys, ensurepip, sysconfig, pathlib; where = pathlib.Path(sysconfig.get_path('stdlib'))"
    asked += "; sys.exit(sys.version_info < (3, 11) or not (where / 'EXTERNALLY-MANAGED').exists())"
    return found if Path(found).exists() and subprocess.run([found, "-c", asked]).returncode == 0 else None


def _of_pyenv() -> str | None:
    """The newest python that pyenv has."""
    roots = (os.environ.get("PYENV_ROOT"), Path.home() / ".pyenv")
    found = [python for root in roots if root for python in Path(root).glob("versions/3.*/bin/python3")]
    ages = {python: tuple(int(part) for part in python.parts[-3].split(".") if part.isdigit()) for python in found}
    newest = max(ages, key=ages.__getitem__, default=None)
    return str(newest) if newest and ages[newest] >= (3, 11) else None


def _of_a_venv() -> str | None:
    """The python of these tests, inside a virtual environment."""
    return sys.executable if sys.prefix != sys.base_prefix else None


@pytest.mark.slow
@pytest.mark.peers
@pytest.mark.timeout(600)
@pytest.mark.parametrize("found", [_of_the_system, _of_pyenv, _of_a_venv])
def test_it_installs_itself_and_starts_under_every_kind_of_python(
    found: Callable[[], str | None], data_folder: Path
) -> None:
    """The packages come from PyPI, once for a machine and an edition of pyproject.toml."""
    python = found()
    if python is None:
        pytest.skip("no such python here")
    where = CACHE / f"run{found.__name__}"
    where.parent.mkdir(parents=True, exist_ok=True)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    env |= {"MODELYARD_VENV": str(where), "MODELYARD_NO_PAGE": "1", "MODELYARD_HOME": str(data_folder)}
    command = [python, str(ROOT / "run.py"), "--version"]
    ran = subprocess.run(command, env=env, cwd=data_folder.parent, capture_output=True, text=True)
    assert ran.returncode == 0 and ran.stdout.startswith("modelyard, version "), ran.stderr
    mine = next(where.glob("bin/python"))
    through, alone = [
        min(_cost(words, env) for _ in range(8)) for words in (command, [str(mine), "-m", "modelyard", "--version"])
    ]
    assert through - alone < 0.1, (through, alone)


def _cost(words: list[str], env: dict[str, str]) -> float:
    """Processor time of a command, in seconds."""
    import resource  # its clock is finer than that of os.times, which counts hundredths

    begun = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, env=env, check=True, capture_output=True)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime
