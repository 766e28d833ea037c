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
    page.evaluate(AXE.read_text())
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    only = {"type": "rule", "values": [*rules]} if rules else {"type": "tag", "values": tags}
    told = page.evaluate("(only) => axe.run(document, {runOnly: only})", only)
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in told["violations"]]


def filled(seen: Seen) -> None:
    """Tasks in several states."""
    seen.hub.hf.add_repo("ink/wash", {"wash.safetensors": 2**20})
    seen.yard.ask("POST", f"{API}/tasks", {"addresses": ["hf:ink/wash", "hf:ink/gone/a.safetensors"]})


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(seen: Seen, scheme: str) -> None:
    filled(seen)
    page = seen.open()
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    found = {}
    for name, path, _ in PAGES:
        page.goto(seen.yard.url + path)
        page.get_by_role("heading", level=1).wait_for(state="attached")
        page.wait_for_load_state("networkidle")
        found[name] = faults(page)
    page.goto(seen.yard.url + "/?show=failed")
    page.locator("[data-row]").first.click()
    page.get_by_role("complementary").wait_for()
    found["inspector"] = faults(page)
    page.keyboard.press("Control+k")
    page.get_by_role("dialog").wait_for()
    found["palette"] = faults(page)
    assert found == {name: [] for name in found}


def test_no_page_is_wider_than_a_small_phone(seen: Seen) -> None:
    filled(seen)
    page = seen.open()
    page.set_viewport_size({"width": 360, "height": 740})
    for _, path, _ in PAGES:
        page.goto(seen.yard.url + path)
        page.get_by_role("heading", level=1).wait_for(state="attached")
        page.wait_for_load_state("networkidle")
        wide = page.evaluate(
            "Math.max(document.documentElement.scrollWidth, document.querySelector('main').scrollWidth)"
        )
        assert wide <= 360, path


def test_every_page_is_reached_by_keys_alone(seen: Seen) -> None:
    page = seen.open()
    for name, path, key in PAGES:
        page.keyboard.press("Escape")  # a field of search has the keys otherwise
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(seen.yard.url + path)
        page.get_by_role("heading", level=1, name=name.capitalize()).wait_for(state="attached")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Shortcuts").get_by_text("Add a download").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("dark")
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.className") == "light"  # the first after `system`


def test_a_chinese_browser_sees_chinese(browser: Any, seen: Seen) -> None:
    window = browser.new_context(locale="zh-CN")
    page = window.new_page()
    page.goto(seen.link())
    page.get_by_role("link", name="下载").wait_for()
    assert page.evaluate("document.documentElement.lang") == "zh"
    window.close()
