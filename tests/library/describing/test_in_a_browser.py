"""Payloads in a real browser: many run raw, none runs cleaned."""

from __future__ import annotations

import html
import shutil
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from library.describing.payloads import PAYLOADS
from modelyard.library.describing.cleaning import clean

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TOUCH = """() => {
  for (const one of document.querySelectorAll('#here *')) {
    if (one.tagName === 'A' && /^https?:/.test(one.href)) continue
    try { one.focus(); one.click() } catch (error) { }
  }
}"""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]


@pytest.fixture
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


def dialogs(browser: Any, texts: Sequence[str]) -> int:
    """How often a script ran when a page took these texts in as HTML."""
    found: list[str] = []
    page = browser.new_page()
    page.on("dialog", lambda dialog: (found.append(dialog.message), dialog.dismiss()))
    page.set_content("<!doctype html><div id=here></div>")
    page.evaluate("text => { document.getElementById('here').innerHTML = text }", "<hr>".join(texts))
    page.evaluate(TOUCH)
    page.wait_for_timeout(300)
    page.close()
    return len(found)


def test_no_payload_runs_after_cleaning(browser: Any) -> None:
    assert sum(dialogs(browser, [payload]) > 0 for payload in PAYLOADS[4:14]) > 3, "the test's own eyes are closed"
    assert dialogs(browser, [clean(payload, "html") for payload in PAYLOADS]) == 0
    assert dialogs(browser, [clean(html.escape(payload), "html") for payload in PAYLOADS]) == 0
    assert sum(dialogs(browser, [clean(payload, "html")]) for payload in PAYLOADS[10:20]) == 0
