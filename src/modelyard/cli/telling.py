"""How the command line speaks: results on stdout, everything else on stderr, JSON lines when asked."""

from __future__ import annotations

import os
import sys
from typing import Any

import msgspec

from modelyard.errors import YardError
from modelyard.keys.redaction import Redactor


class Teller:
    """Prints for people or for programs; keys are masked in whatever passes.

    Args:
        as_json: One JSON object a line on stdout, nothing else there.
        quiet: Only results and errors.
    """

    def __init__(self, *, as_json: bool = False, quiet: bool = False, redactor: Redactor | None = None) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self._redactor = redactor or Redactor()

    @property
    def colours(self) -> bool:
        """Whether stderr is a terminal that wants colours (https://no-color.org)."""
        return sys.stderr.isatty() and "NO_COLOR" not in os.environ

    def result(self, text: str) -> None:
        """One line of the answer, for people."""
        if not self.as_json:
            print(_plain(self._redactor.text(text)), flush=True)

    def data(self, value: Any) -> None:
        """One JSON object of the answer, for programs."""
        if self.as_json:
            sys.stdout.write(msgspec.json.encode(self._redactor.data(value)).decode() + "\n")
            sys.stdout.flush()

    def note(self, text: str) -> None:
        """Something on the side."""
        if not self.as_json and not self.quiet:
            print(_plain(self._redactor.text(text)), file=sys.stderr, flush=True)

    def error(self, error: YardError, about: str = "") -> None:
        """An error with its code and its next step."""
        told = self._redactor.error(error)
        if self.as_json:
            self.data({"event": "error", **({"about": about} if about else {}), "error": told})
            return
        head = f"{about}: " if about else ""
        mark, end = ("\x1b[31m", "\x1b[0m") if self.colours else ("", "")
        lines = [f"{mark}error{end} [{told['code']}] {head}{told['message']}", f"  → {told['hint']}"]
        if told.get("link"):
            lines.append(f"    {told['link']}")
        print("\n".join(_plain(line, keep=mark + end) for line in lines), file=sys.stderr, flush=True)


def _plain(text: str, keep: str = "") -> str:
    """Text without control characters: a file name must not drive the terminal."""
    if keep:
        return text
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "�" for letter in text)
