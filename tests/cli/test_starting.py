"""A signal while modules are imported ends the command line with a word and 130, never with a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """Programs started here hear these signals, also when this test run itself was started behind a shell's `&`."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


SLOW = """
import sys, time
sys.stdout.write("importing\\n"); sys.stdout.flush()
time.sleep(30)
"""
IN_PROCESS = "from modelyard.cli.starting import run; run()"


def interrupted(tmp_path: Path, module: str, *words: str, number: int = signal.SIGINT) -> tuple[int, str]:
    """Run the command line with one module that never ends importing, and send the signal in the middle."""
    place = tmp_path / "slow" / f"{module}.py"
    place.parent.mkdir()
    place.write_text(SLOW)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(place.parent), *sys.path])}
    process = subprocess.Popen(
        [sys.executable, "-c", IN_PROCESS, *words],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "importing\n"
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    return process.returncode, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_among_the_first_imports_ends_with_a_word(tmp_path: Path, number: int) -> None:
    assert interrupted(tmp_path, "click", "--help", number=number) == (130, "Stopped.\n")


def test_a_signal_while_a_command_is_imported_does_too(tmp_path: Path) -> None:
    assert interrupted(tmp_path, "msgspec", "get", "https://127.0.0.1:1/x") == (130, "Stopped.\n")


def test_a_signal_that_is_ignored_stays_so() -> None:
    told = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from modelyard.cli.starting import importing\n"
        "with importing(): signal.raise_signal(signal.SIGINT)\n"
        "print(signal.getsignal(signal.SIGINT) == signal.SIG_IGN)\n"
    )
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert ran.stdout == "True\n"


def test_afterwards_signals_mean_what_they_meant() -> None:
    told = (
        "import signal\nfrom modelyard.cli.starting import importing\n"
        "before = signal.getsignal(signal.SIGINT)\n"
        "with importing(): assert signal.getsignal(signal.SIGINT) is not before\n"
        "assert signal.getsignal(signal.SIGINT) is before\n"
    )
    subprocess.run([sys.executable, "-c", told], check=True)


def test_a_signal_that_run_py_held_back_while_python_started_is_answered(tmp_path: Path) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process = subprocess.Popen([sys.executable, "-c", IN_PROCESS, "demo"], stderr=subprocess.PIPE, cwd=tmp_path)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"Stopped.\n")


def test_another_thread_may_call_a_command(tmp_path: Path) -> None:
    told = "import threading; from modelyard.cli.starting import importing\n"
    told += "def act():\n  with importing(): print('in')\n"
    ran = subprocess.run(
        [sys.executable, "-c", f"{told}thread = threading.Thread(target=act); thread.start(); thread.join()"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (ran.stdout, ran.stderr) == ("in\n", "")
