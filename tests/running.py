"""Running the real command line in a process of its own."""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any


@dataclass(frozen=True)
class Ran:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """Its JSON lines."""
        return [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]

    def event(self, name: str) -> dict[str, Any]:
        """The one event of this name."""
        (found,) = [event for event in self.events if event.get("event") == name]
        return found

    @property
    def error(self) -> str:
        """Code of its first error."""
        return next(str(event["error"]["code"]) for event in self.events if "error" in event)


def start(
    *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None, **how: Any
) -> subprocess.Popen[str]:
    """Start `modelyard ARGUMENTS`."""
    how = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
    return subprocess.Popen(
        [sys.executable, "-m", "modelyard", *arguments], text=True, env={**os.environ, **(env or {})}, cwd=cwd, **how
    )


class Forked:
    """What `subprocess.Popen` is, as far as tests ask, of a command that the fork server runs.

    Attributes:
        pid: Its own, to be killed for real.
    """

    def __init__(self, path: str, asked: dict[str, Any], streams: Sequence[int]) -> None:
        self.stdout: IO[str] | None = None
        self.stderr: IO[str] | None = None
        self.returncode: int | None = None
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.settimeout(_PATIENCE)
        self._connection.connect(path)
        socket.send_fds(self._connection, [b" "], streams)
        self._connection.sendall(json.dumps(asked).encode() + b"\n")
        self._said = b""
        self.pid = self._number()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        if self.returncode is None:
            self._connection.settimeout(timeout)
            try:
                self.returncode = self._number()
            except TimeoutError as error:
                raise subprocess.TimeoutExpired("modelyard", timeout or 0.0) from error
            self._connection.close()
        return self.returncode

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(1e-3)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it ended this very moment
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it on the spot."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def _number(self) -> int:
        while b"\n" not in self._said:
            more = self._connection.recv(100)
            assert more, "the fork server has ended"
            self._said += more
        line, _, self._said = self._said.partition(b"\n")
        return int(line)


class _ForkServer:
    """Runs commands in forks of one process that has imported them already."""

    def __init__(self) -> None:
        self._path = str(Path(tempfile.mkdtemp(prefix="fork-server-")) / "socket")
        script = str(Path(__file__).with_name("fork_server.py"))
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}  # when the first ends, it ends
        self._process = subprocess.Popen([sys.executable, script, self._path], text=True, **pipes)
        assert self._process.stdout and self._process.stdout.readline() == "ready\n"
        atexit.register(self._close)

    def begin(
        self,
        arguments: Sequence[str],
        env: Mapping[str, str],
        cwd: Path | None,
        streams: Sequence[int],
        script: str = "",
    ) -> Forked:
        """Start a command, or a script, with these standard streams."""
        told = {"arguments": arguments, "env": {**os.environ, **env}, "cwd": str(cwd or Path.cwd()), "script": script}
        return Forked(self._path, told, streams)

    def _close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


_fork_server = cache(_ForkServer)
_PATIENCE = 100.0
_FOR_PYTHON = ("PYTHON", "LD_", "LC_", "LANG")
"""What Python reads as it starts, and never again."""


def may_fork(env: Mapping[str, str]) -> bool:
    """Whether a command with these variables can be a fork of one that was started without them."""
    return hasattr(os, "fork") and not any(name.startswith(_FOR_PYTHON) for name in env)


def forked(*arguments: str, env: Mapping[str, str] | None = None) -> Forked:
    """Start `modelyard ARGUMENTS` as `start` does, without importing it once more."""
    (out, out_end), (err, err_end) = os.pipe(), os.pipe()
    with open(os.devnull) as nothing:
        process = _fork_server().begin(arguments, env or {}, None, (nothing.fileno(), out_end, err_end))
    os.close(out_end)
    os.close(err_end)
    process.stdout, process.stderr = os.fdopen(out), os.fdopen(err)
    return process


def modelyard(
    *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None, stdin: str | None = None
) -> Ran:
    """Run `modelyard ARGUMENTS` to its end, in a process of its own."""
    if not may_fork(env or {}):
        how = {"stdin": subprocess.PIPE} if stdin is not None else {}
        process = start(*arguments, env=env, cwd=cwd, **how)
        out, err = process.communicate(stdin, timeout=_PATIENCE)
        return Ran(process.returncode, out, err)
    return _ran(arguments, env or {}, cwd, stdin or "")


def script(program: str, *words: object, env: Mapping[str, str] | None = None, stdin: str = "") -> Ran:
    """Run a program that is given as text to its end, in a process of its own that has imported us already."""
    arguments = [str(word) for word in words]
    if not may_fork(env or {}):
        line = [sys.executable, "-c", program, *arguments]
        ran = subprocess.run(
            line, input=stdin, text=True, capture_output=True, env={**os.environ, **(env or {})}, timeout=_PATIENCE
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)
    return _ran(arguments, env or {}, None, stdin, program)


def _ran(arguments: Sequence[str], env: Mapping[str, str], cwd: Path | None, stdin: str, program: str = "") -> Ran:
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(3)]
        files[0].write(stdin)
        for file in files:
            file.seek(0)
        running = _fork_server().begin(arguments, env, cwd, [file.fileno() for file in files], program)
        stack.callback(running.kill)
        code = running.wait(_PATIENCE)
        for file in files:
            file.seek(0)
        return Ran(code, files[1].read(), files[2].read())
