"""A real Chromium on the page of a real service, with a practice hub behind it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from modelyard.testing import PracticeHub
from server.serving import API, Served, served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WEB = Path(__file__).parents[2] / "web"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Seen:
    """A page that somebody looks at, and what its console said."""

    page: Any
    yard: Served
    hub: PracticeHub
    said: list[str] = field(default_factory=list)
    coming: set[Any] = field(default_factory=set)
    entered: bool = False

    def open(self, path: str = "/") -> Any:
        """Go to an address of the page, known to the service."""
        if not self.entered:  # the service gives few links a minute
            self.page.goto(self.link())
            self.page.get_by_role("navigation").first.wait_for()
        if path != "/" or self.entered:
            self.page.goto(self.yard.url + path)
            self.page.get_by_role("navigation").first.wait_for()
        self.entered = True
        return self.page

    def go(self, path: str) -> None:
        """To another place of the page, as its own links lead there: it is not loaded anew."""
        self.page.evaluate(
            "path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate')) }", path
        )
        links = "[...document.querySelectorAll('a[aria-current=page]')]"
        here = f"path => {links}.some(it => it.getAttribute('href') === path)"
        self.page.wait_for_function(here, arg=path)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing more is being asked for, and what came is drawn."""
        end, quiet = time.monotonic() + 20, 0
        while quiet < 2:
            assert time.monotonic() < end, [request.url for request in self.coming]
            self.page.wait_for_timeout(40)
            quiet = 0 if self.coming else quiet + 1

    def pardon(self) -> None:
        """What the browser said of refusals so far was meant; it may say so a moment after the page does."""
        self.settle()
        self.said.clear()

    def forget(self) -> None:
        """Leave the service as it was found: no roots and so no models, no tasks, no keys, a hub in good health."""
        ask = self.yard.ask
        self.page.unroute_all()
        ids = [task["id"] for task in ask("GET", f"{API}/tasks?limit=1000").json["tasks"]]
        ask("POST", f"{API}/tasks/actions", {"do": "cancel", "ids": ids}) if ids else None
        self.hub.faults.clear()
        ask("POST", f"{API}/tasks/clear", {"states": ["done", "failed", "cancelled"]})
        for entry in ask("GET", f"{API}/roots").json["entries"]:
            ask("DELETE", f"{API}/roots?path={quote(entry['path'])}")
        for key in ask("GET", f"{API}/keys").json:
            ask("DELETE", f"{API}/keys/{key['hub']}")

    def shown(self) -> str:
        """Its address, its words and what its service said last."""
        try:
            words = self.page.locator("body").aria_snapshot(timeout=2000)
        except Exception as error:  # noqa: BLE001  # it tells of a failure and must not hide it behind another
            words = f"nothing: {error}"
        return "\n".join([self.page.url, words, *self.yard.lines[-20:]])

    def link(self) -> str:
        return str(self.yard.ask("POST", f"{API}/link").json["url"])

    def paste(self, address: str) -> None:
        """What a person does with a link: into the field, Enter."""
        field = self.page.get_by_role("search").get_by_role("textbox", name="Link, model or list")
        field.fill(address)
        field.press("Enter")

    def row(self, name: str) -> Any:
        """A row of the queue."""
        return self.page.locator("[data-row]").filter(has_text=name)


@contextmanager
def looking(browser: Any, home: Path, *, env: dict[str, str] | None = None, **context: Any) -> Iterator[Seen]:
    """A browser window on a fresh service."""
    with PracticeHub() as hub, served(home, env=hub.env() | {"HOME": str(home)} | (env or {})) as yard:
        window = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "locale": "en"} | context)
        seen = Seen(window.new_page(), yard, hub)
        watch(seen)
        yield seen
        window.close()


def watch(seen: Seen) -> None:
    """Keep what the console says, errors and what the content policy refused, and what is being asked for."""

    def asked(request: Any) -> None:
        seen.coming.add(request)

    def told(request: Any) -> None:
        seen.coming.discard(request)

    def heard(message: Any) -> None:
        unknown = "404" in message.text and "/api/v1/hubs/" in message.location.get("url", "")
        if message.type == "error" and not unknown:  # that a hub has no such thing is an answer like any other
            seen.said.append(message.text)

    def failed(error: Any) -> None:
        taken_back = error.name == "AbortError" and "onCancel" in (error.stack or "")
        if not taken_back:  # nobody waits for the answer to a question that the page took back
            seen.said.append(f"{error} {error.stack}")

    seen.page.on("request", asked)
    seen.page.on("requestfinished", told)
    seen.page.on("requestfailed", told)
    seen.page.on("console", heard)
    seen.page.on("pageerror", failed)


def until(what: Any, seconds: float = 20) -> Any:
    """Ask until it is true."""
    end = time.monotonic() + seconds
    while not (told := what()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)
    return told
