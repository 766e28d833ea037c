"""A hook that is a command: started without a shell, told the event on its input, ended with all it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from typing import IO

from modelyard.errors import HookFailed
from modelyard.net.stop import Stop

MOST_OUTPUT = 16384
"""Bytes of output that are kept; the rest is read and dropped."""

_PASSED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "SHELL",
           "SYSTEMROOT", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA",
           "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")  # fmt: skip


def run(command: Sequence[str], told: bytes, event: str, timeout: float, environ: Mapping[str, str], stop: Stop) -> str:
    """Run a command to its end; gives its output.

    Args:
        told: What stands on its input.
        timeout: Seconds until it and whatever it started is killed.
        environ: Where harmless variables are taken from; keys are not passed on.

    Raises:
        HookFailed: It cannot be started, failed, or took too long.
        Stopped: `stop` was set.
    """
    with tempfile.TemporaryFile() as given:
        given.write(told)
        given.seek(0)
        process = _started(command, given, _clean(environ, event))
    kept, output = bytearray(), process.stdout
    assert output is not None
    reader = threading.Thread(target=_read, args=(output, kept), name="hook-output", daemon=True)
    reader.start()
    try:
        with stop.waking(lambda: _kill(process)):
            code = _await(process, timeout)
    finally:
        # what the command left behind in the background may hold its output open
        reader.join(0.1 if stop.is_set() else 1.0)
        if not reader.is_alive():
            output.close()
    stop.check()
    text = bytes(kept).decode(errors="replace").strip()
    if code is None:
        raise HookFailed(f"{command[0]} was ended after {timeout:g} s.", output=text)
    if code:
        raise HookFailed(f"{command[0]} ended with {code}.", output=text)
    return text


def _clean(environ: Mapping[str, str], event: str) -> dict[str, str]:
    kept = {name: text for name, text in environ.items() if name.upper() in _PASSED or name.startswith("LC_")}
    return kept | {"MODELYARD_EVENT": event}


def _started(command: Sequence[str], given: IO[bytes], env: dict[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603  # the person's own command, as a list, without a shell
            list(command),
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=env,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise HookFailed(f"{command[0]} cannot be started: {getattr(error, 'strerror', None) or error}.") from error


def _await(process: subprocess.Popen[bytes], timeout: float) -> int | None:
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        _kill(process)
        process.wait()
        return None


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and its group, where there are groups."""
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _read(output: IO[bytes], kept: bytearray) -> None:
    with contextlib.suppress(OSError, ValueError):
        while piece := output.read1(65536):  # type: ignore[attr-defined]  # a buffered pipe
            kept += piece[: MOST_OUTPUT - len(kept)]
