"""Web pages against the service, in a real Chromium: none may change or read anything; our own page may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from server.attacks import ATTACKS, Evil, evil_server
from server.serving import API, PAGE_JS, Served
from web.pages import ARGUMENTS as PLAIN
from web.pages import CHROMIUM

ARGUMENTS = [
    *PLAIN,
    "--disable-popup-blocking",
    "--host-resolver-rules=MAP *.example 127.0.0.1, MAP localhost. 127.0.0.1, MAP yard.example. 127.0.0.1",
]
OURS = ("tokens", "owner", "Modelyard", "admin", "PLACE", "hello", "snapshot", "uptime")
"""What only an answer of the service holds."""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def evil(service: Served) -> Iterator[Evil]:
    with evil_server() as server:
        server.target, server.token = service.url, service.token
        yield server


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def attacked(page: Any, address: str) -> list[str]:
    """What a page of the attacker learned."""
    with page.expect_request("**/done?*", timeout=20_000) as told:
        page.goto(address, wait_until="commit")
    return [str(said) for said in json.loads(unquote(told.value.url.partition("?")[2]))]


def untouched(service: Served) -> None:
    assert service.ask("GET", f"{API}/tokens").json == {"tokens": []}


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1"])
def test_a_page_of_another_origin_changes_and_reads_nothing(
    page: Any, service: Served, evil: Evil, name: str, origin: str
) -> None:
    """The second origin is another port of the same machine: the same site, which gets cookies."""
    learned = attacked(page, f"{origin}:{evil.port}{evil.page(name)}")
    assert learned, "the attack ran"
    for said in learned:
        assert not any(word in said for word in OURS), learned
        assert said not in ("true", "open", "registered") or (name.startswith("beacon") and said == "true"), learned
    untouched(service)


@pytest.mark.parametrize("host", ["yard.example", "yard.example.", "localhost."])
def test_a_rebound_name_reaches_nothing(page: Any, service: Served, host: str) -> None:
    """The attacker's own name leads to us now: its page would be of the same origin as our answers."""
    address = f"http://{host}:{service.port}"
    answer = page.goto(f"{address}/healthz")
    assert answer.status == 421
    for path in ("/", f"{API}/session", f"{API}/tokens", PAGE_JS):
        told = page.evaluate(
            """async ([path, token]) => {
                const headers = {Authorization: `Bearer ${token}`, "Content-Type": "application/json"};
                const got = await fetch(path, {headers});
                const post = await fetch(path, {method: "POST", headers, body: '{"name": "attack"}'});
                return [got.status, post.status, await got.text()];
            }""",
            [path, service.token],
        )
        assert told[:2] == [421, 421] and "owner" not in told[2]
    untouched(service)


def test_a_rebound_name_gets_no_socket(page: Any, service: Served) -> None:
    page.goto(f"http://yard.example:{service.port}/healthz")
    told = page.evaluate(
        """(token) => new Promise((then) => {
            const it = new WebSocket(`ws://${location.host}/api/v1/events/ws`);
            it.onopen = () => it.send(JSON.stringify({token}));
            it.onmessage = (message) => then(message.data);
            it.onclose = () => then("refused");
        })""",
        service.token,
    )
    assert told == "refused"


@pytest.mark.parametrize(
    "name", ["fetch, simple post", "fetch, cors get with the very token", "WebSocket", "frame", "script"]
)
def test_a_page_from_a_file_changes_and_reads_nothing(
    page: Any, service: Served, evil: Evil, tmp_path: Path, name: str
) -> None:
    file = tmp_path / "attack.html"
    done = f"http://127.0.0.1:{evil.port}/done?"
    file.write_text(evil.pages[evil.page(name)].replace('fetch("/done?"', f'fetch("{done}"'))
    learned = attacked(page, file.as_uri())
    assert learned and not any(word in said for said in learned for word in OURS), learned
    untouched(service)


def test_following_a_link_from_another_page_shows_nothing(page: Any, service: Served, evil: Evil) -> None:
    evil.pages["/link"] = f'<a id="it" href="{service.url}/">here</a>'
    page.goto(f"http://evil.example:{evil.port}/link")
    with page.expect_navigation():
        page.click("#it")
    assert "cross-site" in page.content() and "script" not in page.content()


def test_no_page_can_be_framed_and_no_answer_sets_a_cookie(page: Any, service: Served) -> None:
    page.goto(service.url)
    assert page.context.cookies() == []


def test_our_own_page_can(page: Any, service: Served) -> None:
    """The control: what was refused above is refused for where it came from, not for being broken."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(service.ask("POST", f"{API}/link").json["url"])
    page.get_by_role("heading", name="Paste a link, get a proven model").wait_for()
    assert page.url == f"{service.url}/"  # the code is gone from the address bar
    token = page.evaluate("sessionStorage.getItem('modelyard.token')")
    assert token == service.token
    told = page.evaluate(
        """async (token) => {
            const headers = {Authorization: `Bearer ${token}`, "Content-Type": "application/json"};
            const made = await fetch("/api/v1/tokens", {method: "POST", headers, body: '{"name": "control"}'});
            const id = (await made.json()).about.id;
            const socket = new WebSocket(`ws://${location.host}/api/v1/events/ws`);
            const hello = await new Promise((then) => {
                socket.onopen = () => socket.send(JSON.stringify({token}));
                socket.onmessage = (message) => then(message.data);
            });
            const gone = await fetch(`/api/v1/tokens/${id}`, {method: "DELETE", headers});
            return [made.status, JSON.parse(hello).hello.name, gone.status];
        }""",
        token,
    )
    assert told == [201, "owner", 204]
    assert not said, said  # no error, nothing that the content security policy refused


def test_a_script_that_slipped_into_the_page_would_not_run(page: Any, service: Served) -> None:
    page.goto(service.url)
    told = page.evaluate(
        """async () => {
            const kinds = [];
            const refused = new Promise((then) =>
                document.addEventListener("securitypolicyviolation", (event) => {
                    kinds.push(event.effectiveDirective);
                    if (event.effectiveDirective === "connect-src") then();
                }));
            const it = document.createElement("div");
            document.body.append(it);
            try { it.innerHTML = "<img src=x onerror='window.hacked = 1'>"; } catch (e) { kinds.push("trusted"); }
            const script = document.createElement("script");
            try { script.textContent = "window.hacked = 1"; } catch (e) { kinds.push("trusted"); }
            document.body.append(script);
            await fetch("http://evil.example:1/").catch(() => 0);
            await refused;
            return [window.hacked, kinds];
        }"""
    )
    assert told[0] is None
    assert "trusted" in told[1] and "connect-src" in told[1]
