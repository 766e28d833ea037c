"""Scenarios whose bytes or lengths lie: a flipped bit, too much, too little, packed."""

from __future__ import annotations

import zlib
from dataclasses import replace

from modelyard.testing.content import Bytes, Content, Flipped
from modelyard.testing.files import answer_file
from modelyard.testing.scenarios import Scenario
from modelyard.testing.wire import Answer, Request


class Flip(Scenario):
    """One bit is wrong, always (setting ``times``: only in the first so many bodies that hold it)."""

    name, row, says = "flip", 29, "one bit flipped, right length"
    outcome, pinned, recoverable = "done", "refuse", False
    shown = 0

    @property
    def offset(self) -> int:
        """Where the bit is: in the middle of what follows the header."""
        return self.setting("at", (self.first.head + self.first.size) // 2)

    def answer(self, request: Request, healthy: Answer) -> Answer:
        if not healthy.file or not healthy.start <= self.offset < healthy.stop or request.method == "HEAD":
            return healthy
        self.shown += 1
        if self.shown > self.setting("times", self.shown):
            return healthy
        return replace(healthy, body=Flipped(healthy.body, self.offset))


class Longer(Scenario):
    """4 KiB more than Content-Length says."""

    name, row, says = "longer", 30, "extra bytes after the body"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        healthy.wire.trailing = b"\xee" * 4096
        return healthy


class ShortLength(Scenario):
    """Content-Length is 4 KiB too small, and so is what fits under it."""

    name, row, says = "short_len", 31, "Content-Length 4 KiB too small"
    outcome, pinned, recoverable = "refuse", "refuse", False

    def answer(self, request: Request, healthy: Answer) -> Answer:
        if healthy.stop - healthy.start > 4096 and healthy.stop == healthy.body.size:
            healthy.wire.length = healthy.stop - healthy.start - 4096
        return healthy


class LongLength(Scenario):
    """Content-Length is 4 KiB too big; the connection ends at the file's true end."""

    name, row, says = "long_len", 32, "Content-Length 4 KiB too big"
    outcome = "refuse"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        if healthy.stop == healthy.body.size:
            healthy.wire.length = healthy.stop - healthy.start + 4096
        return healthy


class TwoLengths(Scenario):
    """Two Content-Length headers that differ."""

    name, row, says = "two_len", 33, "two different Content-Length"
    outcome, pinned = "refuse", "refuse"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        healthy.headers.append(("Content-Length", str(max(0, healthy.stop - healthy.start - 4096))))
        healthy.wire.close = True
        return healthy


class Gzip(Scenario):
    """The body is compressed although identity was asked; ranges are ignored."""

    name, row, says = "gzip_enc", 34, "gzip forced on binary"
    packed: Content | None = None

    def answer(self, request: Request, healthy: Answer) -> Answer:
        if healthy.file is None:
            return healthy
        self.packed = self.packed or Bytes(_gzipped(healthy.body))
        fields = [*healthy.file.fields, ("Content-Encoding", "gzip")]
        return answer_file(request, replace(healthy.file, content=self.packed, ranges=False, fields=fields))


class GzipCut(Gzip):
    """The same, and the first body is cut at half of what travels."""

    name, row, says = "gzip_cut", 35, "gzip and a cut"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        answer = super().answer(request, healthy)
        return answer if self.broken else self.break_at(answer, answer.body.size // 2)


def _gzipped(content: Content) -> bytes:
    packer = zlib.compressobj(1, wbits=31)
    return b"".join([*(packer.compress(block) for block in content.blocks()), packer.flush()])


ALL: tuple[type[Scenario], ...] = (Flip, Longer, ShortLength, LongLength, TwoLengths, Gzip, GzipCut)
