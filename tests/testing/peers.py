"""Other people's programs, installed once for all tests, and run where they can reach nothing but the hub."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from modelyard.testing import PracticeHub
from modelyard.testing.clock import Clock
from modelyard.testing.log import Log
from modelyard.testing.server import Listener, Pace
from modelyard.testing.wire import text

CACHE = Path(os.environ.get("MODELYARD_TEST_CACHE", Path.home() / ".cache" / "modelyard-tests")) / "peers"


def install(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of an installed program; made once, whichever test process comes first."""
    folder = CACHE / f"{name}-py{sys.version_info.major}{sys.version_info.minor}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{folder}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            (folder / "ready").touch()
    return folder


def python_with(*requirements: str) -> Path:
    """The ``bin`` folder of a venv that holds these packages."""

    def make(folder: Path) -> None:
        _made([sys.executable, "-m", "venv", folder])
        _made([folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *requirements])

    return install("-".join(requirements).replace("==", "-"), make) / "bin"


def node_with(package: str) -> Path:
    """A folder whose ``node_modules`` holds one package."""
    needs("npm")

    def make(folder: Path) -> None:
        folder.mkdir()
        _made(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, package])

    return install(package.strip("@").replace("/", "-").replace("@", "-"), make)


def needs(program: str) -> None:
    """Skip where a system program is missing."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed here")


def heavy(what: str) -> None:
    """Skip what installs a hundred megabytes, unless ``MODELYARD_TEST_HEAVY=1`` asks for it."""
    if os.environ.get("MODELYARD_TEST_HEAVY") != "1":
        pytest.skip(f"{what}: too much to install each time; set MODELYARD_TEST_HEAVY=1")


def _made(words: list[str | Path]) -> None:
    ran = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if ran.returncode:
        pytest.fail(f"cannot install {words[-1]}: {ran.stderr[-2000:]}")


@dataclass
class Bench:
    """Runs programs against one hub from a home of their own."""

    hub: PracticeHub
    home: Path
    trap: Listener
    caught: Log
    extra: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Only what is needed; everything that is not loopback goes to the trap."""
        here = "127.0.0.1,127.0.0.2,localhost"
        env = {name: value for name, value in self.hub.env().items() if name.lower() != "no_proxy"}
        env |= dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"), self.trap.url)
        env |= {"no_proxy": here, "NO_PROXY": here, "PATH": os.environ["PATH"], "HOME": str(self.home)}
        env |= {"HF_HOME": str(self.home / "hf"), "MODELSCOPE_CACHE": str(self.home / "ms"), "LANG": "C.UTF-8"}
        return env | {"MODELSCOPE_HOME": str(self.home / "msh"), "TQDM_DISABLE": "1"} | self.extra

    def run(self, *words: str | Path, expect: int | None = 0, timeout: float = 60, **env: str) -> str:
        """Run a program; its output. ``expect`` is its exit status, None allows any."""
        ran = subprocess.run(
            [str(word) for word in words],
            env=self.environment() | env,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
        )
        if expect is not None:
            assert ran.returncode == expect, f"exit {ran.returncode}: {ran.stdout[-3000:]}"
        return ran.stdout


@contextmanager
def bench(hub: PracticeHub, home: Path) -> Iterator[Bench]:
    """A bench; at the end nothing may have tried to reach another host."""
    (home / "hf").mkdir()
    # hf 1.5.0 asks PyPI for news once a day whatever is switched off; this file says that today is done.
    (home / "hf" / ".check_for_update_done").touch()
    caught = Log()
    trap = Listener("control", lambda request: text(502, "trap"), log=caught, clock=Clock(), pace=Pace())
    try:
        yield Bench(hub, home, trap, caught)
    finally:
        trap.close()
    assert [record.target for record in caught] == []
