"""A walk through the page on one service: searches, choices, orders, words and figures, each to where it shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from jobs.library import model
from running import modelyard
from server.serving import API
from web.art import painting
from web.pages import Seen, looking, until
from web.test_care import parts
from web.test_library import rooted, scanned
from web.test_models import ended
from web.test_reach import PAGES, faults

pytestmark = pytest.mark.slow

MB = 2**20


@pytest.fixture(scope="module")
def yard(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """One service with a small library, for all tests here; they may come in any order."""
    home = tmp_path_factory.mktemp("round")
    with looking(browser, home / "yard") as seen:
        seen.page.emulate_media(reduced_motion="reduce")
        root = rooted(seen, home)
        for number, name in enumerate(("Ink", "Moss", "Chalk")):
            model(root / f"{name.lower()}.safetensors", number, ss_output_name=name)
        scanned(seen)
        seen.open()
        yield seen


@pytest.fixture
def seen(yard: Seen) -> Iterator[Seen]:
    """The same service and page, its console listened to anew."""
    yard.said.clear()
    yield yard
    yard.hub.faults.speed = None
    assert not yard.said, yard.said


def at(seen: Seen, path: str) -> Any:
    """An address of the page."""
    seen.page.goto(seen.yard.url + path)
    seen.page.get_by_role("navigation").first.wait_for()
    return seen.page


def root_of(seen: Seen) -> Path:
    """Where the models lie."""
    return Path(seen.yard.ask("GET", f"{API}/roots").json["roots"][0]["path"])


def test_a_search_over_hubs_is_narrowed_opened_and_fetched_in_two_clicks(seen: Seen) -> None:
    seen.hub.hf.add_repo("ink/findable", {"findable.safetensors": MB})
    newest, oldest = seen.hub.civitai.models[100].versions
    newest.published = oldest.published + 1
    page = at(seen, "/browse")
    field = page.get_by_role("combobox", name="Search all hubs")
    field.fill("practice")
    page.get_by_role("button", name="Practice LoRA").first.wait_for()
    page.get_by_role("button", name="Hugging Face").click()
    expect(page.get_by_role("button", name="Practice LoRA")).to_have_count(0)
    page.get_by_role("button", name="Hugging Face").click()
    page.get_by_role("button", name="Practice LoRA").first.click()
    panel = page.get_by_role("complementary")
    version = panel.get_by_label("Version")
    version.select_option(f"civitai:100@{oldest.id}")
    panel.get_by_text(oldest.files[0].name).wait_for()
    assert f"@{oldest.id}" in page.url  # a version can be sent to somebody, too
    panel.get_by_text("free").wait_for()
    field.fill("findable")
    page.get_by_role("button", name="ink/findable").click()
    panel.get_by_text("1 file, 1 MiB").wait_for()
    panel.get_by_role("button", name="Download").click()
    until(lambda: seen.yard.ask("GET", f"{API}/tasks?state=done&text=findable").json["tasks"])


def test_what_a_model_needs_beside_it_comes_along_when_it_is_asked_for(seen: Seen) -> None:
    page = at(seen, "/browse?model=civitai:101")
    panel = page.get_by_role("complementary")
    panel.get_by_label("With what it needs: big.vae.safetensors").check()
    panel.get_by_role("button", name="Download").click()
    done = lambda: seen.yard.ask("GET", f"{API}/tasks?state=done&text=civitai:101").json["tasks"]  # noqa: E731
    until(done)
    assert {Path(file["path"]).name for file in done()[0]["result"]["files"]} >= {"big.vae.safetensors"}


def test_what_was_searched_for_comes_back_and_is_forgotten_when_somebody_says_so(seen: Seen) -> None:
    page = at(seen, "/browse")
    field = page.get_by_role("combobox", name="Search all hubs")
    field.fill("ink/wash & co")
    field.press("Enter")
    kept = lambda: [each["text"] for each in seen.yard.ask("GET", f"{API}/searches").json]  # noqa: E731
    until(lambda: kept() == ["ink/wash & co"])
    field.fill("")
    page.get_by_role("button", name="ink/wash & co").click()
    expect(field).to_have_value("ink/wash & co")
    page.goto(f"{seen.yard.url}/library")
    page.locator("#library-find").focus()
    expect(page.locator("datalist option")).to_have_attribute("value", "ink/wash & co")
    page = at(seen, "/browse")
    page.get_by_role("button", name="Forget them").click()
    until(lambda: kept() == [])
    page.get_by_role("button", name="Undo").click()
    until(lambda: kept() == ["ink/wash & co"])
    assert faults(page) == []


def paused(seen: Seen, *names: str) -> list[int]:
    """Downloads that rest in the queue."""
    for name in names:
        seen.hub.hf.add_repo(f"ink/{name}", {f"{name}.safetensors": 40 * MB})
    seen.hub.faults.speed = MB
    ids = seen.yard.ask("POST", f"{API}/tasks", {"addresses": [f"hf:ink/{name}" for name in names]}).json["ids"]
    seen.yard.ask("POST", f"{API}/tasks/actions", {"do": "pause", "ids": ids})
    return [int(number) for number in ids]


def cancel(seen: Seen, ids: list[int]) -> None:
    """Leave no work to other tests."""
    seen.yard.ask("POST", f"{API}/tasks/actions", {"do": "cancel", "ids": ids})


def test_the_queue_is_ordered_by_drag_and_by_keys_and_a_priority_by_menu(seen: Seen) -> None:
    ids = paused(seen, "order-a", "order-b", "order-c")
    page = at(seen, "/?show=paused&find=order")
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(3)
    rows.nth(2).drag_to(rows.nth(0))
    order = lambda: [each["id"] for each in seen.yard.ask("GET", f"{API}/tasks?state=paused&text=order").json["tasks"]]  # noqa: E731
    until(lambda: order() == [ids[2], ids[0], ids[1]])
    expect(rows.nth(0)).to_contain_text("order-c")
    rows.nth(0).press("Control+ArrowDown")
    until(lambda: order() == ids[:1] + ids[2:] + ids[1:2])
    expect(rows.nth(1)).to_contain_text("order-c")
    for key in ("Down", "Up", "Up"):  # each step begins where the one before ended
        page.keyboard.press(f"Control+Arrow{key}")
    until(lambda: order() == ids[2:] + ids[:2])
    page.set_viewport_size({"width": 1280, "height": 300})  # the row keeps its focus and stays in sight
    for key, where in (("Down", 1), ("Down", 2), ("Up", 1), ("Up", 0)):
        page.keyboard.press(f"Control+Arrow{key}")
        expect(rows.nth(where)).to_contain_text("order-c")
        expect(rows.nth(where)).to_be_focused()
        expect(rows.nth(where)).to_be_in_viewport(ratio=0.9)
    page.set_viewport_size({"width": 1280, "height": 800})
    seen.row("order-b").click(button="right")
    page.get_by_role("menuitem", name="Priority: High").click()
    seen.row("order-b").get_by_text("High").wait_for()
    until(lambda: seen.yard.ask("GET", f"{API}/tasks/{ids[1]}").json["priority"] == "high")
    cancel(seen, ids)


def test_a_limit_and_its_hours_are_kept(seen: Seen) -> None:
    page = at(seen, "/")
    page.get_by_role("button", name="Limits").click()
    page.get_by_label("In all").fill("500 MB/s")
    page.get_by_role("button", name="Add hours").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    kept = seen.yard.ask("GET", f"{API}/limits").json["limits"]
    assert kept["total"].replace(" ", "") == "500MB/s" and kept["schedule"].startswith("mon-fri 08:00-18:00")
    page.get_by_role("button", name="Remove these hours").click()
    page.get_by_label("In all").fill("")
    page.get_by_role("button", name="Save").click()
    until(lambda: seen.yard.ask("GET", f"{API}/limits").json["limits"]["total"] == "off")


def test_a_key_is_checked_and_its_scopes_are_told(seen: Seen) -> None:
    seen.yard.ask("PUT", f"{API}/keys/huggingface", {"value": "hf_good"})
    page = at(seen, "/settings?part=keys")
    hub = page.get_by_role("article").filter(has_text="Hugging Face")
    hub.get_by_role("button", name="Check").click()
    told = hub.get_by_role("status")
    told.get_by_text("The hub takes this key.").wait_for()
    told.get_by_text("ada").wait_for()
    assert "hf_good" not in page.content()
    seen.yard.ask("DELETE", f"{API}/keys/huggingface")


def test_what_ended_is_found_again_fetched_again_taken_along_and_drawn(seen: Seen) -> None:
    seen.hub.hf.add_repo("ink/past", {"past.safetensors": 2 * MB})
    ended(seen, seen.yard.ask("POST", f"{API}/tasks", {"addresses": ["hf:ink/past"]}).json["ids"][0])
    page = at(seen, "/history")
    page.get_by_label("Find in the history").fill("past")
    row = page.locator("[data-row]")
    expect(row).to_have_count(1)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="As a table (CSV)").click()
    lines = Path(saved.value.path()).read_text("utf-8-sig").splitlines()
    assert len(lines) == 2 and "hf:ink/past" in lines[1]
    row.click(button="right")
    page.get_by_role("menuitem", name="As a script").click()
    page.get_by_role("dialog").get_by_text(re.compile("ink/past")).first.wait_for()
    page.keyboard.press("Escape")
    row.hover()
    row.get_by_role("button", name="Do it again").click()
    until(lambda: len(seen.yard.ask("GET", f"{API}/history?text=past").json["tasks"]) == 2)
    page.goto(f"{seen.yard.url}/history?view=statistics")
    page.get_by_role("img", name="Received per day").locator("canvas").wait_for()
    page.get_by_text("The numbers as a table").click()
    assert page.get_by_role("row").count() >= 2
    expect(page.get_by_role("list", name="Received per hub")).to_contain_text("Hugging Face")


def test_many_that_fail_together_are_one_sentence_that_leads_to_them(seen: Seen) -> None:
    page = at(seen, "/library")
    addresses = [f"hf:ink/wrong-{number}/a.safetensors" for number in range(12)]
    seen.yard.ask("POST", f"{API}/tasks", {"addresses": addresses})
    page.get_by_text(re.compile(r"^\d+ tasks failed\.$")).first.wait_for()
    assert page.get_by_text("modelyard search").count() == 0
    page.get_by_role("button", name="Show", exact=True).first.click()
    page.wait_for_url(re.compile("show=failed"))
    page.get_by_role("button", name="Clear failed").click()
    expect(page.locator("[data-row]")).to_have_count(0)


def test_who_pastes_what_is_here_sees_it_and_may_fetch_it_again(seen: Seen) -> None:
    body = (root_of(seen) / "moss.safetensors").read_bytes()
    seen.hub.hf.add_repo("ink/moss", {"moss.safetensors": body, "other.safetensors": body[:-1] + b"?"})
    number = seen.yard.ask("POST", f"{API}/library/measure", {}).json["id"]
    ended(seen, number)
    page = at(seen, "/")
    seen.paste("hf:ink/moss")
    adding = page.get_by_role("dialog", name="Add a download")
    adding.get_by_text(re.compile("free")).wait_for()
    adding.get_by_role("button", name="here").click()
    here = page.get_by_role("dialog", name="This model is here")
    here.get_by_text("measured", exact=True).wait_for()
    assert faults(page) == []
    here.get_by_role("button", name="Download").click()
    expect(adding.get_by_label("Fetch again even when it is here")).to_be_checked()
    adding.get_by_label("Folder").fill(str(root_of(seen)))
    adding.get_by_role("button", name="Download", exact=True).click()
    until(lambda: seen.yard.ask("GET", f"{API}/tasks?state=done&text=ink/moss").json["tasks"])
    assert (root_of(seen) / "moss.safetensors").read_bytes() == body
    assert not (root_of(seen) / "other.safetensors").exists(), "of two files the one that was looked at"


def test_a_link_of_what_rests_in_the_queue_says_so_and_lets_it_go_on(seen: Seen) -> None:
    (number,) = paused(seen, "resting")
    page = at(seen, "/library")
    seen.paste("hf:ink/resting")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("resting.safetensors").first.wait_for()  # its hub has told the revision, too
    dialog.get_by_text("In the queue already: Paused").wait_for()
    dialog.get_by_role("button", name="Resume").click()
    until(lambda: seen.yard.ask("GET", f"{API}/tasks/{number}").json["state"] in ("queued", "running"))
    cancel(seen, [number])


def test_work_comes_by_the_clock_and_comes_back_when_its_end_is_undone(seen: Seen) -> None:
    page = at(seen, "/settings?part=downloads")
    page.get_by_role("button", name="Add one").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("select").first.select_option("verify")
    dialog.get_by_label("Name").fill("nightly")
    dialog.get_by_role("button", name="Save").click()
    page.get_by_text("Reads every byte of the models").wait_for()
    kept = lambda: [(one["kind"], one["options"]) for one in seen.yard.ask("GET", f"{API}/schedule").json]  # noqa: E731
    assert kept() == [("verify", {"gentle": True})]
    page.get_by_role("button", name="Remove nightly").click()
    until(lambda: kept() == [])
    page.get_by_role("button", name="Undo").click()
    until(lambda: kept() == [("verify", {"gentle": True})])
    seen.yard.ask("DELETE", f"{API}/schedule/nightly")


def test_a_backup_is_written_tried_and_taken_back(seen: Seen) -> None:
    (model_, *_) = seen.yard.ask("GET", f"{API}/models?text=chalk").json["models"]
    note = lambda text: seen.yard.ask("PATCH", f"{API}/models/{model_['id']}", {"notes": text})  # noqa: E731
    told = lambda: seen.yard.ask("GET", f"{API}/models/{model_['id']}").json["about"]["own"].get("notes", "")  # noqa: E731
    note("kept well")
    page = at(seen, "/settings?part=keep")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Write a backup").click()
    file = Path(saved.value.path())
    assert json.loads(file.read_text())["modelyard_backup"]
    note("")
    page.locator("input[type=file]").first.set_input_files(
        {"name": "backup.json", "mimeType": "application/json", "buffer": file.read_bytes()}
    )
    dialog = page.get_by_role("dialog", name="What this backup would bring back")
    dialog.get_by_text("What you wrote on models").wait_for()
    assert told() == ""  # it was only tried
    dialog.get_by_role("button", name="Take it back").click()
    page.get_by_role("dialog", name="It is back").get_by_role("button", name="Close").last.click()
    assert told() == "kept well"


def test_a_lockfile_is_written_compared_and_what_lacks_is_fetched(seen: Seen) -> None:
    body = model(seen.yard.folder / "made.safetensors", 9, ss_output_name="Locked").read_bytes()
    seen.hub.hf.add_repo("ink/locked", {"locked.safetensors": body})
    wish = {"items": [{"address": "hf:ink/locked", "to": f"{root_of(seen)}/"}]}
    ended(seen, seen.yard.ask("POST", f"{API}/tasks", wish).json["ids"][0])
    until(lambda: seen.yard.ask("GET", f"{API}/models?text=locked").json["models"])
    page = at(seen, "/settings?part=keep")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Write a lockfile").click()
    lock = json.loads(Path(saved.value.path()).read_text())
    (root_of(seen) / "locked.safetensors").unlink()
    scanned(seen)
    page.locator("input[type=file]").nth(1).set_input_files(
        {"name": "library.lock.json", "mimeType": "application/json", "buffer": json.dumps(lock).encode()}
    )
    dialog = page.get_by_role("dialog", name="Not everything is here")
    dialog.get_by_text("locked.safetensors").first.wait_for()
    assert faults(page) == []
    dialog.get_by_role("button", name="Fetch one file").click()
    until((root_of(seen) / "locked.safetensors").exists)
    assert (root_of(seen) / "locked.safetensors").read_bytes() == body


def test_cards_are_chosen_with_a_frame_and_seen_as_a_list_and_a_table(seen: Seen) -> None:
    page = at(seen, "/library")
    cards = page.locator("[data-card]")
    cards.nth(2).get_by_role("checkbox").wait_for()  # the places of cards are there before their models
    first, last = cards.nth(0).bounding_box(), cards.nth(2).bounding_box()
    assert first and last
    page.mouse.move(last["x"] + last["width"] + 6, last["y"] + last["height"] - 4)
    page.mouse.down()
    page.mouse.move(first["x"] + 10, first["y"] + 20, steps=8)
    page.mouse.up()
    bar = page.get_by_role("toolbar")
    expect(bar).to_contain_text("3")
    bar.get_by_role("button", name="Tag").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.keyboard.press("Escape")
    expect(bar).to_have_count(0)
    for view in ("List", "Table"):
        page.get_by_role("button", name=view, exact=True).click()
        page.wait_for_url(re.compile(f"view={view.lower()}"))
        page.locator("[data-card]").filter(has_text="Moss").first.wait_for()
        assert faults(page) == []


def test_a_filter_is_saved_by_a_name_and_found_by_it(seen: Seen) -> None:
    page = at(seen, "/library?find=chalk")
    page.get_by_role("button", name="Saved filters").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("white")
    dialog.get_by_role("button", name="Save").click()
    dialog.get_by_role("button", name="white").wait_for()
    page.goto(f"{seen.yard.url}/library")
    page.get_by_role("button", name="Saved filters").click()
    page.get_by_role("dialog").get_by_role("button", name="white").click()
    expect(page.locator("[data-card]")).to_have_count(1)


def test_a_preview_is_replaced_and_put_back(seen: Seen) -> None:
    (model_, *_) = seen.yard.ask("GET", f"{API}/models?text=chalk").json["models"]
    path = f"{API}/models/{model_['id']}/preview"
    whole = lambda: seen.yard.ask("GET", f"{path}/original").body  # noqa: E731
    seen.yard.ask("POST", path, painting(1), Content_Type="image/png")
    page = at(seen, f"/library?model={model_['id']}")
    panel = page.get_by_role("complementary").last
    panel.locator("img").first.wait_for()
    panel.get_by_label("Choose a picture or video").set_input_files(
        {"name": "two.png", "mimeType": "image/png", "buffer": painting(2)}
    )
    until(lambda: whole() == painting(2))
    panel.get_by_role("button", name="Change the preview").click()
    page.get_by_role("menuitem", name="Put the former one back").click()
    until(lambda: whole() == painting(1))


def test_a_profile_is_made_changed_and_comes_back_after_it_was_removed(seen: Seen) -> None:
    page = at(seen, "/settings?part=downloads")
    page.get_by_role("button", name="Add a profile").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("slow")
    dialog.get_by_label("Speed limit").fill("1MB/s")
    dialog.get_by_role("button", name="Save").click()
    page.get_by_text("≤ 1MB/s").wait_for()
    page.get_by_role("button", name="Remove slow").click()
    page.get_by_role("button", name="Undo").click()
    until(lambda: seen.yard.ask("GET", f"{API}/profiles").json.get("slow", {}).get("limit") == "1MB/s")


def test_a_hook_is_tried_and_removed_after_a_question(seen: Seen) -> None:
    env = {"MODELYARD_HOME": str(seen.yard.folder), "HOME": str(seen.yard.folder)}
    added = modelyard("hooks", "add", "told", "--on", "task-done", "--webhook", "http://127.0.0.1:9/x", env=env)
    assert added.code == 0, added.err
    page = at(seen, "/settings?part=hooks")
    hook = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="told"))
    hook.get_by_role("button", name="Test").click()
    hook.get_by_role("status").wait_for()
    assert "Worked" not in hook.get_by_role("status").inner_text()  # nobody listens there
    hook.get_by_role("button", name="Remove the hook told").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    page.get_by_text("No hooks.").wait_for()
    seen.said[:] = [
        line for line in seen.said if not line.startswith("Failed to load resource")
    ]  # nobody listens there


def test_a_hub_of_the_own_network_is_named_forgotten_and_comes_back(seen: Seen) -> None:
    page = at(seen, "/settings?part=access")
    field = page.get_by_label("Address")
    field.fill("http://10.0.0.7:8080")
    field.press("Enter")
    page.get_by_role("button", name="Remove http://10.0.0.7:8080").click()
    page.get_by_role("button", name="Undo").click()
    until(lambda: seen.yard.ask("GET", f"{API}/lan-hubs").json["origins"] == ["http://10.0.0.7:8080"])
    seen.yard.ask("DELETE", f"{API}/lan-hubs?origin=http://10.0.0.7:8080")


def test_another_language_holds_at_once_and_stays(seen: Seen) -> None:
    page = at(seen, "/settings?part=look")
    page.get_by_label("Language").select_option("zh")
    page.get_by_role("heading", level=1, name="设置").wait_for()
    page.reload()
    page.get_by_label("语言").select_option("en")
    page.get_by_role("heading", level=1, name="Settings").wait_for()


def test_the_sheet_has_the_keys_of_what_has_the_focus_too(seen: Seen) -> None:
    page = at(seen, "/library")
    page.locator("[data-card]").first.wait_for()
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Shortcuts")
    for name, keys in (("Mark as favourite", "F"), ("Put a model into the trash", "Del"), ("Choose a model", "Space")):
        row = sheet.locator("dt", has_text=name)
        expect(row.locator("xpath=following-sibling::dd[1]")).to_have_text(keys)
    page.keyboard.press("Escape")
    page.locator("[data-card]").first.locator("[data-do=open]").focus()
    page.keyboard.press("f")
    until(lambda: any(one["favourite"] for one in seen.yard.ask("GET", f"{API}/models").json["models"]))


def test_the_demo_answers_on_every_page_and_asks_nobody(browser: Any, seen: Seen) -> None:
    window = browser.new_context(locale="en", viewport={"width": 1280, "height": 800})
    page = window.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/" in request.url else None)
    page.on("console", lambda message: seen.said.append(message.text) if message.type == "error" else None)
    troubles = {}
    page.goto(f"{seen.yard.url}/?demo")
    page.get_by_role("navigation").first.wait_for()
    for path in (*(path for _, path, _ in PAGES), *parts(), "/browse?find=ink", "/library?model=1"):
        page.evaluate("path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate')) }", path)
        page.locator("main h1, main h2").first.wait_for(state="attached")
        page.wait_for_timeout(60)
        troubles[path] = page.get_by_role("alert").all_inner_texts()
    window.close()
    assert troubles == {path: [] for path in troubles}
    assert asked == []
