"""Running the real command line in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


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


def modelyard(
    *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None, stdin: str | None = None
) -> Ran:
    """Run `modelyard ARGUMENTS` to its end."""
    how = {"stdin": subprocess.PIPE} if stdin is not None else {}
    process = start(*arguments, env=env, cwd=cwd, **how)
    out, err = process.communicate(stdin, timeout=100)
    return Ran(process.returncode, out, err)
