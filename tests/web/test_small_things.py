"""What a person does in a moment, each on the page of one service: a name, a filter, a menu by keys, a key's reach."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from jobs.library import model
from programs.installed import trees
from server.serving import API
from web.pages import Seen, until
from web.test_library import rooted, scanned
from web.test_models import ended, one

pytestmark = pytest.mark.slow


def filled(seen: Seen, folder: Path, *names: str) -> Path:
    """A root with LoRAs of these names."""
    root = rooted(seen, folder)
    for number, name in enumerate(names):
        model(root / f"{name.lower()}.safetensors", number, ss_output_name=name)
    scanned(seen)
    return root


def act(seen: Seen, card: str, entry: str) -> Any:
    """An entry of a card's menu; gives the page."""
    seen.page.locator("[data-card]").filter(has_text=card).click(button="right")
    seen.page.get_by_role("menuitem", name=entry).click()
    return seen.page


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def test_a_key_tells_what_it_opens_after_it_was_checked(shared: Seen) -> None:
    shared.yard.ask("PUT", f"{API}/keys/huggingface", {"value": "hf_fine"})
    page = shared.open("/settings?part=keys")
    hub = page.get_by_role("article").filter(has_text="Hugging Face")
    hub.get_by_role("button", name="Check").click()
    told = hub.get_by_role("status")
    told.get_by_text("fine-grained").wait_for()
    expect(told.get_by_text("repo.content.read, canReadGatedRepos")).to_be_visible()


def test_a_model_gets_another_name_and_its_companions_with_it(shared: Seen, tmp_path: Path) -> None:
    root = filled(shared, tmp_path, "Ink")
    (root / "ink.txt").write_text("words")
    scanned(shared)
    shared.open("/library")
    dialog = act(shared, "Ink", "Rename").get_by_role("dialog")
    field = dialog.get_by_label("Name")
    expect(field).to_have_value("ink")
    assert dialog.get_by_role("button", name="Rename").is_disabled()  # nothing is said yet
    field.fill("wash")
    field.press("Enter")
    until(lambda: sorted(os.listdir(root)) == ["wash.safetensors", "wash.txt"])
    assert (root / "wash.txt").read_text() == "words"


def outdated(seen: Seen, folder: Path) -> tuple[dict[str, Any], Any]:
    """A model whose hub has a newer version, and that version."""
    newest, oldest = seen.hub.civitai.models[100].versions
    newest.published = oldest.published + 1
    (folder / "loras").mkdir()
    (folder / "loras" / "known.safetensors").write_bytes(oldest.files[0].content.bytes())
    rooted(seen, folder)
    scanned(seen)
    ended(seen, seen.yard.ask("POST", f"{API}/library/measure", {}).json["id"])
    (found,) = seen.yard.ask("GET", f"{API}/models").json["models"]
    ended(seen, seen.yard.ask("POST", f"{API}/models/refresh", {"ids": [found["id"]]}).json["id"])
    return found, newest


def test_a_newer_version_is_looked_for_shown_and_heard_of_no_more(shared: Seen, tmp_path: Path) -> None:
    _, newest = outdated(shared, tmp_path)
    page = shared.open("/library")
    page.locator("[data-card]").first.wait_for()
    dialog = act(shared, "Practice LoRA", "What can be done?").get_by_role("dialog")
    dialog.get_by_role("button", name="Look for updates").click()  # the dialog's update
    page.get_by_role("img", name="There is a newer version").first.wait_for()
    page.goto(f"{shared.yard.url}/health?part=newer")
    line = page.get_by_role("listitem").filter(has_text=newest.name)
    line.get_by_role("button", name="Download").click()
    page.get_by_role("dialog").get_by_text(newest.files[0].name).wait_for()
    page.keyboard.press("Escape")
    line.get_by_role("button", name="Hear no more of this version").click()
    page.get_by_text("Nothing newer").wait_for()
    page.get_by_label("Also those I do not want to hear of").check()
    line.get_by_role("button", name="Hear of it again").click()
    line.get_by_role("button", name="Hear no more of this version").wait_for()
    page.get_by_label("Also those I do not want to hear of").uncheck()
    expect(line).to_have_count(1)


def test_a_gated_model_says_so_with_its_licence_before_anybody_fetches_it(shared: Seen) -> None:
    facts = {"cardData": {"license": "openrail++"}, "tags": ["license:openrail++"]}
    shared.hub.hf.add_repo("ink/closed-wash", {"closed.safetensors": 4096}, gated="manual", **facts)
    page = shared.open("/browse?find=closed-wash")
    row = page.get_by_role("button", name="ink/closed-wash")
    expect(row).to_contain_text("gated")
    row.click()
    panel = page.get_by_role("complementary")
    panel.get_by_text("wants its terms accepted").wait_for()
    panel.get_by_text("openrail++", exact=True).wait_for()


def test_a_pasted_gated_link_asks_for_the_key_before_anything_is_queued(seen: Seen) -> None:
    seen.hub.hf.add_repo("ink/shut", {"shut.safetensors": 4096, "config.json": 40}, gated="manual")
    page = seen.open("/")
    seen.paste("hf:ink/shut")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("ink/shut is gated").wait_for()
    dialog.get_by_role("button", name="Give a key").click()
    page.get_by_label("Key", exact=True).fill("hf_good")
    page.get_by_role("button", name="Keep and check").click()
    dialog.get_by_text("ink/shut is gated").wait_for(state="hidden")
    dialog.get_by_text("config.json").wait_for()
    expect(dialog.get_by_text("wants its terms accepted")).to_have_count(0)


def test_a_download_that_rests_goes_on_from_the_dialog_of_the_model(shared: Seen, tmp_path: Path) -> None:
    root = filled(shared, tmp_path, "Ink")
    shared.hub.hf.add_repo("other/ink", {"ink.safetensors": 30 * 2**20})
    shared.hub.faults.speed = 2**20
    wish = {"items": [{"address": "hf:other/ink/ink.safetensors", "to": f"{root}/new/"}]}
    (number,) = shared.yard.ask("POST", f"{API}/tasks", wish).json["ids"]
    state = lambda: shared.yard.ask("GET", f"{API}/tasks/{number}").json["state"]  # noqa: E731
    until(lambda: state() == "running")
    shared.yard.ask("POST", f"{API}/tasks/actions", {"do": "pause", "ids": [number]})
    until(lambda: state() == "paused")
    shared.open("/library")
    dialog = act(shared, "Ink", "What can be done?").get_by_role("dialog")
    dialog.get_by_text("A download of it rests").wait_for()
    dialog.get_by_role("button", name="Resume").click()
    until(lambda: state() in ("queued", "running"))


def test_what_nobody_used_for_long_is_offered_and_goes_to_the_trash_and_back(shared: Seen, tmp_path: Path) -> None:
    root = rooted(shared, tmp_path)
    file = model(root / "old.safetensors", 1, ss_output_name="Old")
    with file.open("r+b") as grown:
        grown.truncate(2 * 2**20)
    scanned(shared)
    os.utime(file, ns=(1, file.stat().st_mtime_ns))  # nobody read it since
    with sqlite3.connect(shared.yard.folder / "modelyard.db") as db:
        db.execute("UPDATE models SET added = 1")  # it came long ago
    page = shared.open("/health?part=unused")
    page.get_by_label("Choose Old").check()
    page.get_by_role("toolbar").get_by_role("button", name="Into the trash").click()
    page.get_by_text("Everything is used").wait_for()
    assert not file.exists()
    page.get_by_role("button", name="Undo").click()
    until(file.exists)


def test_cards_and_menus_are_reached_by_arrows(shared: Seen, tmp_path: Path) -> None:
    filled(shared, tmp_path, "Chalk", "Ink", "Moss")
    page = shared.open("/library")
    page.locator("[data-card] [data-do=open]").first.focus()
    page.keyboard.press("ArrowRight")
    until(lambda: focused(page) == "Ink")
    page.keyboard.press("End")
    until(lambda: focused(page) == "Moss")
    page.keyboard.press("ArrowLeft")
    until(lambda: focused(page) == "Ink")
    page.keyboard.press("Space")
    expect(page.get_by_role("toolbar")).to_contain_text("1")
    page.get_by_role("toolbar").get_by_role("button", name="More").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Refresh from hub")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")  # Add to favourites
    until(lambda: one(shared, "Ink")["favourite"])
    page.keyboard.press("Escape")
    page.locator("[data-card] [data-do=open]").nth(1).focus()
    page.keyboard.press("ContextMenu")
    page.get_by_role("menuitem", name="Details").wait_for()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)


def test_rows_of_the_queue_are_walked_and_opened_by_keys(shared: Seen) -> None:
    shared.yard.ask("POST", f"{API}/tasks", {"addresses": [f"hf:ink/none-{name}/x.safetensors" for name in "abc"]})
    until(lambda: shared.yard.ask("GET", f"{API}/tasks?kind=download").json["counts"]["failed"] == 3)
    page = shared.open("/")
    page.locator("[data-row='0']").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-row='1']")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("complementary").wait_for()
    page.keyboard.press("ContextMenu")
    page.get_by_role("menuitem", name="Copy the address").wait_for()
    page.keyboard.press("Escape")


def test_nothing_moves_for_who_wants_no_motion(shared: Seen) -> None:
    page = shared.open("/library")
    page.emulate_media(reduced_motion="reduce")
    moving = "document.getAnimations().length"
    page.get_by_role("button", name="Saved filters").click()
    page.get_by_role("dialog").wait_for()
    page.evaluate("() => { document.documentElement.classList.add('dark') }")
    assert page.evaluate(moving) == 0
    page.evaluate(
        "() => { const it = document.createElement('p'); it.className = 'animate-pulse'; document.body.append(it) }"
    )
    until(lambda: page.evaluate(moving) == 0)  # a skeleton stands still, too


def test_folders_of_the_tree_narrow_the_list_and_open_wide(shared: Seen, tmp_path: Path) -> None:
    root = filled(shared, tmp_path, "Ink")
    model(root / "style" / "wet" / "wash.safetensors", 5, ss_output_name="Wash")
    scanned(shared)
    page = shared.open("/library")
    tree = page.get_by_role("navigation", name="Filters").get_by_role("list", name="Folders")
    tree.get_by_role("button", name="Folders in loras").click()
    tree.get_by_role("button", name=re.compile(r"^style\b")).click()
    page.wait_for_url(re.compile("place=style"))
    cards = page.locator("[data-card]")
    expect(cards).to_have_count(1)
    expect(cards).to_contain_text("Wash")
    page.get_by_role("button", name=re.compile("Remove.*style|style")).last.wait_for()
    tree.get_by_role("button", name=re.compile(r"^style\b")).click()  # once more: all again
    expect(cards).to_have_count(2)


def test_a_category_of_civitai_narrows_the_list(shared: Seen, tmp_path: Path) -> None:
    filled(shared, tmp_path, "Ink", "Moss")
    shared.yard.ask("PATCH", f"{API}/models/{one(shared, 'Ink')['id']}", {"tags": ["style"]})
    page = shared.open("/library")
    page.get_by_text("CivitAI category").click()
    page.get_by_role("list", name="CivitAI category").get_by_role("checkbox", name="style").click()
    page.wait_for_url(re.compile("category=style"))
    expect(page.locator("[data-card]")).to_have_count(1)
    page.reload()
    expect(page.locator("[data-card]")).to_contain_text("Ink")


@pytest.fixture
def machine(shared: Seen) -> Iterator[Path]:
    """A home where other programs are put; none of them is there afterwards."""
    yield shared.yard.folder
    for name in ("ComfyUI", "webui", "keyed"):
        shutil.rmtree(shared.yard.folder / name, ignore_errors=True)


def figure(page: Any, name: str) -> Any:
    return page.locator("dt", has_text=name).locator("xpath=following-sibling::dd[1]")


def test_tools_counts_programs_models_what_lies_there_twice_and_what_linking_frees(shared: Seen, machine: Path) -> None:
    first = model(trees.comfy(machine / "ComfyUI") / "models" / "loras" / "ink.safetensors", 1)
    theirs = trees.web_ui(machine / "webui") / "models" / "Lora"
    (theirs / "ink.safetensors").write_bytes(first.read_bytes())
    model(theirs / "moss.safetensors", 2)
    for folder in (first.parent, theirs):
        shared.yard.ask("PUT", f"{API}/roots", {"path": str(folder), "folder": "loras"})
    scanned(shared)
    ended(shared, shared.yard.ask("POST", f"{API}/library/measure", {}).json["id"])
    page = shared.open("/tools")
    page.get_by_role("button", name="Look again").click()
    page.get_by_role("list", name="Programs").get_by_text("AUTOMATIC1111").wait_for()
    expect(figure(page, "Programs")).to_have_text("2")
    expect(figure(page, "Models in them")).to_have_text("3")
    expect(figure(page, "Lies there twice")).not_to_have_text("0 B")
    expect(figure(page, "Linking frees")).to_have_text(figure(page, "Lies there twice").inner_text())


def test_a_key_of_another_program_is_taken_over_only_when_its_owner_says_so(shared: Seen, machine: Path) -> None:
    root = trees.web_ui(machine / "keyed")
    (root / "config.json").write_text(json.dumps({"civitai_token": "ck_good"}))
    page = shared.open("/tools")
    page.get_by_role("button", name="Look again").click()
    card = page.get_by_role("listitem").filter(has_text="keyed")
    card.get_by_role("button", name="Take over settings").click()
    dialog = page.get_by_role("dialog")
    take = dialog.get_by_role("button", name="Take over")
    assert take.is_disabled()
    dialog.get_by_role("checkbox", name=re.compile("CivitAI")).check()
    take.click()
    dialog.get_by_role("status").get_by_text("CivitAI").wait_for()
    assert [key["hub"] for key in shared.yard.ask("GET", f"{API}/keys").json] == ["civitai"]
    assert "ck_good" not in page.content()


def test_a_profile_is_chosen_where_a_download_is_added_and_what_is_said_there_wins(shared: Seen) -> None:
    shared.hub.hf.add_repo("ink/shaped", {"shaped.safetensors": 4096, "notes.bin": 4096})
    mine, theirs = shared.yard.folder / "mine", shared.yard.folder / "theirs"
    profile = {"to": f"{theirs}/", "include": ["*.safetensors"], "priority": "high"}
    shared.yard.ask("PUT", f"{API}/profiles/small", profile)
    page = shared.open()
    for folder in ("", str(mine)):
        shared.paste("hf:ink/shaped")
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Profile").select_option("small")
        dialog.get_by_role("status").filter(has_text="+ *.safetensors").wait_for()
        expect(dialog.get_by_label("Priority")).to_have_value("high")
        dialog.get_by_label("Folder").fill(folder)
        dialog.get_by_role("button", name="Download", exact=True).click()
        dialog.wait_for(state="detached")
    until(lambda: shared.yard.ask("GET", f"{API}/tasks?kind=download").json["counts"]["done"] == 2)
    assert [[it.name for it in folder.iterdir()] for folder in (mine, theirs)] == [["shaped.safetensors"]] * 2
    assert {task["priority"] for task in shared.yard.ask("GET", f"{API}/tasks?kind=download").json["tasks"]} <= {"high"}
    shared.yard.ask("DELETE", f"{API}/profiles/small")


def test_text_is_copied_where_the_browser_has_no_clipboard_for_the_page(shared: Seen) -> None:
    page = shared.open("/settings?part=access")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")  # as over http from elsewhere
    page.get_by_role("button", name="Make a token").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What it is for").fill("copying")
    dialog.get_by_role("button", name="Make a token").click()
    token = dialog.get_by_label("The token").input_value()
    dialog.get_by_role("button", name="Copy").click()
    dialog.get_by_role("button", name="Copied.").wait_for()
    dialog.get_by_role("button", name="Close").last.click()
    field = page.get_by_label("Address")
    field.focus()
    page.keyboard.press("Control+v")
    expect(field).to_have_value(token)
    field.fill("")


def test_a_finished_download_leads_to_its_card(shared: Seen, tmp_path: Path) -> None:
    root = rooted(shared, tmp_path)
    body = model(tmp_path / "made.safetensors", 8, ss_output_name="Led").read_bytes()
    shared.hub.hf.add_repo("ink/led", {"led.safetensors": body})
    (number,) = shared.yard.ask("POST", f"{API}/tasks", {"items": [{"address": "hf:ink/led", "to": f"{root}/"}]}).json[
        "ids"
    ]
    page = shared.open(f"/?task={number}")
    page.get_by_role("complementary").get_by_role("link", name="Show in the library").click()
    page.wait_for_url(re.compile(r"/library\?model=\d+"))
    page.get_by_role("complementary").last.get_by_text("led.safetensors").first.wait_for()
