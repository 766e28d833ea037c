"""One Chromium for all pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from web.pages import ARGUMENTS, CHROMIUM, Seen, looking


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Of a test that failed, tell what its page showed then."""
    report: Any = yield
    pages = [one for one in getattr(item, "funcargs", {}).values() if isinstance(one, Seen)]
    if report.failed and call.when == "call" and pages:
        report.sections.append(("the page", pages[0].shown()))
    return report


@pytest.fixture(scope="module")  # while it is open no other test of this process can have a loop of its own
def browser() -> Iterator[Any]:
    from playwright.sync_api import expect, sync_playwright

    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    expect.set_options(timeout=20_000)  # the usual five seconds are short where others want the processors, too
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def yard(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """One service and one page for tests that leave each other alone."""
    with looking(browser, tmp_path_factory.mktemp("shared") / "yard") as looked:
        yield looked


@pytest.fixture
def shared(yard: Seen) -> Iterator[Seen]:
    """The module's service and page, as a browser that comes for the first time; its console is listened to anew."""
    yard.said.clear()
    yard.page.set_viewport_size({"width": 1280, "height": 800})
    yard.page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    yield yard
    if yard.entered:
        yard.page.evaluate("localStorage.clear()")
    yard.forget()
    assert not yard.said, (yard.said, yard.yard.lines[-20:])


@pytest.fixture
def seen(browser: Any, tmp_path: Path) -> Iterator[Seen]:
    """A page on a service of its own; it ends well when the console said nothing."""
    with looking(browser, tmp_path / "yard") as looked:
        yield looked
        assert not looked.said, (looked.said, looked.yard.lines[-20:])
