"""The fault matrix's network rows, each as a scenario that any file can be put under.

A scenario wraps the healthy answer. It knows both versions of a file that changes, so that a test can
ask which bytes are right at the end (`Scenario.final`) and whether a client can get them at all.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Literal

from modelyard.testing.cdn import Cdn
from modelyard.testing.clock import Clock
from modelyard.testing.content import Content, NextVersion
from modelyard.testing.files import answer_file, strong_etag
from modelyard.testing.wire import Answer, Request, Served, text

Outcome = Literal["done", "refuse", "wait"]
Setting = int | float | str

LOGIN_PAGE = (
    "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1>"
    '<form method="post"><input name="user"><input name="password" type="password"></form></body></html>'
)
_SMALL = 1 << 16


class Scenario:
    """One way to go wrong, and its memory of one file.

    Attributes:
        name: The scenario's name in the matrix.
        row: Its row there.
        says: What happens, in a few words.
        outcome: What a careful client does without a hash: done, refuse or wait.
        pinned: The same when it was given the hash of the first version.
        recoverable: Whether some client can get the right bytes.
        calls: Requests of any method so far.
        broken: Whether a body has ended early.
    """

    name: ClassVar[str] = ""
    row: ClassVar[int] = 0
    says: ClassVar[str] = ""
    outcome: ClassVar[Outcome] = "done"
    pinned: ClassVar[Outcome] = "done"
    recoverable: ClassVar[bool] = True

    def __init__(self, *, cdn: Cdn, clock: Clock, **settings: Setting) -> None:
        self.cdn, self.clock, self.settings = cdn, clock, settings
        self.calls = self.bodies = 0
        self.broken = False
        self._content: Content | None = None
        self._lock = threading.Lock()

    def bind(self, content: Content) -> None:
        """Take this as the first version of the file."""
        self._content = self._content or content

    @property
    def first(self) -> Content:
        """The bytes that the file had at the beginning.

        Raises:
            LookupError: No request has reached the scenario yet, so that it has met no file.
        """
        if self._content is None:
            raise LookupError(f"{self.name} has met no file yet")
        return self._content

    @property
    def final(self) -> Content:
        """The bytes that are right now."""
        return self.first

    @property
    def final_bytes(self) -> bytes:
        """`final` as bytes, for files that fit in memory."""
        return self.final.bytes()

    @property
    def sha256(self) -> str:
        """SHA-256 of `final` in hex."""
        return self.final.sha256

    def setting(self, key: str, default: int) -> int:
        """A whole number that the test may have set."""
        return int(self.settings.get(key, default))

    def wrap(self, request: Request, healthy: Answer) -> Answer:
        """The answer under this fault."""
        with self._lock:
            if healthy.file:
                self.bind(healthy.file.content)
            self.calls += 1
            self.bodies += request.method == "GET"
            return self.answer(request, healthy)

    def answer(self, request: Request, healthy: Answer) -> Answer:
        """What to send instead of ``healthy``."""
        return healthy

    def break_at(self, answer: Answer, offset: int) -> Answer:
        """End the body at this offset of the file, if it passes it, and remember that it broke."""
        if answer.start < offset < answer.stop:
            answer.wire.cut_at = offset - answer.start
        return self.watch(answer)

    def watch(self, answer: Answer) -> Answer:
        """Remember when this body ends early, by the fault or because the client left."""
        if answer.stop - answer.start > 1:
            answer.wire.ended = self._ended
        return answer

    def _ended(self, sent: int, whole: bool) -> None:
        self.broken = self.broken or (sent > 0 and not whole)

    def half(self, answer: Answer) -> int:
        """The middle of the file."""
        return self.setting("at", answer.body.size // 2)


class CutOnce(Scenario):
    """Body cut once at half (setting ``at``: another offset)."""

    name, row, says = "cut_once", 2, "body cut once at half"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        return healthy if self.broken else self.break_at(healthy, self.half(healthy))


class RstOnce(CutOnce):
    """The same by RST."""

    name, row, says = "rst_once", 4, "RST mid-body"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        answer = super().answer(request, healthy)
        answer.wire.reset = answer.wire.cut_at is not None
        return answer


class AfterCut(CutOnce):
    """Cut once at half; what comes after is `later`."""

    def answer(self, request: Request, healthy: Answer) -> Answer:
        return self.later(request, healthy) if self.broken else super().answer(request, healthy)

    def later(self, request: Request, healthy: Answer) -> Answer:
        """The answer once a body has broken."""
        return healthy


class Changing(Scenario):
    """The file becomes another version when the first body breaks, by its cut or because the client was killed."""

    pinned: ClassVar[Outcome] = "refuse"

    @property
    def final(self) -> Content:
        return NextVersion(self.first) if self.broken else self.first

    def answer(self, request: Request, healthy: Answer) -> Answer:
        if healthy.file is None:
            return healthy
        answer = answer_file(request, self.now(request, healthy.file))
        if not self.broken:
            answer.wire.rate = self.setting("rate", 0) or None
            return self.break_at(answer, self.half(answer))
        return self.after(answer)

    def now(self, request: Request, file: Served) -> Served:
        """The version that is served at this moment."""
        return replace(file, content=self.final, etag=strong_etag(self.final))

    def after(self, answer: Answer) -> Answer:
        """The new version's answer."""
        return answer


def login_page(status: int = 200) -> Answer:
    """A page that wants a password, where a model was asked for."""
    return text(status, LOGIN_PAGE, kind="text/html; charset=utf-8")


def ignoring_range(request: Request, file: Served) -> Answer:
    """The whole file whatever range was asked for."""
    headers = {key: value for key, value in request.headers.items() if key not in {"range", "if-range"}}
    return answer_file(replace(request, headers=headers), file)


def catalogue() -> Mapping[str, type[Scenario]]:
    """Every scenario by its name, in the matrix's order."""
    from modelyard.testing import scenarios_answers, scenarios_bodies, scenarios_lengths, scenarios_names

    modules = (scenarios_bodies, scenarios_lengths, scenarios_answers, scenarios_names)
    kinds: list[type[Scenario]] = [kind for module in modules for kind in module.ALL]
    return {kind.name: kind for kind in sorted(kinds, key=lambda kind: kind.row)}
