"""Draws our sidebar in ComfyUI's real front end into docs/pictures: `python3 run.py pictures comfyui`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from comfyui.windows import ALONE, ARGUMENTS, window_on
from jobs.library import model
from modelyard.testing.comfyui.front_ends import VERSIONS
from web.art import painting
from web.pages import CHROMIUM, until

PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "comfyui.png"
TITLES = ["Ink wash", "Paper cut", "Night train", "Porcelain", "Copper plate", "Slow river", "Old map", "Linocut"]


def main() -> int:
    """Draw it."""
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        sys.stderr.write("Chromium is needed: on Debian and Ubuntu, sudo apt install chromium.\n")
        return 1
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, ALONE])
        with window_on(browser, Path(folder), VERSIONS[0]) as window:
            for number, title in enumerate(TITLES):
                place = window.comfy.base / "models" / "loras" / f"{title.lower().replace(' ', '-')}.safetensors"
                model(place, number, ss_output_name=title)
                place.with_suffix(".preview.png").write_bytes(painting(number))
            until(lambda: window.scanned() and len(window.owner("GET", "/models")["models"]) == len(TITLES))
            window.tab("Library")
            window.card(TITLES[0]).press("Enter")
            until(window.nodes)
            window.card(TITLES[-1]).wait_for()
            pictures = window.page.locator(".card img")
            until(lambda: pictures.evaluate_all("all => all.length > 5 && all.every(one => one.naturalWidth)"))
            window.page.get_by_label("Search models").scroll_into_view_if_needed()
            window.page.wait_for_timeout(1500)  # the host's own pictures fade in
            window.page.screenshot(path=PICTURE)
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
