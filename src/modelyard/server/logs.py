"""The service's log: lines for people on the terminal, JSON in a rotating file, keys in neither."""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from modelyard.keys.redaction import RedactingFilter, Redactor

FILE = "service.log"
_BYTES = 5 * 1024 * 1024
_FILES = 5
_OWN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Lines(logging.Formatter):
    """One line for people: time, level, text; control characters are shown, not sent to the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        head = f"{time.strftime('%H:%M:%S', time.localtime(record.created))} {record.levelname.lower():7}"
        text = "".join(letter if letter.isprintable() else "�" for letter in record.getMessage())
        more = f"\n{record.exc_text}" if record.exc_text else ""
        return f"{head} {text}{more}"


class Objects(logging.Formatter):
    """One JSON object a line, with the record's further fields.

    Args:
        redactor: Masks keys in those fields; the text itself is masked before.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """The object."""
        told: dict[str, Any] = {
            "at": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        told["message"] = record.getMessage()
        told |= {name: self._redactor.data(held) for name, held in vars(record).items() if name not in _OWN}
        if record.exc_text:
            told["error"] = record.exc_text
        return msgspec.json.encode(told, enc_hook=str).decode()


@contextlib.contextmanager
def logging_to(folder: Path, redactor: Redactor, *, as_json: bool = False) -> Iterator[None]:
    """For the length of a block, everything that modelyard logs goes to the terminal and to the file.

    Args:
        as_json: JSON on the terminal too.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setFormatter(Objects(redactor) if as_json else Lines())
    file = _File(folder / FILE, maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8")
    file.setFormatter(Objects(redactor))
    logger, handlers = logging.getLogger("modelyard"), (terminal, file)
    for handler in handlers:
        handler.addFilter(RedactingFilter(redactor))
        logger.addHandler(handler)
    before = logger.level
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(before)
        for handler in handlers:
            logger.removeHandler(handler)
            if handler is file:
                with contextlib.suppress(OSError):  # what it could not write yet is lost, and nothing else
                    handler.close()


class _File(logging.handlers.RotatingFileHandler):
    _formatted: tuple[logging.LogRecord | None, str] = (None, "")

    def _open(self) -> Any:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        return os.fdopen(os.open(self.baseFilename, flags, 0o600), "a", encoding="utf-8")

    def format(self, record: logging.LogRecord) -> str:
        """Once for the question whether it still fits, and for the line itself."""
        if self._formatted[0] is not record:
            self._formatted = record, super().format(record)
        return self._formatted[1]

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """A full disk holds up this file and nothing else: the terminal has the line, too."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)
