"""The real front end in a real Chromium, on the stand-in, with our extension in it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from comfyui.hosting import WHEELS, Comfy, env_of, hosted
from jobs.library import model
from modelyard.server.client import Client
from modelyard.testing import PracticeHub
from modelyard.testing.comfyui.front_ends import wheel
from web.pages import ARGUMENTS, until

API = "/api/v1"
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
"""The front end asks its makers' servers; here they are not found."""


@dataclass
class Window:
    """A page of ComfyUI that somebody works on."""

    page: Any
    comfy: Comfy
    hub: PracticeHub
    version: str
    said: list[str] = field(default_factory=list)

    def owner(self, method: str, path: str, body: Any = None) -> Any:
        """What the service's owner asks on its own page."""
        return Client(self.comfy.home).ask(method, API + path, body)[1]

    def offered(self, name: str, seed: int) -> bytes:
        """A LoRA on the practice hub, in a repository of its own; gives its bytes."""
        with tempfile.TemporaryDirectory() as room:
            body = model(Path(room, "made.safetensors"), seed, ss_output_name=name).read_bytes()
        self.hub.hf.add_repo(f"ink/{name}", {f"{name}.safetensors": body})
        return body

    def put(self, folder: str, name: str, seed: int, title: str) -> None:
        """A model that lies in a folder of this ComfyUI, known to the library."""
        model(self.comfy.base / "models" / folder / name, seed, ss_output_name=title)
        until(lambda: self.scanned() and self.owner("GET", f"/models?text={title.split()[0]}")["models"])

    def scanned(self) -> bool:
        """Scan to the end; one that ran already may have passed the place of a new file, so ask again then."""
        number = self.owner("POST", "/library/scan", {})["id"]
        return bool(until(lambda: self.owner("GET", f"/tasks/{number}")["state"] == "done"))

    def load(self, *nodes: dict[str, Any]) -> None:
        """Open a workflow of these nodes."""
        told = {"last_node_id": 9, "last_link_id": 0, "nodes": list(nodes), "links": [], "groups": [], "config": {}}
        self.page.evaluate("told => window.app.loadGraphData(told)", told | {"extra": {}, "version": 0.4})

    def hosts_panel(self, *nodes: dict[str, Any]) -> None:
        """Open a workflow, and what the host says of its missing models.

        What the host still looked up for the workflow before may end after this one was opened and take its word
        for this one, so it is opened again where nothing is said of it.
        """
        from playwright.sync_api import TimeoutError as TooLate

        details = self.page.get_by_role("button", name="View details").first
        for seconds in (10, 10, 30):
            self.load(*nodes)
            with contextlib.suppress(TooLate):
                details.click(timeout=1000 * seconds)
                return
        raise AssertionError("the host says nothing of missing models")

    def nodes(self) -> list[dict[str, Any]]:
        """Type and first value of the nodes on the canvas."""
        script = "() => window.app.graph._nodes.map(n => ({type: n.type, value: n.widgets?.[0]?.value}))"
        found: list[dict[str, Any]] = self.page.evaluate(script)
        return found

    def tab(self, name: str) -> Any:
        """Open our sidebar at a tab."""
        if not self.page.get_by_role("tab", name="Library").is_visible():
            self.page.get_by_role("button", name="Models", exact=True).first.click()
        self.page.get_by_role("tab", name=name).click()
        return self.page.get_by_role("tab", name=name)

    def drag(self, card: Any, x: int, y: int) -> None:
        """Take a card to a place on the canvas, with the mouse."""
        box = card.bounding_box()
        mouse = self.page.mouse
        mouse.move(box["x"] + 30, box["y"] + 30)
        mouse.down()
        mouse.move(x - 20, y - 20, steps=4)
        mouse.move(x, y)
        mouse.up()

    def card(self, title: str) -> Any:
        """A card of the library."""
        return self.page.locator(".card").filter(has_text=title)


def lora(name: str, told: dict[str, str] | None = None) -> dict[str, Any]:
    """A node that loads a LoRA, as a saved workflow holds it."""
    properties = {"models": [told]} if told else {}
    shape = {"pos": [700, 400], "size": [300, 100], "flags": {}, "order": 0, "mode": 0, "inputs": []}
    out = [{"name": "MODEL", "type": "MODEL", "links": []}]
    return shape | {
        "id": 1,
        "type": "LoraLoaderModelOnly",
        "outputs": out,
        "properties": properties,
        "widgets_values": [name],
    }


def declared(name: str) -> dict[str, str]:
    """What such a node says about its model."""
    url = f"https://huggingface.co/ink/{name}/resolve/main/{name}.safetensors"
    return {"name": f"{name}.safetensors", "url": url, "directory": "loras"}


@contextlib.contextmanager
def window_on(browser: Any, folder: Path, version: str, *options: str) -> Iterator[Window]:
    """A page of a stand-in with this front end, for the length of a block."""
    with PracticeHub() as hub:
        front_end = ("--front-end", str(wheel(WHEELS, version)), *options)
        with hosted(folder, *front_end, env=env_of(hub, folder)) as comfy:
            context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en")
            window = Window(context.new_page(), comfy, hub, version)
            window.page.on("pageerror", lambda error: window.said.append(str(error)))
            open_page(window)
            yield window
            context.close()


def open_page(window: Window) -> None:
    """Load the page, and wait until our extension is in it."""
    window.comfy.ask("POST", "/settings/Comfy.TutorialCompleted", True)  # else a choice of templates covers it
    window.page.goto(window.comfy.url)
    window.page.get_by_role("button", name="Models", exact=True).first.wait_for()
    until(lambda: window.comfy.ask("GET", "/modelyard/tasks").status == 200)
    window.page.evaluate("() => window.app.graph.clear()")


__all__ = ["ALONE", "ARGUMENTS", "Window", "declared", "lora", "open_page", "window_on"]
