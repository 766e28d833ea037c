"""One Chromium, and one page of each front end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from comfyui.hosting import MISSING
from comfyui.windows import ALONE, ARGUMENTS, Window, window_on
from modelyard.testing.comfyui.front_ends import VERSIONS
from web.pages import CHROMIUM


# Its loop runs in this thread for as long as it lives, so it must end with the one file that needs it.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, ALONE])
        yield started
        started.close()


@pytest.fixture(scope="module", params=VERSIONS)
def opened(request: pytest.FixtureRequest, browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    if request.param in MISSING:
        pytest.skip(f"no wheel of front end {request.param}: `python3 run.py test` fetches it")
    with window_on(browser, tmp_path_factory.mktemp("comfyui"), request.param, "--disable-api-nodes") as window:
        yield window


@pytest.fixture
def window(opened: Window) -> Iterator[Window]:
    """The page with an empty canvas; it ends well when no script of it failed."""
    opened.page.evaluate("() => window.app.graph.clear()")
    opened.said.clear()
    yield opened
    assert not opened.said, opened.said
