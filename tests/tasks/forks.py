"""Processes with a queue of their own (`mortal.py`), spoken to from a test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


class Forks:
    """The program that makes processes with a queue; one lives at a time."""

    def __init__(self) -> None:
        program = Path(__file__).with_name("mortal.py")
        self.process = subprocess.Popen(
            [sys.executable, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        assert self.process.stdin and self.process.stdout
        self.to, self.told = self.process.stdin, os.fdopen(os.dup(self.process.stdout.fileno()), "rb")
        self.lives = False

    def send(self, *verbs: dict[str, Any]) -> None:
        self.to.write(b"".join(json.dumps(verb).encode() + b"\n" for verb in verbs))

    def read(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.told.readline())
        self.lives = "gone" not in answer
        return answer

    def end(self) -> None:
        self.to.close()
        self.told.close()
        assert self.process.wait(10) == 0
