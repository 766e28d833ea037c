"""The CDN: another origin that holds bodies and opens them only to signed links."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

from modelyard.testing.files import answer_file
from modelyard.testing.signing import Signer, Style, xml
from modelyard.testing.wire import Answer, Request, Served

_DISPOSITIONS = ("response-content-disposition", "b2ContentDisposition", "rscd")


class Cdn:
    """Bodies by path.

    Attributes:
        length_odd: Answer a range with 200, Content-Range and the partial length, as some ModelScope routes do.
    """

    def __init__(self, signer: Signer, base: Callable[[Request], str]) -> None:
        self.signer, self._base = signer, base
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget every body."""
        self._signed: dict[str, Served] = {}
        self._open: dict[str, Served] = {}
        self.length_odd = False

    def link(self, request: Request, style: Style, path: str, file: Served, name: str) -> str:
        """Publish a file under ``path`` and sign a link to it for the client of this request."""
        with self._lock:
            self._signed[path] = file
            return f"{self._base(request)}{quote(path)}?{self.signer.query(style, path, name)}"

    def open(self, request: Request, path: str, file: Served) -> str:
        """Publish a file that needs no signature: mirrors and cross-host redirects."""
        with self._lock:
            self._open[path] = file
        return f"{self._base(request)}{quote(path)}"

    def answer(self, request: Request) -> Answer:
        """The body, or the XML of a CDN that refuses."""
        if file := self._open.get(request.path):
            return answer_file(request, file)
        held = self._signed.get(request.path)
        if held is None:
            return xml(404, "NoSuchKey", "The specified key does not exist.")
        if refused := self.signer.refusal(request):
            refused.file = None
            return refused
        if offered := next((request.query[key] for key in _DISPOSITIONS if key in request.query), None):
            held = replace(held, fields=[*held.fields, ("Content-Disposition", offered)])
        answer = answer_file(request, held)
        if self.length_odd and answer.status == 206:
            answer.status = 200
        return answer
