"""Every door of the extension, clicked in the real front end."""

from __future__ import annotations

import hashlib
import json
import re
from urllib.parse import urlsplit

import pytest

from comfyui.hosting import end_service
from comfyui.windows import Window, declared, lora
from modelyard.testing.models import safetensors_of_size
from programs.installed.trees import gguf
from web.pages import until

pytestmark = pytest.mark.slow


def test_the_button_opens_the_sidebar_with_cards_and_pictures(window: Window) -> None:
    window.put("loras", "opens.safetensors", 1, "Opening night")
    window.tab("Library")
    card = window.card("Opening night")
    card.wait_for()
    drawn = "image => image.complete && image.naturalWidth > 0"
    until(lambda: card.locator("img").evaluate(drawn))


def test_a_search_narrows_the_library_and_enter_asks_the_hubs(window: Window) -> None:
    body = window.offered("charcoal", 2)
    files = {"charcoal.safetensors": body, "more/second.safetensors": safetensors_of_size(9_000)}
    window.hub.hf.add_repo("ink/charcoal", files)
    window.put("loras", "oil.safetensors", 3, "Oil paint")
    window.put("loras", "tar.safetensors", 4, "Tar paint")
    window.tab("Library")
    search = window.page.get_by_label("Search models")
    window.card("Tar paint").wait_for()
    search.fill("oil")
    window.card("Tar paint").wait_for(state="detached")
    window.card("Oil paint").wait_for()
    search.fill("charcoal")
    search.press("Enter")
    window.page.get_by_role("button", name="charcoal").click()
    for name, folder in (("charcoal", "loras"), ("second", "vae")):
        row = window.page.locator(".file").filter(has_text=f"{name}.safetensors")
        row.get_by_label("Into").select_option(folder)
        row.get_by_role("button", name="Get", exact=True).click()
    until(lambda: "charcoal.safetensors" in window.comfy.listed("loras"))
    until(lambda: window.comfy.listed("vae"))
    (landed,) = (window.comfy.base / "models" / "vae").rglob("second.safetensors")
    assert landed.stat().st_size == 9_000
    assert (window.comfy.base / "models" / "loras" / "charcoal.safetensors").read_bytes() == body
    window.card("charcoal").filter(has_text="SDXL").wait_for()  # nobody reloaded
    search.fill("")


def test_a_card_dragged_onto_the_canvas_makes_a_loader_and_onto_a_loader_fills_it(window: Window) -> None:
    window.put("loras", "sub/drag.safetensors", 5, "Dragged")
    window.put("loras", "drop.safetensors", 6, "Dropped")
    window.tab("Library")
    window.card("Dragged").wait_for()
    window.drag(window.card("Dragged"), 600, 250)
    until(lambda: window.nodes() == [{"type": "LoraLoader", "value": "sub/drag.safetensors"}])
    window.drag(window.card("Dropped"), 640, 265)
    until(lambda: window.nodes()[0]["value"] == "drop.safetensors")
    assert len(window.nodes()) == 1
    window.page.evaluate("() => window.app.graph.clear()")
    at = "() => window.app.clientPosToCanvasPos([600, 250])"
    made = "at => { const n = LiteGraph.createNode('VAELoader'); n.pos = at; window.app.graph.add(n) }"
    window.page.evaluate(made, window.page.evaluate(at))
    window.drag(window.card("Dropped"), 640, 265)
    until(lambda: [node["type"] for node in window.nodes()] == ["VAELoader", "LoraLoader"])  # it loads no LoRAs
    assert window.nodes()[1]["value"] == "drop.safetensors"


def test_a_gguf_file_goes_into_the_loader_that_reads_it_or_nobody_does(window: Window) -> None:
    gguf(window.comfy.base / "models" / "diffusion_models" / "quartz.gguf")
    until(lambda: window.scanned() and window.owner("GET", "/models?text=quartz")["models"])
    window.tab("Library")
    window.card("quartz").press("Enter")
    window.page.get_by_text("No node here loads diffusion_models.").first.wait_for()
    assert window.nodes() == []
    known = """() => LiteGraph.registerNodeType('UnetLoaderGGUF', class extends LiteGraph.LGraphNode {
      constructor() { super('GGUF'); this.addWidget('combo', 'unet_name', '', () => {}, {values: ['quartz.gguf']}) }
    })"""
    window.page.evaluate(known)
    try:
        window.card("quartz").press("Enter")
        until(lambda: window.nodes() == [{"type": "UnetLoaderGGUF", "value": "quartz.gguf"}])
    finally:
        window.page.evaluate("() => { window.app.graph.clear(); LiteGraph.unregisterNodeType('UnetLoaderGGUF') }")


def test_enter_and_a_double_click_on_a_card_insert_it(window: Window) -> None:
    window.put("vae", "keys.safetensors", 7, "Keyboard")
    window.tab("Library")
    window.card("Keyboard").press("Enter")
    until(lambda: window.nodes() == [{"type": "VAELoader", "value": "keys.safetensors"}])
    window.card("Keyboard").dblclick()
    until(lambda: window.nodes() == [{"type": "VAELoader", "value": "keys.safetensors"}] * 2)


def test_what_a_workflow_misses_comes_by_one_click(window: Window) -> None:
    body = window.offered("pastel", 8)
    window.load(lora("pastel.safetensors", declared("pastel")))
    window.tab("Missing")
    window.page.get_by_text("pastel.safetensors", exact=True).first.wait_for()
    window.page.get_by_role("button", name="Get 1 model").click()
    until(lambda: "pastel.safetensors" in window.comfy.listed("loras"))
    landed = window.comfy.base / "models" / "loras" / "pastel.safetensors"
    assert hashlib.sha256(landed.read_bytes()).digest() == hashlib.sha256(body).digest()
    options = "() => window.app.graph._nodes[0].widgets[0].options.values"
    until(lambda: "pastel.safetensors" in window.page.evaluate(options))  # the list of the node, by itself
    until(lambda: not window.page.evaluate("() => window.app.graph._nodes[0].has_errors"))
    window.tab("Missing")
    window.page.get_by_text("Every model of this workflow is here.").wait_for()


def test_hubs_are_asked_about_a_workflow_when_somebody_says_so(window: Window) -> None:
    window.offered("ochre", 21)
    window.load(lora("ochre.safetensors", declared("ochre")), lora("never-seen.safetensors", {}))
    asked: list[str] = []
    note = lambda request: asked.append(request.url) if "/workflows/plan" in request.url else None  # noqa: E731
    window.page.on("request", note)
    window.tab("Missing")
    words = window.page.get_by_text("no hub was asked", exact=False).first
    words.wait_for()
    assert all(url.endswith("search=false") for url in asked) and asked
    window.page.get_by_role("button", name="Ask the hubs").click()
    words.wait_for(state="detached")
    assert asked[-1].endswith("search=true")
    window.page.get_by_role("button", name="Get 1 model").wait_for()
    window.page.remove_listener("request", note)


def test_what_its_hub_gates_is_told_with_the_way_to_ask_for_it(window: Window) -> None:
    told = {"name": "model.safetensors", "directory": "loras"}
    window.load(
        lora("model.safetensors", told | {"url": "https://huggingface.co/org/gated/resolve/main/model.safetensors"})
    )
    window.tab("Missing")
    window.page.get_by_role("button", name="Ask the hubs").click()
    link = window.page.get_by_role("link", name="Ask for access")
    link.wait_for()
    assert urlsplit(link.get_attribute("href")).path == "/org/gated" and "noopener" in link.get_attribute("rel")


def test_a_file_that_may_be_the_wanted_one_is_told_and_fetched_when_a_person_chooses_it(window: Window) -> None:
    body = window.offered("mauve", 33)
    window.load(lora("mauve.safetensors"))  # the workflow says no place of it
    window.tab("Missing")
    window.page.get_by_role("button", name="Ask the hubs").click()
    perhaps = window.page.get_by_text("perhaps ink/mauve/mauve.safetensors", exact=False).first
    assert "of 100" in perhaps.inner_text() and perhaps.get_attribute("title")
    assert window.comfy.listed("loras").count("mauve.safetensors") == 0
    perhaps.get_by_role("button", name="Get this one").click()
    until(lambda: "mauve.safetensors" in window.comfy.listed("loras"))
    assert (window.comfy.base / "models" / "loras" / "mauve.safetensors").read_bytes() == body
    window.page.get_by_text("Every model of this workflow is here.").wait_for()


def test_the_hosts_own_download_button_comes_to_us_and_its_panel_notices(window: Window) -> None:
    window.offered("gouache", 9)
    window.hosts_panel(lora("gouache.safetensors", declared("gouache")))
    window.page.get_by_test_id("missing-model-download").click()
    until(lambda: "gouache.safetensors" in window.comfy.listed("loras"))
    window.page.get_by_test_id("missing-model-download").wait_for(state="detached")


def test_download_all_of_the_hosts_panel_comes_to_us_also_where_always_is_chosen(window: Window) -> None:
    for number, name in ((31, "umber"), (32, "sienna")):
        window.offered(name, number)
    choose(window, "never")
    choose(window, "always")
    first, second = (lora(f"{name}.safetensors", declared(name)) for name in ("umber", "sienna"))
    window.hosts_panel(first, second | {"id": 2})
    window.page.get_by_test_id("missing-model-download-all").click()
    until(lambda: {"umber.safetensors", "sienna.safetensors"} <= set(window.comfy.listed("loras")))
    choose(window, "when tested")


def choose(window: Window, value: str) -> None:
    """The setting of the host's own buttons."""
    said = "value => window.app.extensionManager.setting.set('Modelyard.NativeDownloads', value)"
    window.page.evaluate(said, value)


def test_the_setting_gives_the_buttons_back_to_the_host(window: Window) -> None:
    there = "() => Boolean(window.__comfyDesktop2)"
    assert window.page.evaluate(there)
    choose(window, "never")
    assert not window.page.evaluate(there)
    choose(window, "when tested")
    assert window.page.evaluate(there)


def test_the_setting_is_chosen_in_the_hosts_dialog(window: Window) -> None:
    there = "() => Boolean(window.__comfyDesktop2)"
    window.page.keyboard.press("Control+,")
    dialog = window.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Modelyard").click()
    for value, ours in (("never", False), ("always", True), ("when tested", True)):
        dialog.get_by_role("combobox", name="Download buttons of the missing-models panel").click()
        with window.page.expect_request("**/settings/Modelyard.NativeDownloads") as kept:
            window.page.get_by_role("option", name=value).click()
        assert kept.value.post_data_json == value  # its host is asked to keep it
        until(lambda ours=ours: window.page.evaluate(there) is ours)
    dialog.get_by_role("button", name="Close dialog").click()
    dialog.wait_for(state="detached")


def test_the_library_shows_one_folder_when_it_is_chosen(window: Window) -> None:
    window.put("loras", "filtered.safetensors", 41, "Sieved film")
    window.put("vae", "filtering.safetensors", 42, "Sieved glass")
    window.tab("Library")
    search, folder = window.page.get_by_label("Search models"), window.page.get_by_label("Folder", exact=True)
    search.fill("Sieved")
    window.card("Sieved film").wait_for()
    folder.select_option("vae")
    window.card("Sieved film").wait_for(state="detached")
    window.card("Sieved glass").wait_for()
    folder.select_option("")
    window.card("Sieved film").wait_for()
    search.fill("")


def test_the_icon_of_the_sidebar_opens_and_closes_it(window: Window) -> None:
    window.tab("Library")
    library = window.page.get_by_role("tab", name="Library")
    icon = window.page.locator(".modelyard-tab-button, [data-testid=modelyard-tab-button]").first
    icon.click()
    library.wait_for(state="detached")
    icon.click()
    library.wait_for()


def test_the_services_own_page_is_one_click_away_and_its_address_holds_no_secret(window: Window) -> None:
    window.tab("Library")
    link = window.page.get_by_role("link", name="Open Modelyard")
    with window.page.context.expect_page() as opened:
        link.click()
    try:
        told = json.loads((window.comfy.home / "service.json").read_text())["url"]
        assert link.get_attribute("href") == told and "?" not in told and "#" not in told
        until(lambda: opened.value.url.startswith(told))
        assert opened.value.evaluate("() => [window.opener, document.referrer]") == [None, ""]
    finally:
        opened.value.close()


def test_the_services_own_page_inserts_into_the_open_canvas(window: Window) -> None:
    window.put("upscale_models", "sharp.safetensors", 10, "Sharper")
    (known,) = window.owner("GET", "/models?text=Sharper")["models"]
    assert window.owner("GET", "/comfyui") == {"pages": 1}
    assert window.owner("POST", "/comfyui/insert", {"id": known["id"]}) == {"pages": 1}
    until(lambda: window.nodes() == [{"type": "UpscaleModelLoader", "value": "sharp.safetensors"}])


def test_a_queued_prompt_fetches_its_model_and_tells_that_it_was_used(window: Window) -> None:
    window.offered("etching", 11)
    made = """() => {
      const types = ['ModelyardEnsureLoRA', 'VAELoader', 'PreviewAny']
      const [ensure, load, show] = types.map(one => LiteGraph.createNode(one))
      for (const node of [ensure, load, show]) window.app.graph.add(node)
      ensure.widgets.find(one => one.name === 'address').value = 'hf:ink/etching/etching.safetensors'
      const fits = Boolean(ensure.connect(0, load, load.findInputSlot('vae_name')))
      window.app.graph.remove(load)
      return fits && Boolean(ensure.connect(0, show, 0))
    }"""
    assert window.page.evaluate(made)  # the front end lets the name into a list of names, too
    window.page.get_by_test_id("queue-button").first.click()
    history = until(lambda: window.comfy.ask("GET", "/history").json)
    (ran,) = history.values()
    assert ran["status"]["status_str"] == "success", ran["status"]
    assert {"text": ["etching.safetensors"]} in ran["outputs"].values()
    until(lambda: [one["uses"] for one in window.owner("GET", "/models?text=etching")["models"]] == [1])


def test_a_stopped_service_is_said_and_started_again_by_a_click(window: Window) -> None:
    window.put("loras", "still.safetensors", 12, "Still life")
    end_service(window.comfy.home)
    window.tab("Library")
    start = window.page.get_by_role("button", name="Start it")
    start.wait_for()
    assert window.comfy.ask("GET", "/modelyard/tasks").json["code"] == "no-service"
    start.click()
    start.wait_for(state="detached")
    window.card("Still life").wait_for()


def test_no_text_of_a_stranger_becomes_markup(window: Window) -> None:
    evil = "<img src=x onerror=window.said=1>"
    window.put("loras", "evil.safetensors", 13, f"Evil {evil}")
    window.tab("Library")
    window.card(f"Evil {evil}").wait_for()
    assert window.page.locator(".card img[src=x]").count() == 0
    assert window.page.evaluate("() => window.said") is None


def test_the_hosts_menu_of_extensions_opens_what_is_missing(window: Window) -> None:
    window.tab("Library")
    window.page.get_by_role("button", name="Models", exact=True).first.click()
    window.page.get_by_role("tab", name="Library").wait_for(state="detached")
    window.page.locator("[class*=comfyui-logo]").first.click()
    window.page.get_by_role("menuitem", name="Extensions").first.hover()
    window.page.get_by_role("menuitem", name="Modelyard: find missing models").click()
    window.page.get_by_text("Every model of this workflow is here.").wait_for()


def test_what_is_here_under_another_name_is_put_into_the_workflow_by_a_click(window: Window) -> None:
    body = window.offered("sepia", 14)
    place = window.comfy.base / "models" / "loras" / "mine" / "brown.safetensors"
    place.parent.mkdir(parents=True)
    place.write_bytes(body)
    known = until(lambda: window.scanned() and window.owner("GET", "/models?text=brown")["models"])
    window.owner("POST", "/library/measure", {"ids": [known[0]["id"]]})
    until(lambda: window.owner("GET", "/models?text=brown")["models"][0]["sha256"])
    told = declared("sepia") | {"hash": hashlib.sha256(body).hexdigest(), "hash_type": "SHA256"}
    window.load(lora("sepia.safetensors", told))
    window.tab("Missing")
    window.page.get_by_role("button", name="Use mine/brown.safetensors").click()
    until(lambda: window.nodes()[0]["value"] == "mine/brown.safetensors")
    window.page.get_by_text("Every model of this workflow is here.").wait_for()


def test_of_two_pages_the_one_that_was_looked_at_last_answers(window: Window) -> None:
    window.put("vae", "once.safetensors", 15, "Once only")
    (known,) = window.owner("GET", "/models?text=Once")["models"]
    second = window.page.context.new_page()
    try:
        second.goto(window.comfy.url)
        second.get_by_role("button", name="Models", exact=True).first.wait_for()
        second.evaluate("() => window.app.graph.clear()")
        second.bring_to_front()
        second.evaluate("() => window.dispatchEvent(new Event('focus'))")
        until(lambda: window.owner("POST", "/comfyui/insert", {"id": known["id"]}) == {"pages": 2})
        until(lambda: second.evaluate("() => window.app.graph._nodes.length"))
        assert window.nodes() == []
    finally:
        second.close()
        window.page.bring_to_front()
        window.page.evaluate("() => window.dispatchEvent(new Event('focus'))")


def test_the_queue_shows_how_far_it_is_pauses_resumes_cancels_and_tries_again(window: Window) -> None:
    window.hub.hf.add_repo("ink/long", {"long.safetensors": safetensors_of_size(3_000_000)})
    window.hub.faults.speed = 200_000
    try:
        want = {"address": "hf:ink/long/long.safetensors", "folder": "loras"}
        window.comfy.ask("POST", "/modelyard/ensure", {"wants": [want]})
        window.tab("Queue")
        row = window.page.locator(".row").filter(has_text="long")
        row.filter(has_text=re.compile(r"KiB of 2\.9 MiB · .+/s")).wait_for()
        assert 0 < row.locator("progress").evaluate("bar => bar.value") < 1
        row.get_by_role("button", name="pause").click()
        row.filter(has_text="paused").wait_for()
        row.get_by_role("button", name="resume").click()
        row.get_by_role("button", name="pause").wait_for()
        row.get_by_role("button", name="cancel").click()
        retry = row.get_by_role("button", name="retry")
        retry.wait_for()
        window.hub.faults.speed = None
        retry.click()
        until(lambda: "long.safetensors" in window.comfy.listed("loras"))
    finally:
        window.hub.faults.speed = None


def test_the_queue_shows_what_is_on_its_way_behind_hundreds_that_ended(window: Window) -> None:
    window.hub.hf.add_repo("ink/late", {"late.safetensors": safetensors_of_size(1_200_000)})
    items = [{"address": f"hf:ink/ended/{number}.safetensors"} for number in range(250)]
    window.owner(
        "POST", "/tasks/actions", {"do": "cancel", "ids": window.owner("POST", "/tasks", {"items": items})["ids"]}
    )
    window.hub.faults.speed = 200_000
    try:
        want = {"address": "hf:ink/late/late.safetensors", "folder": "loras"}
        window.comfy.ask("POST", "/modelyard/ensure", {"wants": [want]})
        window.tab("Queue")
        window.page.locator(".row").filter(has_text="late").get_by_role("button", name="pause").wait_for()
        counts = window.owner("GET", "/tasks?kind=download")["counts"]
        waiting = sum(number for state, number in counts.items() if state not in ("done", "cancelled"))
        assert window.page.get_by_role("tab", name="Queue").inner_text() == f"Queue ({waiting})" and waiting
    finally:
        window.hub.faults.speed = None
    until(lambda: "late.safetensors" in window.comfy.listed("loras"))


def test_only_a_download_that_ended_asks_again_what_is_missing(window: Window) -> None:
    window.offered("landing", 417)
    window.tab("Missing")
    window.page.get_by_text("Every model of this workflow is here.").wait_for()
    asked: list[str] = []
    note = lambda request: asked.append(request.url) if "/workflows/plan" in request.url else None  # noqa: E731
    window.page.on("request", note)
    for _ in "ab":  # the first scan may bring what earlier tests left, the second one brings nothing
        asked.clear()
        number = window.owner("POST", "/library/scan", {})["id"]
        until(lambda number=number: window.owner("GET", f"/tasks/{number}")["state"] == "done", 60)
        window.page.wait_for_timeout(1500)  # longer than landings are gathered for before they are asked about
    assert not asked
    want = {"address": "hf:ink/landing/landing.safetensors", "folder": "loras"}
    window.comfy.ask("POST", "/modelyard/ensure", {"wants": [want]})
    until(lambda: window.page.wait_for_timeout(50) or asked, 60)  # what it asked is heard while it is waited for
    window.page.remove_listener("request", note)


def test_keys_pressed_in_the_sidebar_do_not_reach_the_canvas(window: Window) -> None:
    window.put("vae", "keep.safetensors", 16, "Keep me")
    window.tab("Library")
    window.card("Keep me").press("Enter")
    until(window.nodes)
    window.page.evaluate("() => window.app.canvas.selectItems(window.app.graph._nodes)")
    window.card("Keep me").press("Delete")
    search = window.page.get_by_label("Search models")
    search.press("Delete")
    assert len(window.nodes()) == 1
    search.press_sequentially("qwnmrg .")  # each opens, closes or changes something in the host
    assert search.input_value() == "qwnmrg ."
    for keys in ("Control+a", "Control+c", "End", "Control+v"):
        search.press(keys)
    assert search.input_value() == "qwnmrg ." * 2
    window.page.wait_for_timeout(200)  # whatever these keys did to the host would be seen by now
    assert len(window.nodes()) == 1 and search.is_visible()
    search.fill("")
