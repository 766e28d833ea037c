"""The web page with a library of many models, in a real Chromium without a screen: first cards, scrolling, jumps."""

from __future__ import annotations

import shutil
import statistics
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import shelves
from yard import Yard, running

ROUNDS = 7
_CARD = "[data-card] [data-do=open]"
_SHELF = "[...document.querySelectorAll('main div')].find(d => d.scrollHeight > d.clientHeight + 5000)"
_FIRST = (
    "new MutationObserver((_, seen) => { if (document.querySelector('"
    + _CARD
    + "')) { seen.disconnect(); requestAnimationFrame(() => requestAnimationFrame(() => { window.__card = "
    "performance.now() })) } }).observe(document, { childList: true, subtree: true })"
)
"""Milliseconds from the navigation to two frames after the first card stands."""
_SCROLL = (
    """async () => {
  const shelf = """
    + _SHELF
    + """, times = []
  for (let last = performance.now(), end = last + 4000; last < end;) {
    shelf.scrollTop += 40
    const now = await new Promise(requestAnimationFrame)
    times.push(now - last)
    last = now
  }
  return times
}"""
)
_JUMP = (
    """async part => {
  const shelf = """
    + _SHELF
    + """, begun = performance.now()
  shelf.scrollTop = shelf.scrollHeight * part
  for (;;) {
    await new Promise(requestAnimationFrame)
    const box = shelf.getBoundingClientRect()
    const seen = [...shelf.querySelectorAll('[data-card]')].filter(card => {
      const at = card.getBoundingClientRect()
      return at.top >= box.top && at.bottom <= box.bottom
    })
    if (seen.length && seen.every(card => card.querySelector('[data-do=open]'))) return performance.now() - begun
    if (performance.now() - begun > 20000) return 20000
  }
}"""
)


def bench(disk: Path, count: int = shelves.MODELS) -> int:
    """Run it and print a table; 1 when a bar is missed."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("There is no Chromium on this machine.")
        return 1
    root = disk / "models"
    root.mkdir()
    shelves.make(root, count)
    quiet = {"library.watch": False, "library.measure": False}
    with running(disk / "yard", **quiet) as yard, sync_playwright() as playwright:
        yard.ask("PUT", "/roots", {"path": str(root), "folder": "loras"})
        shelves.scanned(yard)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        firsts = [_first(browser, yard) for _ in range(ROUNDS)]
        page = _opened(browser, yard)
        frames, jumps = page.evaluate(_SCROLL), [page.evaluate(_JUMP, part) for part in (0.5, 0.97, 0.2, 0.8, 0.03)]
        heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
        browser.close()
    return shelves.table(
        [
            (f"first cards of {count:,} (ms, median)", statistics.median(firsts), 1000.0, -1),
            ("scrolling (frames/s, median)", 1000 / statistics.median(frames), 50.0, 1),
            ("jump to a far place (ms, median)", statistics.median(jumps), 1000.0, -1),
            ("JavaScript heap (MB)", heap, 80.0, -1),
        ]
    )


def _first(browser: Any, yard: Yard) -> float:
    """Milliseconds until the first cards stand, with nothing in the browser's cache but who it is."""
    page = _known(browser, yard)
    page.add_init_script(_FIRST)
    page.goto(f"{_origin(yard)}/library")
    while not (told := page.evaluate("window.__card || 0")):  # its policy lets no expression be awaited there
        page.wait_for_timeout(20)
    page.context.close()
    return float(told)


def _opened(browser: Any, yard: Yard) -> Any:
    page = _known(browser, yard)
    page.goto(f"{_origin(yard)}/library")
    page.locator(_CARD).first.wait_for()
    time.sleep(1)  # pictures and counts are there, too
    return page


def _known(browser: Any, yard: Yard) -> Any:
    """A page whose tab has the owner's token, at an address of ours that shows nothing."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en").new_page()
    page.add_init_script(f"sessionStorage.setItem('modelyard.token', {yard.token!r})")
    return page


def _origin(yard: Yard) -> str:
    parts = urlsplit(yard.url)
    return f"{parts.scheme}://{parts.netloc}"
