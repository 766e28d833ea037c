"""Downloads on the page, as a person does them."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from jobs.library import model
from server.serving import API, served
from web.pages import Seen, until

pytestmark = pytest.mark.slow

MB = 2**20


def test_a_pasted_link_becomes_a_proven_file(shared: Seen) -> None:
    repo = shared.hub.hf.add_repo("ink/wash", {"wash.safetensors": 2 * MB, "config.json": b"{}"})
    page = shared.open()
    page.get_by_role("heading", name="Paste a link, get a proven model").wait_for()
    shared.paste("hf:ink/wash")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("2 files, 2 MiB").wait_for()
    dialog.get_by_role("checkbox", name=re.compile("config.json")).uncheck()
    dialog.get_by_role("button", name="Download", exact=True).click()
    dialog.wait_for(state="detached")
    shared.row("wash").get_by_text("Done").wait_for()
    shared.row("wash").click()
    panel = page.get_by_role("complementary")
    panel.get_by_text("proven", exact=True).wait_for()
    panel.locator("ol li").nth(2).wait_for()  # queued, downloading, done
    (task,) = shared.yard.ask("GET", f"{API}/tasks?kind=download").json["tasks"]
    (file,) = task["result"]["files"]
    assert Path(file["path"]).read_bytes() == repo.head.files["wash.safetensors"].bytes()
    assert not Path(file["path"]).with_name("config.json").exists()
    assert f"task={task['id']}" in page.url  # what is looked at can be sent to somebody


def test_a_newcomer_pastes_or_finds_touches_nothing_else_and_sees_the_cards(seen: Seen, tmp_path: Path) -> None:
    """No folder was ever registered: the one for downloads becomes a root by itself."""
    for number, name in enumerate(("first", "second")):
        body = model(tmp_path / f"{name}.safetensors", number, ss_output_name=name.title()).read_bytes()
        seen.hub.hf.add_repo(f"ink/{name}-model", {f"{name}.safetensors": body})
    page = seen.open()
    seen.paste("hf:ink/first-model")
    page.get_by_role("dialog").get_by_role("button", name="Download", exact=True).click()
    seen.row("first").click()
    page.get_by_role("complementary").get_by_role("link", name="Show in the library").click()
    card = lambda name: page.locator("[data-card]").filter(has_text=re.compile(name, re.IGNORECASE))  # noqa: E731
    card("first").wait_for()
    page.goto(f"{seen.yard.url}/browse?find=second-model")
    page.get_by_role("button", name="ink/second-model").click()
    page.get_by_role("complementary").get_by_role("button", name="Download").click()
    page.get_by_role("link", name="Library").click()
    card("second").wait_for()
    expect(page.locator("[data-card]")).to_have_count(2)


def test_a_killed_service_is_told_and_the_page_mends_itself_when_it_is_back(seen: Seen) -> None:
    seen.hub.hf.add_repo("ink/large", {"large.safetensors": 24 * MB})
    seen.hub.faults.speed = 6 * MB
    page = seen.open()
    seen.paste("hf:ink/large")
    page.get_by_role("dialog").get_by_role("button", name="Download", exact=True).click()
    seen.row("large").get_by_text("Downloading").first.wait_for()
    live = lambda: seen.yard.ask("GET", f"{API}/tasks").json["tasks"][0]["live"]  # noqa: E731
    until(lambda: (live() or {}).get("done", 0) > 8 * MB)
    port = seen.yard.port
    seen.yard.stop(signal.SIGKILL)
    page.get_by_text("The service does not answer.").wait_for()
    seen.said.clear()  # the browser tells of the broken connection, as it should
    seen.hub.faults.speed = None
    env = seen.hub.env() | {"HOME": str(seen.yard.folder)}
    with served(seen.yard.folder, "--port", str(port), env=env):
        page.get_by_text("The service does not answer.").wait_for(state="detached")
        seen.row("large").get_by_text("Done").wait_for()
        seen.said.clear()
    assert seen.hub.log.bytes_sent() < 30 * MB  # it went on; anew it would have been 24 and the 8 that had come


def test_a_service_that_hangs_is_told_and_live_again_when_it_goes_on(seen: Seen) -> None:
    seen.page.clock.install()
    page = seen.open()
    page.get_by_role("heading", name="Paste a link, get a proven model").wait_for()
    seen.yard.process.send_signal(signal.SIGSTOP)
    try:
        page.clock.fast_forward(21_000)  # nothing was said for so long
        page.wait_for_timeout(200)
        page.clock.fast_forward(6_000)  # and nothing is answered
        page.get_by_text("The service does not answer.").wait_for()
    finally:
        seen.yard.process.send_signal(signal.SIGCONT)
    page.get_by_text("The service does not answer.").wait_for(state="detached")
    seen.said.clear()  # the browser tells of the question that was given up


@pytest.mark.parametrize(("kept", "code"), [("", "login-needed"), ("hf_junk", "key-wrong")])
def test_a_failure_says_what_helps_and_its_button_does_it(shared: Seen, kept: str, code: str) -> None:
    """Without a key, and with one that the hub takes no more."""
    shared.hub.hf.add_repo("ink/gated", {"gated.safetensors": MB}, gated="auto")
    if kept:
        assert shared.yard.ask("PUT", f"{API}/keys/huggingface", {"value": kept}).status < 300
    page = shared.open()
    shared.yard.ask("POST", f"{API}/tasks", {"addresses": ["hf:ink/gated/gated.safetensors"]})
    task = lambda: shared.yard.ask("GET", f"{API}/tasks?kind=download").json["tasks"][0]  # noqa: E731
    until(lambda: task()["state"] == "failed")
    assert task()["error"]["code"] == code
    shared.row("gated").click()
    panel = page.get_by_role("complementary")
    panel.get_by_text(task()["error"]["message"]).first.wait_for()
    if not kept:
        panel.get_by_text("What was exchanged").first.click()
        expect(panel.get_by_title("Status of the answer").first).to_have_text("401")
    panel.get_by_role("button", name="Give a key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Key", exact=True).fill("hf_junk")
    dialog.get_by_role("button", name="Keep and check").click()
    dialog.get_by_role("alert").wait_for()
    dialog.get_by_label("Key", exact=True).fill("hf_good")
    dialog.get_by_role("button", name="Keep and check").click()
    panel.get_by_text("proven", exact=True).wait_for()
    assert "hf_good" not in page.content()


def test_an_address_that_nobody_knows_is_explained_before_anything_is_queued(shared: Seen) -> None:
    page = shared.open()
    shared.paste("hf:ink/nothing")
    page.get_by_role("dialog").get_by_role("alert").wait_for()
    assert shared.yard.ask("GET", f"{API}/tasks?kind=download").json["tasks"] == []


def test_a_list_is_shown_line_by_line_and_queued_as_one(shared: Seen) -> None:
    for name in "abc":
        shared.hub.hf.add_repo(f"ink/{name}", {f"{name}.safetensors": MB})
    page = shared.open()
    page.keyboard.press("n")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Link, model or list").fill("hf:ink/a\nnonsense here\nhf:ink/b\n# a word\nhf:ink/c")
    dialog.get_by_role("list", name="Lines of the list").get_by_text("hf:ink/c").wait_for()
    dialog.get_by_role("button", name="Download", exact=True).click()
    until(lambda: shared.yard.ask("GET", f"{API}/tasks?state=done&kind=download").json["counts"]["done"] == 3)


def test_pause_resume_and_cancel_by_keyboard(shared: Seen) -> None:
    shared.hub.hf.add_repo("ink/slow", {"slow.safetensors": 40 * MB})
    shared.hub.faults.speed = 2 * MB
    page = shared.open()
    shared.yard.ask("POST", f"{API}/tasks", {"addresses": ["hf:ink/slow"]})
    row = shared.row("slow")
    row.get_by_text("Downloading").first.wait_for()
    row.click()
    page.get_by_role("complementary").locator("svg rect").nth(47).wait_for()  # the bar of its pieces
    state = lambda: shared.yard.ask("GET", f"{API}/tasks?kind=download").json["tasks"][0]["state"]  # noqa: E731
    row.focus()
    page.keyboard.press("Space")
    until(lambda: state() == "paused")
    row.get_by_text("Paused").wait_for()
    page.get_by_role("complementary").get_by_role("button", name="Resume").wait_for()  # who has no keyboard
    page.get_by_role("complementary").get_by_label("Priority").select_option("high")
    until(lambda: shared.yard.ask("GET", f"{API}/tasks?kind=download").json["tasks"][0]["priority"] == "high")
    row.press("Space")
    until(lambda: state() in ("queued", "running"))
    row.focus()
    page.keyboard.press("Delete")
    until(lambda: state() == "cancelled")
    page.get_by_role("button", name="Undo").click()
    until(lambda: state() in ("queued", "running"))


def test_ten_thousand_tasks_are_a_list_like_any_other(seen: Seen) -> None:
    seen.yard.ask("PUT", f"{API}/settings/queue.running", {"value": "1"})
    lines = "\n".join(f"hf:ink/model-{number}/m.safetensors" for number in range(10_000))
    seen.hub.faults.latency = 5.0
    assert seen.yard.ask("POST", f"{API}/tasks/batch", {"text": lines}).status in (200, 201)
    page = seen.open()
    began = time.monotonic()
    page.goto(seen.yard.url + "/?show=active")
    page.locator("[data-row]").first.wait_for()
    assert time.monotonic() - began < 5
    assert page.locator("[data-row]").count() < 60  # only what is in sight is drawn
    page.get_by_label("Find in downloads").fill("model-7777")
    seen.row("model-7777").wait_for()


def test_all_are_paused_and_go_on_not_only_those_that_are_in_sight(seen: Seen) -> None:
    lines = "\n".join(f"hf:ink/model-{number}/m.safetensors" for number in range(250))
    seen.hub.faults.latency = 5.0
    seen.yard.ask("POST", f"{API}/tasks/batch", {"text": lines})
    counts = lambda: seen.yard.ask("GET", f"{API}/tasks?limit=1").json["counts"]  # noqa: E731
    page = seen.open()
    page.get_by_role("button", name="Pause all").click()
    until(lambda: not any(counts()[state] for state in ("queued", "waiting", "running", "verifying")))
    assert counts()["paused"] > 200  # a hundred are on the page; a few may have failed before
    page.get_by_role("button", name="Pause all").wait_for(state="detached")
    page.get_by_role("button", name="Resume all").click()
    until(lambda: counts()["paused"] == 0)


def test_another_tab_of_the_same_browser_comes_in_and_a_stranger_does_not(shared: Seen, browser: Any) -> None:
    page = shared.open()
    other = page.context.new_page()
    other.goto(shared.yard.url + "/browse?find=ink")
    other.get_by_role("combobox", name="Search all hubs").wait_for()
    other.close()
    window = browser.new_context(locale="en")
    stranger = window.new_page()
    stranger.goto(shared.yard.url + "/browse")
    stranger.get_by_text("modelyard page").wait_for()
    assert stranger.get_by_role("navigation").count() == 0
    window.close()
    assert "code" not in page.url
