"""What hubs and files say is text on the page, never script."""

from __future__ import annotations

import pytest

from server.serving import API
from web.pages import Seen

pytestmark = pytest.mark.slow

PAYLOADS = [
    "<img src=x onerror=window.hacked=1>",
    "<script>window.hacked=1</script>",
    "javascript:window.hacked=1//",
    '"><svg onload=window.hacked=1>',
    "{{constructor.constructor('window.hacked=1')()}}",
    "[x](javascript:window.hacked=1)",
    "</textarea><iframe srcdoc='<script>parent.hacked=1</script>'>",
]


def test_no_payload_in_an_address_or_name_runs(seen: Seen) -> None:
    page = seen.open()
    violations = (
        "window.refused = []; addEventListener('securitypolicyviolation', (e) => refused.push(e.effectiveDirective))"
    )
    page.evaluate(violations)
    for payload in PAYLOADS:
        seen.yard.ask("POST", f"{API}/tasks", {"addresses": [f"http://127.0.0.1:9/{payload}"]})
        seen.paste(payload)
        page.get_by_role("dialog").wait_for()
        page.keyboard.press("Escape")
    for row in range(page.locator("[data-row]").count()):
        page.locator("[data-row]").nth(row).click()
        page.get_by_role("complementary").wait_for()
    for payload in PAYLOADS:
        page.goto(f"{seen.yard.url}/browse?find={payload}&model={payload}".replace("<", "%3C").replace("#", "%23"))
        page.get_by_role("searchbox").first.wait_for()
    assert page.evaluate("window.hacked") is None
    seen.said.clear()  # what could not be loaded


def test_a_link_of_a_hub_leads_nowhere_but_to_the_web(seen: Seen) -> None:
    page = seen.open()
    for href in ("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "modelyard://x"):
        assert page.evaluate("(href) => [...document.links].some((it) => it.href === href)", href) is False
    assert page.evaluate("[...document.links].every((it) => it.target !== '_blank' || it.rel.includes('noopener'))")
