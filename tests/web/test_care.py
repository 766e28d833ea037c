"""Settings, history and health on the page: what is changed there is so, and what can be taken back comes back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from jobs.library import model
from server.serving import API
from web.pages import WEB, Seen, until
from web.test_library import rooted, scanned
from web.test_reach import both

pytestmark = pytest.mark.slow


def parts() -> list[str]:
    """Every part of the pages that have some, as addresses."""
    told = {page: (WEB / f"src/pages/{page}/parts.ts").read_text() for page in ("settings", "health")}
    found = [
        f"/{page}?part={name}".removesuffix("?part=overview")  # the first one is not named
        for page, text in told.items()
        for name in re.findall(r"^  (\w+): \{", text, re.MULTILINE)
    ]
    return [*found, "/history?view=statistics"]


def test_axe_finds_nothing_on_any_part_and_none_is_too_wide(shared: Seen, tmp_path: Path) -> None:
    model(rooted(shared, tmp_path) / "ink.safetensors", 1)
    scanned(shared)
    page = shared.open()
    page.set_viewport_size({"width": 360, "height": 740})
    found = {}
    for path in parts():
        shared.go(path)
        page.locator("main h2").first.wait_for()
        until(lambda: page.evaluate("document.querySelector('main').scrollWidth <= 360"))
        found[path] = both(page)
    assert len(found) > 12
    assert found == {path: [] for path in found}


def test_a_folder_is_added_and_comes_back_after_it_was_forgotten(shared: Seen, tmp_path: Path) -> None:
    model(tmp_path / "shelf" / "ink.safetensors", 1)
    shelf = str(tmp_path / "shelf")
    page = shared.open("/settings?part=roots")
    page.get_by_role("button", name="Add a folder").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Any folder with models in it").click()
    dialog.get_by_role("textbox", name="Path").fill(shelf)
    dialog.get_by_role("button", name="Add", exact=True).click()
    card = page.get_by_role("article").filter(has=page.get_by_role("heading", name=shelf))
    expect(card.get_by_text("one model")).to_be_visible()  # it was scanned at once
    page.get_by_role("switch", name=f"Read only: {shelf}").click()
    expect(page.get_by_role("switch", name=f"Read only: {shelf}")).to_be_checked()
    page.get_by_role("button", name=f"Forget {shelf}").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name=shelf)).to_be_visible()
    kept = lambda: [one for one in shared.yard.ask("GET", f"{API}/roots").json["entries"] if one["path"] == shelf]  # noqa: E731
    (entry,) = until(kept)
    assert entry["read_only"]


def setting(page: Any, name: str) -> Any:
    return page.get_by_label(name, exact=True)


def test_a_setting_is_kept_refused_with_its_reason_and_reset(shared: Seen) -> None:
    page = shared.open("/settings?part=all&find=tasks.at-once")
    field = setting(page, "Tasks at once")
    field.fill("6")
    field.press("Enter")
    page.get_by_role("button", name='Take "Tasks at once" back').wait_for()
    field.fill("0")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("1 to 64")
    assert shared.yard.ask("GET", f"{API}/settings/tasks.at-once").json["value"] == 6
    page.get_by_role("button", name='Take "Tasks at once" back').click()
    expect(field).to_have_value("4")
    shared.pardon()  # the browser tells of every refusal


def test_the_mask_of_a_secret_is_never_sent_back(shared: Seen) -> None:
    page = shared.open("/settings?part=all&find=proxy")
    field = page.get_by_role("textbox", name="Proxy")
    field.fill("http://me:hunter2@127.0.0.1:9")
    field.press("Enter")
    page.get_by_role("button", name='Take "Proxy" back').wait_for()
    expect(field).to_have_value("")
    field.press("Enter")
    kept = shared.yard.ask("GET", f"{API}/settings/proxy").json
    assert "hunter2" not in str(kept)
    assert "hunter2" not in page.content()
    assert kept["origin"] == "file"
    shared.yard.ask("DELETE", f"{API}/settings/proxy")


def test_a_token_is_shown_once_and_revoked(shared: Seen) -> None:
    page = shared.open("/settings?part=access")
    page.get_by_role("button", name="Make a token").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What it is for").fill("errands")
    dialog.get_by_role("button", name="Make a token").click()
    token = dialog.get_by_label("The token").input_value()
    dialog.get_by_role("button", name="Close").last.click()
    expect(page.get_by_text("errands")).to_be_visible()
    assert token not in page.content()
    page.get_by_role("button", name="Revoke errands").click()
    page.get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_text("No tokens.")).to_be_visible()


def test_history_forgets_only_after_its_undo_is_gone(shared: Seen) -> None:
    shared.hub.hf.add_repo("ink/wash", {"wash.safetensors": 2**16})
    page = shared.open()
    shared.paste("hf:ink/wash")
    page.get_by_role("dialog").get_by_role("button", name="Download", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)  # it is queued
    page.goto(shared.yard.url + "/history")
    row = page.locator("[data-row]").filter(has_text="wash")
    row.hover()
    row.get_by_role("button", name="Mark as favourite").click()
    page.get_by_role("button", name="Favourites").click()
    row.hover()
    row.get_by_role("button", name="Forget").click()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(row).to_have_count(1)
    assert len(shared.yard.ask("GET", f"{API}/history?favourite=true").json["tasks"]) == 1


def test_health_says_nothing_of_models_that_nobody_read(seen: Seen, tmp_path: Path) -> None:
    model(rooted(seen, tmp_path) / "ink.safetensors", 1)
    scanned(seen)
    page = seen.open("/health")
    expect(page.get_by_text("0 of 1 models were read whole of late.")).to_be_visible()
    expect(page.get_by_role("heading", name="Nothing wrong is known")).to_be_visible()
    page.get_by_role("button", name="Verify now").click()
    expect(page.get_by_text("1 of 1 models were read whole of late.")).to_be_visible()
    expect(page.get_by_role("heading", name="Nothing is wrong")).to_be_visible()


def test_health_gives_room_back_and_asks_before_the_trash_is_emptied(seen: Seen, tmp_path: Path) -> None:
    root = rooted(seen, tmp_path)
    first = model(root / "ink.safetensors", 1)
    (root / "same.safetensors").write_bytes(first.read_bytes())
    scanned(seen)
    seen.yard.ask("POST", f"{API}/library/measure", {})
    page = seen.open("/health?part=duplicates")
    page.get_by_role("button", name=re.compile("Give back")).first.click()
    expect(page.get_by_role("heading", name="No duplicates")).to_be_visible()
    assert first.stat().st_ino == (root / "same.safetensors").stat().st_ino
    number = seen.yard.ask("GET", f"{API}/models").json["models"][0]["id"]
    seen.yard.ask("POST", f"{API}/models/trash", {"ids": [number]})
    page.goto(seen.yard.url + "/health?part=trash")
    page.get_by_role("button", name="Empty the trash").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Put back").click()
    expect(page.get_by_text("The trash is empty")).to_be_visible()
    assert len(list(root.glob("*.safetensors"))) == 2
