"""From a workflow to its models on the page: dropped, planned, fetched in place, its names fixed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from jobs.library import model
from modelyard.testing.workflows import picture
from server.serving import API
from web.pages import Seen, until
from web.test_library import rooted, scanned
from web.test_reach import faults

pytestmark = pytest.mark.slow


@pytest.fixture
def seen(shared: Seen) -> Seen:
    """Tests here leave each other alone."""
    return shared


def workflow(*wanted: tuple[str, str], off: str = "") -> str:
    """A workflow that loads these LoRAs: names, each with an address or none; `off` is one that is switched off."""
    nodes: list[dict[str, Any]] = []
    for at, (name, url) in enumerate(
        [*wanted, *([(off, f"https://huggingface.co/ink/x/resolve/main/{off}")] if off else [])]
    ):
        named = [{"name": name, "url": url, "directory": "loras"}] if url else []
        mode = 4 if name == off else 0
        nodes.append({"id": at, "type": "LoraLoader", "mode": mode, "widgets_values": [name, 1, 1]})
        nodes[-1]["properties"] = {"models": named}
    return json.dumps({"nodes": nodes, "links": [], "version": 0.4})


def dropped(seen: Seen, text: str, name: str = "w.json") -> None:
    """What a person drops on the page, wherever."""
    seen.page.dispatch_event("main", "drop", {"dataTransfer": carried(seen, text, name)})


def dropped_at_once(seen: Seen, files: dict[str, bytes], target: str = "main") -> None:
    """Several files that a person drops together, there."""
    given = seen.page.evaluate_handle(
        "files => { const it = new DataTransfer(); for (const [name, bytes] of Object.entries(files)) "
        "it.items.add(new File([Uint8Array.from(bytes)], name)); return it; }",
        {name: [*body] for name, body in files.items()},
    )
    seen.page.dispatch_event(target, "drop", {"dataTransfer": given})


def pasted(seen: Seen, given: Any, target: str = "main") -> None:
    """What a person pastes, with Ctrl+V, there."""
    seen.page.eval_on_selector(
        target,
        "(it, data) => it.dispatchEvent("
        "new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}))",
        given,
    )


def carried(seen: Seen, text: str, name: str = "") -> Any:
    """What a mouse or a clipboard carries: a file of this name, or words."""
    return seen.page.evaluate_handle(
        "([text, name]) => { const it = new DataTransfer(); "
        "name ? it.items.add(new File([text], name)) : it.setData('text/plain', text); return it; }",
        [text, name],
    )


@pytest.mark.parametrize("how", ["pasted", "pasted into a field", "dropped"])
def test_a_file_is_taken_however_it_comes(seen: Seen, how: str) -> None:
    page = seen.open()

    def give(text: str, name: str) -> None:
        if how == "dropped":
            return dropped(seen, text, name)
        return pasted(seen, carried(seen, text, name), "main" if how == "pasted" else "input[type=search]")

    give("hf:ink/a\n# a word\nhf:ink/b", "list.txt")
    page.get_by_role("dialog").get_by_role("list", name="Lines of the list").get_by_text("hf:ink/b").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    give(workflow(("lost.safetensors", "")), "w.json")
    page.get_by_text("0 of 1 models are here").wait_for()
    assert "/workflows" in page.url


def test_a_link_that_is_pasted_outside_of_a_field_is_looked_at(seen: Seen) -> None:
    seen.hub.hf.add_repo("ink/wash", {"wash.safetensors": 1000})
    page = seen.open()
    pasted(seen, carried(seen, "hf:ink/wash"), "input[type=search]")
    assert page.get_by_role("dialog").count() == 0  # a field keeps its own words
    pasted(seen, carried(seen, "hf:ink/wash"))
    page.get_by_role("dialog").get_by_text("wash.safetensors").first.wait_for()


def offered(seen: Seen, name: str, body: bytes | int) -> str:
    """A file of the practice hub; gives its address."""
    seen.hub.hf.add_repo(f"ink/{name}", {f"{name}.safetensors": body})
    return f"{seen.hub.url}/ink/{name}/resolve/main/{name}.safetensors"


def test_a_workflow_that_is_dropped_anywhere_is_planned_and_its_models_come(seen: Seen, tmp_path: Path) -> None:
    root = rooted(seen, tmp_path)
    model(root / "here.safetensors", 1)
    scanned(seen)
    body = model(tmp_path / "made.safetensors", 2).read_bytes()
    wanted = [("here.safetensors", ""), ("wash.safetensors", offered(seen, "wash", body)), ("lost.safetensors", "")]
    page = seen.open()
    dropped(seen, workflow(*wanted, off="later.safetensors"))
    page.get_by_text("1 of 3 models are here").wait_for()
    row = page.get_by_role("list", name="Models that it needs").get_by_role("listitem")
    row.filter(has_text="wash").get_by_text("can be fetched").wait_for()
    row.filter(has_text="lost").get_by_text("not found").wait_for()
    page.get_by_text("1 model is switched off").wait_for()
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": 360, "height": 740})
    until(lambda: page.evaluate("document.querySelector('main').scrollWidth <= 360"))
    assert faults(page) == []
    page.get_by_role("button", name="Get the missing one").click()
    page.get_by_text("2 of 3 models are here").wait_for()
    assert (root / "wash.safetensors").read_bytes() == body
    assert not (root / "later.safetensors").exists()


def test_when_everything_is_here_the_page_says_so(seen: Seen, tmp_path: Path) -> None:
    root = rooted(seen, tmp_path)
    urls = [offered(seen, name, model(tmp_path / f"{name}.bin", at).read_bytes()) for at, name in enumerate("ab")]
    page = seen.open("/workflows")
    dropped(seen, workflow(("a.safetensors", urls[0]), ("b.safetensors", urls[1])))
    page.get_by_role("button", name="Get all 2").click()
    page.get_by_text("Everything this workflow needs is here").wait_for()
    assert sorted(path.name for path in root.glob("*.safetensors")) == ["a.safetensors", "b.safetensors"]


@pytest.mark.parametrize("where", ["/", "/workflows"])
def test_of_a_picture_and_more_the_picture_is_planned_and_the_rest_is_not_passed_over_silently(
    seen: Seen, where: str
) -> None:
    page = seen.open(where)
    made = picture(json.loads(workflow(("painted.safetensors", ""))))
    files = {"made.png": made, "more.json": workflow(("other.safetensors", "")).encode(), "third.json": b"{}"}
    dropped_at_once(seen, files, "main" if where == "/" else "main .border-dashed")
    needed = page.get_by_role("list", name="Models that it needs")
    needed.get_by_text("painted.safetensors", exact=True).wait_for()
    page.get_by_role("heading", name="made.png").wait_for()
    page.get_by_text("made.png is looked at; 2 other files are not.").last.wait_for()
    assert needed.get_by_role("listitem").count() == 1 and "/workflows" in page.url


@pytest.mark.parametrize("where", ["/", "/workflows"])
def test_a_list_that_comes_with_a_workflow_is_asked_about_above_its_plan(seen: Seen, where: str) -> None:
    page = seen.open(where)
    files = {"w.json": workflow(("wash.safetensors", "")).encode(), "links.txt": b"hf:ink/a\nhf:ink/b", "a.exe": b"x"}
    dropped_at_once(seen, files, "main" if where == "/" else "main .border-dashed")
    page.get_by_role("dialog").get_by_role("list", name="Lines of the list").get_by_text("hf:ink/b").wait_for()
    page.get_by_text("One file is passed over").last.wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("list", name="Models that it needs").get_by_text("wash.safetensors", exact=True).wait_for()


def test_what_a_plan_shows_and_what_a_person_decides(seen: Seen, tmp_path: Path) -> None:
    root = rooted(seen, tmp_path)
    (root / "sub").mkdir()
    model(root / "sub" / "moved.safetensors", 4)
    scanned(seen)
    body = model(tmp_path / "made.safetensors", 5).read_bytes()
    offered(seen, "mauve", body)  # the workflow says no place of it
    seen.hub.hf.add_repo("ink/free", {"free.safetensors": 4096}, cardData={"license": "mit"})
    url = f"{seen.hub.url}/ink/free/resolve/main/free.safetensors"
    page = seen.open("/workflows")
    dropped(seen, workflow(("moved.safetensors", ""), ("mauve.safetensors", ""), ("free.safetensors", url)))
    row = page.get_by_role("list", name="Models that it needs").locator(":scope > li")
    row.filter(has_text="free.safetensors").get_by_text(re.compile(r"can be fetched · .+ · mit$")).wait_for()
    page.get_by_text(re.compile(r"^\d[\d.,]* .iB free on the disk$")).wait_for()

    page.get_by_role("button", name="As a script").click()
    script = page.get_by_role("dialog").get_by_role("region")
    script.get_by_text("free.safetensors").first.wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")

    row.filter(has_text="moved.safetensors").get_by_text("likely here").wait_for()
    page.get_by_label("Take the likely files").check()
    page.get_by_text("1 of 3 models are here").wait_for()
    row.filter(has_text="moved.safetensors").get_by_text("Here it is called sub/moved.safetensors").wait_for()

    perhaps = row.filter(has_text="mauve.safetensors")
    perhaps.get_by_text("1 file may be it").click()
    perhaps.get_by_text(re.compile(r"^\d\d of 100 · the very name")).wait_for()
    perhaps.get_by_role("button", name="Get this one").click()
    page.get_by_text("2 of 3 models are here").wait_for()
    assert (root / "mauve.safetensors").read_bytes() == body


def test_a_gated_model_says_what_its_hub_wants_and_comes_after_the_key(seen: Seen, tmp_path: Path) -> None:
    root = rooted(seen, tmp_path)
    seen.hub.hf.add_repo("ink/closed", {"closed.safetensors": 4096}, gated="auto")
    url = f"{seen.hub.url}/ink/closed/resolve/main/closed.safetensors"
    page = seen.open("/workflows")
    dropped(seen, workflow(("closed.safetensors", url)))
    page.get_by_text("its hub wants something first").wait_for()
    page.get_by_role("button", name="Give a key").click()
    page.get_by_role("dialog").get_by_label("Key", exact=True).fill("hf_good")
    page.get_by_role("dialog").get_by_role("button", name="Keep and check").click()
    page.get_by_role("button", name="Get the missing one").click()
    page.get_by_text("Everything this workflow needs is here").wait_for()
    assert (root / "closed.safetensors").exists()


def test_names_are_fixed_in_a_copy_that_the_browser_saves(seen: Seen, tmp_path: Path) -> None:
    root = rooted(seen, tmp_path)
    body = model(root / "mine.safetensors", 3).read_bytes()
    scanned(seen)
    measured = seen.yard.ask("POST", f"{API}/library/measure", {}).json["id"]
    until(lambda: seen.yard.ask("GET", f"{API}/tasks/{measured}").json["state"] == "done")
    page = seen.open("/workflows")
    text = workflow(("theirs.safetensors", offered(seen, "theirs", body)))
    dropped(seen, text, "ink.json")
    page.get_by_text("Here it is called mine.safetensors").wait_for()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Fix names").click()
    assert saved.value.suggested_filename == "ink.fixed.json"
    assert Path(saved.value.path()).read_text() == text.replace('"theirs.safetensors"', '"mine.safetensors"')


def test_what_holds_no_workflow_is_explained(seen: Seen) -> None:
    page = seen.open("/workflows")
    dropped(seen, "{}", "empty.json")
    page.get_by_role("alert").get_by_text("no-workflow").wait_for()
    seen.said[:] = [line for line in seen.said if "400" not in line and "422" not in line]
