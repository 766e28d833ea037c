"""The other programs of a machine on the page: found, imported in place, lent to and taken back; scripts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jobs.library import model
from programs.installed import trees
from web.pages import Seen, until
from web.test_library import rooted, scanned
from web.test_reach import faults

pytestmark = pytest.mark.slow


def test_a_program_s_models_come_into_the_library_where_they_lie(seen: Seen) -> None:
    home = seen.yard.folder
    file = model(trees.comfy(home / "ComfyUI") / "models" / "loras" / "ink.safetensors", ss_output_name="Ink")
    before = file.stat()
    page = seen.open("/tools")
    card = page.get_by_role("listitem").filter(has_text="ComfyUI").first
    card.get_by_role("button", name="Import its models").click()
    card.get_by_text("in your library").wait_for()
    inside = card.get_by_role("region", name="Modelyard inside it")
    inside.get_by_role("button", name="Put it in").click()
    inside.get_by_text(re.compile(r"Modelyard \d\S* is inside it\.")).wait_for()
    laid = home / "ComfyUI" / "custom_nodes" / "modelyard" / "__init__.py"
    assert laid.is_file()
    inside.get_by_role("button", name="Take it out").click()
    until(lambda: not laid.exists())
    page.get_by_role("button", name="Undo").click()
    until(laid.is_file)
    page.goto(f"{seen.yard.url}/library")
    page.locator("[data-card]").get_by_text("Ink", exact=True).wait_for()
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_model_is_lent_to_a_program_and_taken_back(seen: Seen, tmp_path: Path) -> None:
    mine = model(rooted(seen, tmp_path) / "mine.safetensors", ss_output_name="Mine")
    scanned(seen)
    lent = trees.web_ui(seen.yard.folder / "webui") / "models" / "Lora" / "mine.safetensors"
    page = seen.open("/library")
    page.locator("[data-card]").filter(has_text="Mine").click(button="right")
    page.get_by_role("menuitem", name="Use in another program").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("1 can be lent, 0 are there already, 0 cannot.").wait_for()
    page.emulate_media(reduced_motion="reduce")
    assert faults(page) == []
    dialog.get_by_role("button", name="Link", exact=True).click()
    until(lent.exists)
    assert lent.read_bytes() == mine.read_bytes()
    page.goto(f"{seen.yard.url}/tools")
    page.get_by_text("→ AUTOMATIC1111").wait_for()
    page.set_viewport_size({"width": 360, "height": 740})
    until(lambda: page.evaluate("document.querySelector('main').scrollWidth <= 360"))
    assert faults(page) == []
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Nothing is lent yet").wait_for()
    assert not lent.exists() and mine.exists()


def test_a_selection_becomes_a_script(seen: Seen, tmp_path: Path) -> None:
    body = model(tmp_path / "made.safetensors", 3).read_bytes()
    seen.hub.hf.add_repo("ink/wash", {"wash.safetensors": body})
    root = rooted(seen, tmp_path)
    items = [{"address": "hf:ink/wash", "to": f"{root}/"}]
    seen.yard.ask("POST", "/api/v1/tasks", {"items": items})
    until((root / "wash.safetensors").exists)
    page = seen.open("/library")
    page.locator("[data-card]").first.click(button="right")
    page.get_by_role("menuitem", name="As a script").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="curl").click()
    text = dialog.get_by_role("region").first
    text.get_by_text("curl").first.wait_for()
    assert "wash.safetensors" in text.inner_text()
