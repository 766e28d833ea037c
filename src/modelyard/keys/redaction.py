"""Takes keys out of every text before anybody reads it: errors, logs, reports."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from modelyard.errors import YardError

MASK = "•••"

_VALUE = r"[^\s&#\"'<>;,\\]+"
_QUERY_NAMES = (
    "token|access_token|refresh_token|api_?key|api-key|x-amz-(?:signature|credential|security-token)|signature|sig"
    "|authorization|policy|key-pair-id|m_session_id|accesstoken|password"
)
_FIELD_NAMES = "cookie|token|access_?token|api_?key|api-key|x-xet-access-token|m_session_id|password"
_PATTERNS = (
    (re.compile(r"\bhf_[A-Za-z0-9]{8,}"), f"hf_{MASK}"),
    (re.compile(r"\b(gh[pousr]_|github_pat_)[A-Za-z0-9_]{16,}"), rf"\1{MASK}"),
    (re.compile(r"\byard_[A-Za-z0-9_-]{16,}"), f"yard_{MASK}"),
    (re.compile(r"\b(bearer)(\s+|%20|\+)[A-Za-z0-9._~+/=|-]{6,}", re.IGNORECASE), rf"\1\2{MASK}"),
    (re.compile(rf"(?:(?<![A-Za-z])|(?<=%3F)|(?<=%26))({_QUERY_NAMES})(=|%3D){_VALUE}", re.IGNORECASE), rf"\1\2{MASK}"),
    (re.compile(rf"\b(authorization[\"']?:\s*[\"']?(?:[a-z]+\s+)?){_VALUE}", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(rf"\b(({_FIELD_NAMES})[\"']?:\s*[\"']?){_VALUE}", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"(://)[^\s/@:\"'<>]*:[^\s/@\"'<>]+@"), rf"\1{MASK}@"),
)
_SUSPECT = re.compile(r"[_:=%]|bearer", re.IGNORECASE)
"""What every one of those has; most lines of a log have nothing of it."""


class Redactor:
    """Masks keys in texts.

    Args:
        secrets: Gives every key known now; asked at each use.
    """

    def __init__(self, secrets: Callable[[], Iterable[str]] = tuple) -> None:
        self._secrets = secrets

    def text(self, text: str) -> str:
        """The text without keys: known ones, and everything that looks like one."""
        for secret in sorted(self._secrets(), key=len, reverse=True):
            for form in {secret, quote(secret, safe="")}:
                if len(form) >= 4:  # a shorter one would blank out half of every text
                    text = text.replace(form, MASK)
        for pattern, mask in _PATTERNS if _SUSPECT.search(text) else ():
            text = pattern.sub(mask, text)
        return text

    def data(self, value: Any) -> Any:
        """JSON-able data with every text in it masked, names of fields included."""
        return self._masked(value, {})

    def _masked(self, value: Any, seen: dict[str, str]) -> Any:
        """The data masked; the same text, as rows have many, is masked once."""
        if isinstance(value, str):
            if value not in seen:
                seen[value] = self.text(value)
            return seen[value]
        if isinstance(value, Mapping):
            return {self._masked(str(name), seen): self._masked(held, seen) for name, held in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._masked(held, seen) for held in value]
        return value

    def error(self, error: YardError) -> dict[str, Any]:
        """`YardError.as_dict` without keys."""
        told: dict[str, Any] = self.data(error.as_dict())
        return told


class RedactingFilter(logging.Filter):
    """Masks log records, tracebacks included. Put it on handlers: loggers do not filter their children."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor
        self._plain = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the record in place; it always passes."""
        record.msg, record.args = self._redactor.text(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = self._plain.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._redactor.text(record.exc_text)
            record.exc_info = None  # another handler would format it anew, unmasked
        if record.stack_info:
            record.stack_info = self._redactor.text(record.stack_info)
        return True
