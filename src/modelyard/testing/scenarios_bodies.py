"""Scenarios whose body goes wrong on its way: cuts, wrong ranges, changes and stalls."""

from __future__ import annotations

from dataclasses import replace

from modelyard.testing.scenarios import (
    AfterCut,
    Changing,
    CutOnce,
    RstOnce,
    Scenario,
    ignoring_range,
    login_page,
)
from modelyard.testing.wire import Answer, Request, Served


class Ok(Scenario):
    """Nothing goes wrong."""

    name, row, says = "ok", 1, "healthy"


class CutAlways(Scenario):
    """Every body ends after 1 MiB (setting ``every``: another length)."""

    name, row, says = "cut_always1m", 3, "cut every 1 MiB"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        return self.break_at(healthy, healthy.start + self.setting("every", 1 << 20))


class NoLengthCut(Scenario):
    """No Content-Length, no ranges, closed at half, always: it looks like a whole file."""

    name, row, says = "nolen_cut", 5, "no length, closed early"
    outcome, pinned, recoverable = "refuse", "refuse", False

    def answer(self, request: Request, healthy: Answer) -> Answer:
        if healthy.file is None:
            return healthy
        answer = ignoring_range(request, replace(healthy.file, ranges=False))
        answer.wire.length = None
        return self.break_at(answer, self.half(answer))


class ChunkCut(NoLengthCut):
    """Chunked and always cut at half."""

    name, row, says = "chunk_cut", 6, "chunked, always cut"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        answer = super().answer(request, healthy)
        answer.wire.chunked = True
        return answer


class IgnoreRange(AfterCut):
    """Cut once; then every range is answered by the whole file with 200."""

    name, row, says = "ignore_range", 7, "server ignores Range after a cut"

    def later(self, request: Request, healthy: Answer) -> Answer:
        return ignoring_range(request, healthy.file) if healthy.file else healthy


class IgnoreRangeSlow(Scenario):
    """Slow (setting ``rate``), and ranges are ignored: for clients that are killed and started again."""

    name, row, says = "ignore_range_slow", 8, "slow, and Range is ignored"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        answer = ignoring_range(request, healthy.file) if healthy.file else healthy
        answer.wire.rate = self.setting("rate", 16_000_000)
        return self.watch(answer)


class WrongRange(AfterCut):
    """206 whose Content-Range says, truly, that it begins at 0."""

    name, row, says = "wrong_range", 9, "206 but from byte 0"

    def later(self, request: Request, healthy: Answer) -> Answer:
        if healthy.status != 206:
            return healthy
        size = healthy.body.size
        fields = [*healthy.without("Content-Range"), ("Content-Range", f"bytes 0-{size - 1}/{size}")]
        return replace(healthy, headers=fields, start=0, stop=size)


class LyingRange(AfterCut):
    """206 that claims the asked start and sends bytes from 0."""

    name, row, says = "lying_range", 10, "206 lying about its start"

    def later(self, request: Request, healthy: Answer) -> Answer:
        if healthy.status != 206 or healthy.start == 0:
            return healthy
        return replace(healthy, start=0, stop=healthy.stop - healthy.start)


class ShortRange(AfterCut):
    """206 with the right bytes whose Content-Range names a total 4 KiB too big."""

    name, row, says = "short_range", 11, "206 with another total"

    def later(self, request: Request, healthy: Answer) -> Answer:
        if healthy.status != 206:
            return healthy
        told = f"bytes {healthy.start}-{healthy.stop - 1}/{healthy.body.size + 4096}"
        return replace(healthy, headers=[*healthy.without("Content-Range"), ("Content-Range", told)])


class EtagChange(Changing):
    """The file changes at the cut; its ETag says so and If-Range is honoured."""

    name, row, says = "etag_change", 12, "file changed, ETag honest"


class EtagChangeNoIfRange(Changing):
    """The file changes; its ETag says so, but If-Range is ignored."""

    name, row, says = "etag_change_noifr", 13, "file changed, If-Range ignored"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        headers = {key: value for key, value in request.headers.items() if key != "if-range"}
        return super().answer(replace(request, headers=headers), healthy)


class NoEtagChange(EtagChangeNoIfRange):
    """The file changes and nothing says so: no ETag, no Last-Modified."""

    name, row, says = "no_etag_change", 14, "file changed, no ETag at all"

    def now(self, request: Request, file: Served) -> Served:
        return replace(super().now(request, file), etag=None, modified=None)


class EtagChangeCut(Changing):
    """As `EtagChange`, and the new version's first body is cut too, at three quarters."""

    name, row, says = "etag_change_cut", 15, "file changed during a retry in the same process"
    cut_again = False

    def after(self, answer: Answer) -> Answer:
        at = answer.body.size * 3 // 4
        if self.cut_again or not answer.start < at < answer.stop:
            return answer
        self.cut_again = True
        return self.break_at(answer, at)


class HtmlResume(AfterCut):
    """After the cut every answer is a login page with 200."""

    name, row, says = "html_resume", 17, "login page on resume"
    outcome, pinned, recoverable = "refuse", "refuse", False

    def later(self, request: Request, healthy: Answer) -> Answer:
        return login_page()


class HtmlResume206(AfterCut):
    """After the cut every answer is a login page with 206 and the asked start."""

    name, row, says = "html_resume206", 18, "login page as 206 on resume"
    outcome, pinned, recoverable = "refuse", "refuse", False

    def later(self, request: Request, healthy: Answer) -> Answer:
        page = login_page(206)
        span = f"bytes {healthy.start}-{healthy.start + page.stop - 1}/{healthy.body.size}"
        page.headers.append(("Content-Range", span))
        return page


class Stall(AfterCut):
    """The body stops at half and nothing comes any more, once."""

    name, row, says = "stall", 26, "stall mid-body"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        answer = super().answer(request, healthy)
        answer.wire.stall_at, answer.wire.cut_at = answer.wire.cut_at, None
        return answer


class StallHeaders(Scenario):
    """The first request gets no answer at all."""

    name, row, says = "stall_hdr", 27, "stall before headers"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        healthy.wire.mute = self.calls == 1
        return healthy


class Drip(Scenario):
    """The last bytes (setting ``last``, 8) come at 2 a second (setting ``drip``)."""

    name, row, says = "drip", 28, "drip 2 B/s at the end"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        slow_from = healthy.body.size - self.setting("last", 8)
        healthy.wire.drip_from = max(0, slow_from - healthy.start)
        healthy.wire.drip_rate = self.setting("drip", 2)
        return healthy


class Slow(Scenario):
    """A steady rate (setting ``rate``, bytes per second), for clients that are killed on the way."""

    name, row, says = "slow", 44, "steady limited rate"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        healthy.wire.rate = self.setting("rate", 16_000_000)
        return healthy


ALL: tuple[type[Scenario], ...] = (
    Ok,
    CutOnce,
    CutAlways,
    RstOnce,
    NoLengthCut,
    ChunkCut,
    IgnoreRange,
    IgnoreRangeSlow,
    WrongRange,
    LyingRange,
    ShortRange,
    EtagChange,
    EtagChangeNoIfRange,
    NoEtagChange,
    EtagChangeCut,
    HtmlResume,
    HtmlResume206,
    Stall,
    StallHeaders,
    Drip,
    Slow,
)
