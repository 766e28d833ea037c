"""Draws every page, light and dark, wide and on a phone, into docs/pictures: `python3 run.py pictures [PAGE …]`.

The yard behind it is real: a practice hub, a service, a library of true headers with holes for weights.
"""

from __future__ import annotations

import json
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from library.identify import cases, made
from programs.installed import trees
from server.serving import API
from web.art import painting
from web.pages import ARGUMENTS, CHROMIUM, Seen, looking, until

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
MB = 2**20
_BYTES = {"F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1}
_STYLES = [
    "Ink wash",
    "Paper cut",
    "Night train",
    "Porcelain",
    "Field notes",
    "Copper plate",
    "Slow river",
    "Glass bead",
]
_STYLES += ["Chalk", "Winter light", "Old map", "Gouache", "Moss", "Linocut", "Tin toy", "Harbour", "Velvet"]
_SHAPES = [("wide", 1440, 900), ("phone", 360, 740)]
_MODULES = [(f"lora_unet_output_blocks_{a}_1_transformer_blocks_0_attn1_to_q", 1280, 1280) for a in range(6)]


def main(wanted: list[str]) -> int:
    """Draw the pages; the exit code says whether the console stayed silent."""
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        print("Chromium is needed: on Debian and Ubuntu, sudo apt install chromium.", file=sys.stderr)
        return 1
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        with looking(browser, Path(folder) / "yard") as seen:
            fill(seen, Path(folder) / "ComfyUI" / "models")
            for name, act in PAGES.items():
                if not wanted or name in wanted:
                    draw(seen, name, act)
        browser.close()
        print(*seen.said, sep="\n", end="")
        return int(bool(seen.said))


def draw(seen: Seen, name: str, act: Callable[[Seen], None]) -> None:
    """One page in every scheme and shape."""
    for scheme in ("light", "dark"):
        for shape, width, height in _SHAPES:
            seen.page.set_viewport_size({"width": width, "height": height})
            seen.page.emulate_media(color_scheme=scheme)
            act(seen)
            seen.page.wait_for_load_state("networkidle")
            seen.page.wait_for_timeout(700)
            seen.page.screenshot(path=PICTURES / f"{name}-{scheme}-{shape}.png")


def fill(seen: Seen, models: Path) -> None:
    """A yard in the middle of a working day."""
    trees.comfy(models.parent)
    other = trees.web_ui(models.parents[1] / "stable-diffusion-webui")
    folders = {"diffusion_model": "diffusion_models", "text_encoder": "text_encoders", "controlnet": "controlnet"}
    for name, ((kind, _), header) in cases.MODELS.items():
        tensors = {each: (tensor.dtype, tensor.shape) for each, tensor in header.tensors.items()}
        sparse(models / folders.get(kind, "checkpoints") / f"{name.replace(' ', '_')}.safetensors", tensors)
    for at, style in enumerate(_STYLES):
        pairs = made.lora(_MODULES, (8, 16, 32)[at % 3])
        tensors = {each: ("F16", shape) for each, shape in pairs}
        sparse(models / "loras" / f"{style.replace(' ', '_')}.safetensors", tensors, ss_output_name=style)
    for at in range(4):
        tensors = {each: ("F16", shape) for each, shape in made.lora(_MODULES, 8 * (at + 1))}
        sparse(other / "models" / "Lora" / f"Lantern_{at}.safetensors", tensors)
    seen.yard.ask("PUT", f"{API}/programs/places", {"path": str(models.parents[1])})
    for folder in sorted(path for path in models.iterdir() if any(path.iterdir())):
        seen.yard.ask("PUT", f"{API}/roots", {"path": str(folder), "folder": folder.name})
    every = len(cases.MODELS) + len(_STYLES)
    until(lambda: len(seen.yard.ask("GET", f"{API}/models?limit=200").json["models"]) == every, 60)
    for at, model in enumerate(seen.yard.ask("GET", f"{API}/models?limit=200").json["models"]):
        seen.yard.ask("POST", f"{API}/models/{model['id']}/preview", painting(at), Content_Type="image/png")
        if at % 5 == 0:
            seen.yard.ask("PATCH", f"{API}/models/{model['id']}", {"favourite": True, "tags": ["keep"]})
    _queue(seen)
    seen.open()


def ended(seen: Seen, number: int) -> None:
    """Wait for a task."""
    while seen.yard.ask("GET", f"{API}/tasks/{number}").json["state"] not in ("done", "failed"):
        time.sleep(0.1)


def _queue(seen: Seen) -> None:
    hub = seen.hub.hf
    hub.add_repo("atelier/inkwash-xl", {"inkwash-xl.safetensors": 96 * MB, "config.json": b"{}"})
    hub.add_repo("atelier/paper-theatre", {"paper-theatre.gguf": 900 * MB})
    hub.add_repo("atelier/night-train", {"night-train.safetensors": 700 * MB, "vae.safetensors": 80 * MB})
    hub.add_repo("atelier/only-friends", {"only-friends.safetensors": 8 * MB}, gated="auto")
    ids = seen.yard.ask("POST", f"{API}/tasks", {"addresses": ["hf:atelier/inkwash-xl", "hf:atelier/only-friends"]})
    for number in ids.json["ids"]:
        ended(seen, number)
    seen.hub.faults.speed = 3 * MB
    later = ["hf:atelier/paper-theatre", "hf:atelier/night-train", "civitai:133005", "hf:atelier/inkwash-xl@main"]
    seen.yard.ask("POST", f"{API}/tasks", {"addresses": later})


def sparse(path: Path, tensors: dict[str, tuple[str, tuple[int, ...]]], **metadata: str) -> None:
    """A safetensors file whose weights are a hole."""
    told: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    at = 0
    for name, (dtype, shape) in tensors.items():
        size = _BYTES.get(dtype, 2)
        for edge in shape:
            size *= edge
        told[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    head = json.dumps(told).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        file.truncate(8 + len(head) + at)


def at(path: str) -> Callable[[Seen], None]:
    """Just go there."""

    def act(seen: Seen) -> None:
        seen.page.goto(seen.yard.url + path)
        seen.page.get_by_role("heading", level=1).wait_for(state="attached")

    return act


def _downloads(seen: Seen) -> None:
    at("/")(seen)
    seen.page.locator("footer").get_by_text("iB/s").wait_for()


def _adding(seen: Seen) -> None:
    at("/")(seen)
    seen.paste("hf:atelier/night-train")
    seen.page.get_by_role("dialog").get_by_role("checkbox").nth(1).wait_for()


def _inspector(seen: Seen) -> None:
    at("/?show=failed")(seen)
    seen.page.locator("[data-row]").first.click()


def _workflow(seen: Seen) -> None:
    at("/workflows")(seen)
    wanted = [
        ("Ink_wash", ""),
        ("Night_train", ""),
        ("inkwash-xl", "inkwash-xl"),
        ("only-friends", "only-friends"),
        ("paper-lantern", ""),
    ]
    nodes = []
    for number, (name, repository) in enumerate(wanted):
        url = f"{seen.hub.url}/atelier/{repository}/resolve/main/{name}.safetensors"
        named = [{"name": f"{name}.safetensors", "url": url, "directory": "loras"}] if repository else []
        values, more = [f"{name}.safetensors", 1, 1], {"models": named}
        nodes.append({"id": number, "type": "LoraLoader", "mode": 0, "widgets_values": values, "properties": more})
    text = json.dumps({"nodes": nodes, "links": [], "version": 0.4})
    file = {"name": "harbour at night.json", "mimeType": "application/json", "buffer": text.encode()}
    seen.page.locator("input[type=file]").set_input_files(file)
    seen.page.get_by_text("not found").wait_for()


def _compare(seen: Seen) -> None:
    models = seen.yard.ask("GET", f"{API}/models?kind=lora&limit=3").json["models"]
    seen.page.goto(f"{seen.yard.url}/library?compare=" + ",".join(str(model["id"]) for model in models))
    seen.page.get_by_role("columnheader").nth(2).wait_for()


def _offer(seen: Seen) -> None:
    at("/browse?find=practice&model=civitai:100")(seen)
    seen.page.get_by_role("complementary").get_by_text("free").wait_for()


def _here(seen: Seen) -> None:
    (model, *_) = seen.yard.ask("GET", f"{API}/models?text=ink&limit=1").json["models"]
    at(f"/library?find={model['title']}")(seen)
    seen.page.locator("[data-card]").first.click(button="right")
    seen.page.get_by_role("menuitem", name="What can be done?").click()
    seen.page.get_by_role("dialog").get_by_role("button", name="Verify").wait_for()


def _model(seen: Seen) -> None:
    (model, *_) = seen.yard.ask("GET", f"{API}/models?text=ink&limit=1").json["models"]
    at(f"/library?model={model['id']}")(seen)


PAGES = {
    "downloads": _downloads,
    "adding": _adding,
    "inspector": _inspector,
    "browse": at("/browse?find=practice"),
    "offer": _offer,
    "library": at("/library"),
    "model": _model,
    "here": _here,
    "compare": _compare,
    "workflows": _workflow,
    "tools": at("/tools"),
    "history": at("/history"),
    "statistics": at("/history?view=statistics"),
    "health": at("/health"),
    "space": at("/health?part=space"),
    "settings": at("/settings"),
    "limits": at("/settings?part=downloads"),
    "keys": at("/settings?part=keys"),
    "backups": at("/settings?part=keep"),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
