"""What hubs and files say is text on the page, never script."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from modelyard.testing.civitai_data import Model, ModelFile, Version
from modelyard.testing.models import safetensors_of_size
from server.serving import API
from web.pages import Seen, until

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


@pytest.fixture
def seen(shared: Seen) -> Seen:
    """Tests here leave each other alone."""
    return shared


TELLING = """
if (!Object.hasOwn(window, 'hacked')) {
  Object.defineProperty(window, 'hacked', { set: () => console.error('A payload ran.'), get: () => undefined })
  addEventListener('securitypolicyviolation', (event) => console.error('Refused: ' + event.effectiveDirective))
}
"""


def guarded(seen: Seen) -> Any:
    """A page that says on its console when a payload runs or is stopped only by the policy, through every reload."""
    seen.page.add_init_script(TELLING)
    page = seen.open()
    page.evaluate("window.hacked = 1")
    until(lambda: page.evaluate("1") and seen.said == ["A payload ran."])  # whoever looks can see it
    seen.said.clear()
    return page


def check(seen: Seen) -> None:
    """Nothing ran and nothing had to be refused; that an address leads nowhere is no matter."""
    seen.settle()
    assert [said for said in seen.said if not said.startswith("Failed to load resource")] == []
    seen.said.clear()


def test_no_payload_in_an_address_or_name_runs(seen: Seen) -> None:
    page = guarded(seen)
    for payload in PAYLOADS:
        seen.yard.ask("POST", f"{API}/tasks", {"addresses": [f"http://127.0.0.1:9/{payload}"]})
        seen.paste(payload)
        page.get_by_role("dialog").wait_for()
        page.keyboard.press("Escape")
    rows = page.locator("[data-row]")
    until(lambda: rows.count() > 3)
    for row in range(rows.count()):
        rows.nth(row).click()
        page.get_by_role("complementary").wait_for()
    check(seen)
    for payload in PAYLOADS:
        page.goto(f"{seen.yard.url}/browse?find={quote(payload)}&model={quote(payload)}")
        page.get_by_role("combobox", name="Search all hubs").wait_for()
        check(seen)


def test_no_payload_in_what_a_hub_says_runs(seen: Seen) -> None:
    for number, payload in enumerate(PAYLOADS):
        file = ModelFile(9500 + number, f"bad-{number}.safetensors", safetensors_of_size(100_000, seed=number))
        version = Version(9600 + number, payload, [file], base_model=payload, trained_words=[payload])
        words: dict[str, Any] = {"tags": [payload], "creator": payload, "description": f"<p>Bad</p>{payload}"}
        seen.hub.civitai.add_model(Model(9700 + number, f"Bad {number} {payload}", "LORA", [version], **words))
    page = guarded(seen)
    page.goto(f"{seen.yard.url}/browse?find=Bad&hub=civitai")
    rows = page.get_by_role("listitem").get_by_role("button", name=re.compile(r"^Bad \d"))
    rows.nth(len(PAYLOADS) - 1).wait_for()
    check(seen)
    for at in range(len(PAYLOADS)):
        rows.nth(at).click()
        page.get_by_role("complementary").get_by_text(re.compile(r"bad-\d")).first.wait_for()
        check(seen)
        seen.paste(parse_qs(urlsplit(page.url).query)["model"][0])
        page.get_by_role("dialog").get_by_text(re.compile(r"bad-\d")).first.wait_for()
        check(seen)
        page.keyboard.press("Escape")


@pytest.mark.parametrize("href", ["https://hub.example/terms", "javascript:alert(1)", "data:text/html,x", "file:///x"])
def test_a_link_of_a_hub_leads_nowhere_but_to_the_web(seen: Seen, href: str) -> None:
    """The service would not pass such a link on; the page does not rely on that."""

    def twisted(route: Any) -> None:
        told = route.fetch().json()
        for task in told["tasks"]:
            task["error"] = {**(task["error"] or {}), "code": "licence-not-accepted", "link": href}
        route.fulfill(json=told)

    (number,) = seen.yard.ask("POST", f"{API}/tasks", {"addresses": ["hf:ink/nothing/x.safetensors"]}).json["ids"]
    until(lambda: seen.yard.ask("GET", f"{API}/tasks/{number}").json["state"] == "failed")
    page = guarded(seen)
    page.route(re.compile(r"/api/v1/tasks\?"), twisted)
    page.goto(f"{seen.yard.url}/?task={number}")
    page.get_by_role("complementary").get_by_text("licence").first.wait_for()
    links = page.evaluate("[...document.links].map((it) => [it.href, it.target, it.rel])")
    outside = [link for link in links if not link[0].startswith(seen.yard.url)]
    web = href.startswith("https:")
    assert [link[0] for link in outside] == [href] * len(outside) and bool(outside) is web
    assert all(target == "_blank" and "noopener" in rel for _, target, rel in outside)
    check(seen)
