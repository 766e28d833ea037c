"""What is done with a model on the page, to its end: repaired, moved, refreshed, renewed, put into quarantine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from jobs.library import model
from jobs.test_quarantine import EVIL
from server.serving import API
from web.pages import Seen, until
from web.test_library import rooted, scanned

pytestmark = pytest.mark.slow

LISTEN = """token => {
  window.told = []
  const socket = new WebSocket('/api/v1/events/ws')
  socket.onopen = () => socket.send(JSON.stringify({ token }))
  socket.onmessage = ({ data }) => {
    const { event } = JSON.parse(data)
    if (event?.kind === 'comfyui.insert') window.told.push(event.data.title)
  }
}"""
"""What our extension does in a page of ComfyUI."""


@pytest.fixture
def seen(shared: Seen) -> Seen:
    """Tests here leave each other alone."""
    return shared


def panel_of(seen: Seen, text: str) -> Any:
    """The panel of the model that a word finds; its name changes with what hubs say."""
    seen.page.goto(f"{seen.yard.url}/library?model={one(seen, text)['id']}")
    panel = seen.page.get_by_role("complementary").last
    panel.get_by_role("heading", level=2).wait_for()
    return panel


def ended(seen: Seen, number: int) -> None:
    """Wait for a task."""
    until(lambda: seen.yard.ask("GET", f"{API}/tasks/{number}").json["state"] == "done")


def one(seen: Seen, text: str) -> dict[str, Any]:
    """A model of the library by a word."""
    (found,) = seen.yard.ask("GET", f"{API}/models?text={text}").json["models"]
    return dict(found)


def test_a_damaged_model_is_verified_repaired_and_good_again(seen: Seen, tmp_path: Path) -> None:
    root = rooted(seen, tmp_path)
    body = model(tmp_path / "made.safetensors", 3, ss_output_name="Ink wash").read_bytes()
    seen.hub.hf.add_repo("ink/wash", {"wash.safetensors": body})
    seen.yard.ask("POST", f"{API}/tasks", {"items": [{"address": "hf:ink/wash", "to": f"{root}/"}]})
    file = root / "wash.safetensors"
    seen.open("/library")
    until(lambda: seen.yard.ask("GET", f"{API}/models?text=wash").json["models"])
    before = file.stat()
    with file.open("r+b") as rotting:  # in place, as a disk does it
        rotting.seek(-1, os.SEEK_END)
        rotting.write(b"!")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    panel = panel_of(seen, "wash")
    panel.get_by_role("button", name="Verify").click()
    panel.get_by_text("Its bytes changed since they were measured.").wait_for()
    panel.get_by_role("button", name="What can be done?").click()
    seen.page.get_by_role("dialog").get_by_role("button", name="Repair").click()
    panel.get_by_text("Read whole, and every byte is what it should be.").wait_for()
    assert file.read_bytes() == body


def test_a_model_is_moved_by_its_dialog_into_a_new_folder(seen: Seen, tmp_path: Path) -> None:
    root = rooted(seen, tmp_path)
    model(root / "ink.safetensors", 1, ss_output_name="Ink")
    (root / "ink.txt").write_text("words")
    scanned(seen)
    seen.open("/library")
    seen.page.locator("[data-card]").filter(has_text="Ink").click(button="right")
    seen.page.get_by_role("menuitem", name="Move").click()
    dialog = seen.page.get_by_role("dialog")
    dialog.get_by_label("Folder in it").fill("style/wet")
    dialog.get_by_role("button", name="Move").click()
    wet = root / "style" / "wet"
    until(lambda: sorted(path.name for path in wet.glob("*")) == ["ink.safetensors", "ink.txt"])
    until(lambda: os.listdir(root) == ["style"])
    assert (wet / "ink.txt").read_text() == "words"


def test_a_hub_is_asked_about_a_model_and_its_newer_version_comes(seen: Seen, tmp_path: Path) -> None:
    root = rooted(seen, tmp_path)
    newest, oldest = seen.hub.civitai.models[100].versions
    newest.published = oldest.published + 1
    (root / "known.safetensors").write_bytes(oldest.files[0].content.bytes())
    scanned(seen)
    ended(seen, seen.yard.ask("POST", f"{API}/library/measure", {}).json["id"])
    seen.open("/library")
    panel = panel_of(seen, "known")
    panel.get_by_role("button", name="Refresh from hub").click()
    until(lambda: one(seen, "known")["hub_version"] == str(oldest.id))
    assert one(seen, "known")["title"] == "Practice LoRA"
    panel = panel_of(seen, "known")
    panel.get_by_role("button", name="Show all versions").click()
    row = panel.get_by_role("listitem").filter(has_text=newest.name)
    row.get_by_role("button", name="Download").click()
    dialog = seen.page.get_by_role("dialog")
    dialog.get_by_label("Folder").fill(str(root))
    dialog.get_by_role("button", name="Download", exact=True).click()
    until((root / newest.files[0].name).exists)
    until(lambda: len(seen.yard.ask("GET", f"{API}/models").json["models"]) == 2)
    panel = panel_of(seen, "known")
    panel.get_by_role("button", name="Show all versions").click()
    panel.get_by_role("listitem").filter(has_text=newest.name).get_by_text("here").wait_for()


def test_a_model_that_could_run_code_is_put_away_and_released_by_who_trusts_it(seen: Seen, tmp_path: Path) -> None:
    root = rooted(seen, tmp_path)
    (root / "evil.pt").write_bytes(EVIL)
    scanned(seen)
    seen.open("/library")
    panel_of(seen, "evil").get_by_role("button", name="Quarantine").click()
    until((root / "evil.pt.quarantine").exists)
    page = seen.page
    page.goto(f"{seen.yard.url}/health?part=quarantine")
    page.get_by_role("button", name="Release …").click()
    dialog = page.get_by_role("dialog")
    release = dialog.get_by_role("button", name="Release …")
    dialog.get_by_text("SHA-256").wait_for()
    assert release.is_disabled()
    dialog.get_by_role("checkbox").check()
    release.click()
    page.get_by_text("Nothing in quarantine").wait_for()
    assert (root / "evil.pt").read_bytes() == EVIL


def test_a_model_goes_into_the_open_workflow_while_a_comfyui_is_open(seen: Seen, tmp_path: Path) -> None:
    model(rooted(seen, tmp_path) / "ink.safetensors", 1, ss_output_name="Ink")
    scanned(seen)
    page = seen.open("/library")
    card = page.locator("[data-card]").filter(has_text="Ink")
    card.click(button="right")
    page.get_by_role("menuitem", name="Move").wait_for()
    assert not page.get_by_role("menuitem", name="Insert into ComfyUI").count()
    comfyui = page.context.new_page()
    comfyui.goto(seen.yard.url)
    comfyui.evaluate(LISTEN, (seen.yard.folder / "comfyui.token").read_text().strip())
    until(lambda: seen.yard.ask("GET", f"{API}/comfyui").json == {"pages": 1})
    panel = panel_of(seen, "Ink")
    panel.get_by_role("button", name="Insert into ComfyUI").click()
    page.get_by_text("Ink is in the workflow that is open in ComfyUI.").wait_for()
    until(lambda: comfyui.evaluate("window.told") == ["Ink"])
    comfyui.close()
