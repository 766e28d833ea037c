"""The library on the page: from a download to a card, and what strangers wrote about a model."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from jobs.library import model
from server.serving import API
from web.art import painting
from web.pages import Seen, until
from web.test_hostile import PAYLOADS
from web.test_reach import faults

pytestmark = pytest.mark.slow


@pytest.fixture
def seen(shared: Seen) -> Seen:
    """Tests here leave each other alone."""
    return shared


def rooted(seen: Seen, folder: Path, name: str = "loras") -> Path:
    """A root of this kind."""
    root = folder / name
    root.mkdir(exist_ok=True)
    assert seen.yard.ask("PUT", f"{API}/roots", {"path": str(root), "folder": name}).status == 200
    return root


def scanned(seen: Seen) -> None:
    """Look at the roots, and wait for it."""
    number = seen.yard.ask("POST", f"{API}/library/scan", {}).json["id"]
    end = time.monotonic() + 30
    while seen.yard.ask("GET", f"{API}/tasks/{number}").json["state"] != "done":
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_pasted_link_becomes_a_card(seen: Seen, tmp_path: Path) -> None:
    root = rooted(seen, tmp_path)
    body = model(tmp_path / "made.safetensors", 3, ss_output_name="Ink wash").read_bytes()
    seen.hub.hf.add_repo("ink/wash", {"wash.safetensors": body})
    page = seen.open("/library")
    seen.paste("hf:ink/wash")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Folder").fill(str(root))
    dialog.get_by_role("button", name="Download", exact=True).click()
    called = re.compile("^(Ink wash|wash)$")  # by itself, and a moment later by its hub
    card = page.locator("main").get_by_text(called).first
    card.wait_for()  # nobody scanned: it is there because it arrived
    card.click()
    page.get_by_role("complementary", name=called).get_by_text("SDXL 1.0").first.wait_for()
    assert (root / "wash.safetensors").read_bytes() == body


def test_what_its_hub_calls_a_lora_goes_to_the_loras_by_itself(seen: Seen, tmp_path: Path) -> None:
    rooted(seen, tmp_path, "vae")
    root = rooted(seen, tmp_path)
    page = seen.open("/library")
    seen.paste("civitai:100")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text(f"{root}").first.wait_for()
    dialog.get_by_role("button", name="Download", exact=True).click()
    until(lambda: list(root.glob("*.safetensors")))


def test_filters_stand_in_the_address_and_come_back(seen: Seen, tmp_path: Path) -> None:
    root = rooted(seen, tmp_path)
    for number in range(30):
        model(root / f"ink-{number}.safetensors", number, ss_output_name=f"Ink {number}")
    scanned(seen)
    page = seen.open("/library")
    page.locator("#library-find").fill("ink 7")
    page.wait_for_url(re.compile(r"\?.*7"))
    page.get_by_text("Ink 7", exact=True).first.wait_for()
    page.reload()
    page.get_by_text("Ink 7", exact=True).first.wait_for()
    assert page.get_by_text("Ink 8", exact=True).count() == 0


def test_the_models_of_a_group_are_found_by_its_name(seen: Seen, tmp_path: Path) -> None:
    root = rooted(seen, tmp_path)
    for number in range(3):
        model(root / f"ink-{number}.safetensors", number, ss_output_name=f"Ink {number}")
    scanned(seen)
    mine, _, other = seen.yard.ask("GET", f"{API}/models").json["models"]
    for one in (mine, other):
        assert seen.yard.ask("PATCH", f"{API}/models/{one['id']}", {"group": "Studio A"}).status == 200
    page = seen.open(f"/library?model={mine['id']}")
    page.get_by_role("link", name="All models of this group").click()
    page.get_by_role("list", name="Filters in use").get_by_text("Studio A").wait_for()
    until(lambda: page.locator("[data-card]").count() == 2)
    page.get_by_label("Group").first.fill("Nobody")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("group=Nobody"))
    until(lambda: page.locator("[data-card]").count() == 0)


def test_a_second_click_on_a_value_leaves_it_out_and_the_address_says_so(seen: Seen, tmp_path: Path) -> None:
    root = rooted(seen, tmp_path)
    for name, number in (("kept", 1), ("left", 2)):
        model(root / f"{name}.safetensors", number, ss_output_name=name.title())
    scanned(seen)
    (old,) = seen.yard.ask("GET", f"{API}/models?text=left").json["models"]
    seen.yard.ask("PATCH", f"{API}/models/{old['id']}", {"tags": ["old"]})
    page = seen.open("/library")
    value = page.get_by_role("checkbox", name="old", exact=True)
    kept, left = (page.locator("[data-card]").get_by_text(name, exact=True) for name in ("Kept", "Left"))
    value.click()
    kept.wait_for(state="detached")
    value.click()
    page.wait_for_url(re.compile("exclude=tag:old"))
    left.wait_for(state="detached")
    page.reload()
    kept.wait_for()
    page.get_by_role("button", name="Tags: not old").click()  # turned round again
    left.wait_for()
    kept.wait_for(state="detached")


def test_a_card_dropped_on_a_folder_moves_there_and_back_again(seen: Seen, tmp_path: Path) -> None:
    root = rooted(seen, tmp_path)
    (root / "style").mkdir()
    model(root / "style" / "there.safetensors", 1, ss_output_name="There")
    model(root / "ink.safetensors", 2, ss_output_name="Ink")
    scanned(seen)
    page = seen.open("/library")
    page.get_by_role("button", name="Folders in loras").click()
    folder = page.get_by_role("listitem").filter(has_text="style").get_by_role("button", name="style", exact=False).last
    page.locator("[data-card]").filter(has_text="Ink").drag_to(folder)
    until((root / "style" / "ink.safetensors").exists)
    page.get_by_role("button", name="Undo").click()
    until((root / "ink.safetensors").exists)
    until(lambda: not (root / "style" / "ink.safetensors").exists())


def test_up_to_four_models_stand_side_by_side(seen: Seen, tmp_path: Path) -> None:
    root = rooted(seen, tmp_path)
    for number, name in enumerate(("one", "two", "three")):
        model(root / f"{name}.safetensors", number, ss_output_name=name.title(), ss_epoch=str(number))
    scanned(seen)
    page = seen.open("/library")
    page.get_by_role("list", name="Library").wait_for()
    for name in ("One", "Two", "Three"):
        box = page.get_by_role("checkbox", name=f"Choose {name}")
        box.press("Space")  # a pointer may miss it while the list still settles
        expect(box).to_be_checked()
    page.get_by_role("button", name="Compare").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("columnheader").nth(2).wait_for()
    row = dialog.get_by_role("row").filter(has_text="ss_epoch")
    assert row.get_by_role("cell").all_inner_texts() == ["0", "1", "2"]
    page.emulate_media(reduced_motion="reduce")
    assert faults(page) == []


def test_a_preview_is_shown_and_it_came_with_the_token(seen: Seen, tmp_path: Path) -> None:
    model(rooted(seen, tmp_path) / "ink.safetensors", ss_output_name="Ink")
    scanned(seen)
    (one,) = seen.yard.ask("GET", f"{API}/models").json["models"]
    path = f"{API}/models/{one['id']}/preview"
    assert seen.yard.ask("POST", path, painting(1), Content_Type="image/png").status == 200
    page = seen.open("/library")
    drawn = "[...document.images].some((it) => it.src.startsWith('blob:') && it.naturalWidth > 100)"
    until(lambda: page.evaluate(drawn))
    assert seen.yard.ask("GET", path, token=None).status == 401


def test_what_strangers_wrote_about_a_model_is_read_and_never_run(seen: Seen, tmp_path: Path) -> None:
    root = rooted(seen, tmp_path)
    for number, payload in enumerate(PAYLOADS):
        file = model(root / f"bad-{number}.safetensors", number, ss_output_name=f"Bad {number} {payload}")
        told = {"name": f"Bad {number} {payload}", "description": f"<p>words {number}</p>{payload}", "notes": payload}
        file.with_suffix(".info").write_text(json.dumps(told | {"tags": [payload], "trainedWords": [payload]}))
        file.with_suffix(".md").write_text(
            f"# Bad\n\n{payload}\n\n<details open ontoggle=window.hacked=1>x</details>\n"
        )
    scanned(seen)
    page = seen.open("/library")
    for one in seen.yard.ask("GET", f"{API}/models").json["models"]:
        page.goto(f"{seen.yard.url}/library?model={one['id']}")
        page.get_by_role("complementary").last.get_by_role("heading").first.wait_for()
        seen.settle()
        assert page.evaluate("window.hacked") is None
        found = (
            "[...document.querySelectorAll('main *, aside *')].some((it) => it.matches('script, iframe, object, embed')"
        )
        assert page.evaluate(f"{found} || [...it.attributes].some((each) => each.name.startsWith('on')))") is False
        links = "[...document.links].every((it) => ['http:', 'https:'].includes(new URL(it.href).protocol))"
        assert page.evaluate(links)


def test_the_first_page_is_asked_while_the_code_that_shows_it_is_still_coming(seen: Seen, tmp_path: Path) -> None:
    model(rooted(seen, tmp_path) / "ink.safetensors", 1, ss_output_name="Ink")
    scanned(seen)
    page = seen.open("/library?sort=size")
    page.get_by_text("1 model ·").wait_for()  # counts come last
    asked: list[str] = page.evaluate(
        "performance.getEntriesByType('resource').map(one => one.name.replace(location.origin, ''))"
    )
    order = [next(at for at, name in enumerate(asked) if part in name) for part in ("/models?", "/library-", "/facets")]
    assert order == sorted(order), asked
    assert sum(name.endswith(".js") for name in asked[: order[-1]]) < 14, asked
    first = page.evaluate(
        "() => performance.getEntriesByType('resource').filter(one => one.name.includes('/models?'))[0].name"
    )
    assert "sort=size" in first
