"""Scenarios whose answer goes wrong: statuses, redirects, huge headers, and pages where models should be."""

from __future__ import annotations

from modelyard.testing.files import part
from modelyard.testing.scenarios import AfterCut, Scenario, login_page
from modelyard.testing.signing import xml
from modelyard.testing.wire import Answer, Fields, Request, redirect, text


class Html200(Scenario):
    """A login page with 200, always."""

    name, row, says = "html200", 16, "login page, 200 text/html"
    outcome, pinned, recoverable = "refuse", "refuse", False

    def answer(self, request: Request, healthy: Answer) -> Answer:
        return login_page()


class Statuses(Scenario):
    """The first `times` requests get `status`."""

    status = 503
    times = 2
    reason = "Service Unavailable"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        if self.calls > self.setting("times", self.times):
            return healthy
        return text(self.setting("status", self.status), self.reason, *self.fields())

    def fields(self) -> Fields:
        """Further headers of the refusal."""
        wait = self.settings.get("retry_after")
        return [] if wait is None else [("Retry-After", str(wait))]


class TooMany(Statuses):
    """429 once with Retry-After in seconds (setting ``retry_after``, 3)."""

    name, row, says = "s429", 19, "429 and Retry-After seconds"
    status, times, reason = 429, 1, "Too Many Requests"

    def fields(self) -> Fields:
        return [("Retry-After", str(self.setting("retry_after", 3)))]


class TooManyDate(TooMany):
    """429 once with Retry-After as a date."""

    name, row, says = "s429date", 20, "429 and an HTTP date"

    def fields(self) -> Fields:
        return [("Retry-After", self.clock.http_date(self.setting("retry_after", 3)))]


class TooManyHuge(TooMany):
    """429 with Retry-After of a day, until the hub's clock has passed it."""

    name, row, says = "s429huge", 21, "Retry-After 1 day"
    outcome, pinned, recoverable = "wait", "wait", False
    until = 0.0

    def answer(self, request: Request, healthy: Answer) -> Answer:
        self.until = self.until or self.clock.now() + self.setting("retry_after", 86400)
        left = self.until - self.clock.now()
        return healthy if left <= 0 else text(429, self.reason, ("Retry-After", str(round(left))))


class Unavailable(Statuses):
    """503 twice, without advice."""

    name, row, says = "s503x2", 22, "503 twice"


class ServerError(Statuses):
    """500, always."""

    name, row, says = "s500forever", 23, "500 for ever"
    outcome, pinned, recoverable = "refuse", "refuse", False
    status, times, reason = 500, 1 << 40, "Internal Server Error"


class ForbiddenMid(AfterCut):
    """Cut once, then 403 once, then fine."""

    name, row, says = "s403mid", 24, "403 mid-way, then fine"
    refused = False

    def later(self, request: Request, healthy: Answer) -> Answer:
        if self.refused:
            return healthy
        self.refused = True
        return xml(403, "AccessDenied", "Access Denied")


class Moved(Scenario):
    """A redirect to the CDN; the CDN's part is `landed`."""

    def answer(self, request: Request, healthy: Answer) -> Answer:
        if request.origin == "cdn":
            return self.landed(request, healthy)
        return healthy if healthy.file is None else redirect(302, self.target(request, healthy))

    def target(self, request: Request, healthy: Answer) -> str:
        """Where the redirect leads."""
        raise NotImplementedError

    def landed(self, request: Request, healthy: Answer) -> Answer:
        """The CDN's answer."""
        return healthy


class Signed(Moved):
    """A signed link whose first body is cut at half and which then counts as expired; a fresh one works."""

    name, row, says = "r_signed", 25, "signed CDN link expires after a cut"
    dead = ""

    def target(self, request: Request, healthy: Answer) -> str:
        assert healthy.file
        path = f"/signed{request.path}"
        return self.cdn.link(request, "hf", path, healthy.file, request.segments[-1])

    def landed(self, request: Request, healthy: Answer) -> Answer:
        if not self.broken:
            self.dead = request.target
            return self.break_at(healthy, self.half(healthy))
        return xml(403, "AccessDenied", "Request has expired") if request.target == self.dead else healthy


class Loop(Scenario):
    """Redirects to itself, for ever."""

    name, row, says = "r_loop", 36, "redirect loop"
    outcome, pinned, recoverable = "refuse", "refuse", False

    def answer(self, request: Request, healthy: Answer) -> Answer:
        return redirect(302, f"{request.raw_path}?hop={self.calls}")


class Cross(Moved):
    """A redirect to another host: no key may follow."""

    name, row, says = "r_cross", 37, "redirect to other host"

    def target(self, request: Request, healthy: Answer) -> str:
        assert healthy.file
        return self.cdn.open(request, f"/open{request.path}", healthy.file)


class Relative(Scenario):
    """A redirect by a relative Location."""

    name, row, says = "r_relative", 38, "relative redirect"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        if "moved" in request.query:
            return healthy
        return redirect(302, request.raw_path.rpartition("/")[2] + "?moved=1")


class HugeHeader(Scenario):
    """A header of 256 MB (setting ``padding``)."""

    name, row, says = "hdr_huge", 41, "256 MB header"
    outcome, pinned, recoverable = "refuse", "refuse", False

    def answer(self, request: Request, healthy: Answer) -> Answer:
        healthy.wire.padding = self.setting("padding", 256 << 20)
        return healthy


class PartialFresh(Scenario):
    """206 with the first half to a request that asked for everything."""

    name, row, says = "s206fresh", 42, "206 to a plain GET"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        if healthy.file is None or healthy.status != 200:
            return healthy
        return part(healthy.file, (0, max(1, healthy.body.size // 2)))


class Empty(Scenario):
    """200 with Content-Length: 0."""

    name, row, says = "empty200", 43, "empty 200"
    outcome, pinned, recoverable = "refuse", "refuse", False

    def answer(self, request: Request, healthy: Answer) -> Answer:
        return Answer(200, healthy.without("Content-Range"))


class NotSatisfiable(Scenario):
    """416 to the first ranged request (setting ``times``), beside the matrix."""

    name, row, says = "s416", 45, "416 to a resume"
    refused = 0

    def answer(self, request: Request, healthy: Answer) -> Answer:
        if "range" not in request.headers or self.refused >= self.setting("times", 1):
            return healthy
        self.refused += 1
        return text(416, "Range not satisfiable", ("Content-Range", f"bytes */{healthy.body.size}"))


class ResetHeaders(Scenario):
    """RST before any header, for the first request, beside the matrix."""

    name, row, says = "rst_hdr", 45, "RST before headers"

    def answer(self, request: Request, healthy: Answer) -> Answer:
        healthy.wire.mute = healthy.wire.reset = self.calls == 1
        return healthy


ALL: tuple[type[Scenario], ...] = (
    Html200,
    TooMany,
    TooManyDate,
    TooManyHuge,
    Unavailable,
    ServerError,
    ForbiddenMid,
    Signed,
    Loop,
    Cross,
    Relative,
    HugeHeader,
    PartialFresh,
    Empty,
    NotSatisfiable,
    ResetHeaders,
)
