"""Everybody can use each page: by keyboard, in light and dark, on a phone, in both languages."""

from __future__ import annotations

import re
from typing import Any

import pytest

from server.serving import API
from web.pages import WEB, Seen

pytestmark = pytest.mark.slow

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
PAGES = re.findall(r"name: '(\w+)', path: '([^']+)', key: '(\w)'", (WEB / "src" / "routes.ts").read_text())
assert len(PAGES) == 8, "a test that looks at no page passes"


def faults(page: Any, *rules: str) -> list[str]:
    """What axe finds against WCAG 2.2 AA, or against some of its rules."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    only = {"type": "rule", "values": [*rules]} if rules else {"type": "tag", "values": tags}
    asked = {"runOnly": only, "resultTypes": ["violations"], "preload": False}  # what is well need not be told
    told = page.evaluate("(asked) => axe.run(document, asked)", asked)
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in told["violations"]]


DRAWN = """async () => {
  const frame = () => new Promise(requestAnimationFrame)
  await frame()
  do await frame()
  while (document.getAnimations().some((it) => it instanceof CSSTransition))
}"""
"""When other colours are there whole: a button's pass over into each other."""


def both(page: Any) -> list[str]:
    """What axe finds in the light, and in the dark: that has other colours, and nothing else that is another."""
    found: list[str] = []
    for scheme, rules in (("light", ()), ("dark", ("color-contrast",))):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(DRAWN)
        found += faults(page, *rules)
    return found


def filled(seen: Seen) -> None:
    """Tasks in several states."""
    seen.hub.hf.add_repo("ink/wash", {"wash.safetensors": 2**20})
    seen.yard.ask("POST", f"{API}/tasks", {"addresses": ["hf:ink/wash", "hf:ink/gone/a.safetensors"]})


WIDEST = "Math.max(document.documentElement.scrollWidth, document.querySelector('main').scrollWidth)"


def test_axe_finds_nothing_on_any_page_and_none_is_wider_than_a_small_phone(shared: Seen) -> None:
    filled(shared)
    page = shared.open()
    found, wide = {}, {}
    for name, path, _ in PAGES:
        page.set_viewport_size({"width": 1280, "height": 800})
        shared.go(path)
        page.get_by_role("heading", level=1).wait_for(state="attached")
        found[name] = both(page)
        page.set_viewport_size({"width": 360, "height": 740})
        shared.settle()
        wide[name] = page.evaluate(WIDEST)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(shared.yard.url + "/?show=failed")
    page.locator("[data-row]").first.click()
    page.get_by_role("complementary").wait_for()
    found["inspector"] = both(page)
    page.keyboard.press("Control+k")
    page.get_by_role("dialog").wait_for()
    found["palette"] = both(page)
    assert found == {name: [] for name in found}
    assert wide == dict.fromkeys(wide, 360)


def test_every_page_is_reached_by_keys_alone(shared: Seen) -> None:
    page = shared.open()
    for name, path, key in PAGES:
        page.keyboard.press("Escape")  # a field of search has the keys otherwise
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(shared.yard.url + path)
        page.get_by_role("heading", level=1, name=name.capitalize()).wait_for(state="attached")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Shortcuts").get_by_text("Add a download").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("dark")
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.className") == "light"  # the first after `system`


def test_a_chinese_browser_sees_chinese(browser: Any, shared: Seen) -> None:
    window = browser.new_context(locale="zh-CN")
    page = window.new_page()
    page.goto(shared.link())
    page.get_by_role("link", name="下载").wait_for()
    assert page.evaluate("document.documentElement.lang") == "zh"
    window.close()
