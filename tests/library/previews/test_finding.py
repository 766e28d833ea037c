"""A preview is found under every tool's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.library.previews.finding import find
from modelyard.library.sidecars.belonging import sidecars_of

MODEL = Path("/models/ink.v2.safetensors")

TOOLS = {  # field.md 2b, name by name
    "ComfyUI-Model-Manager": ".webm .preview.webm .mp4 .preview.mp4 .webp .preview.webp .png .preview.png .jpg "
    ".preview.jpg .jpeg .preview.jpeg .gif .preview.gif .bmp .preview.bmp",
    "LoRA-Manager": ".webp .preview.webp .preview.png .preview.jpeg .preview.jpg .preview.mp4 .png .jpeg .jpg .mp4 "
    ".gif .webm .avif .jxl .example.0.jpeg",
    "Stability Matrix": ".preview.png .preview.jpg .preview.jpeg .preview.webp",
    "Forge": ".png .preview.png .jpg .preview.jpg .jpeg .preview.jpeg .webp .preview.webp .gif .preview.gif",
    "SD.Next": ".thumb.jpg .thumb.jpeg .thumb.png .thumb.webp .thumb.gif .jpg .preview.jpg",
    "SwarmUI": ".jpg .png .preview.png .preview.jpg .jpeg .preview.jpeg .thumb.jpg .thumb.png",
    "rgthree": ".jpg .png .jpeg .webp",
}


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tools_names_are_found_and_move_with_the_model(tool: str) -> None:
    for ending in TOOLS[tool].split():
        names = {MODEL.name, f"ink.v2{ending}"}
        found = find(MODEL, names)
        assert found is not None and found.path == Path(f"/models/ink.v2{ending}"), ending
        assert found.kind == ("video" if ending.endswith(("mp4", "webm")) else "image")
        assert sidecars_of(MODEL, names).moves == (found.path,), ending


def test_the_exact_name_wins_over_one_in_other_case() -> None:
    assert find(MODEL, {"INK.v2.preview.png", "ink.v2.jpg"}).path.name == "ink.v2.jpg"  # type: ignore[union-attr]
    assert find(MODEL, {"INK.V2.PREVIEW.PNG", "ink.v2.txt"}).path.name == "INK.V2.PREVIEW.PNG"  # type: ignore[union-attr]


def test_ours_wins_and_pictures_win_over_videos() -> None:
    assert find(MODEL, {"ink.v2.png", "ink.v2.preview.png", "ink.v2.mp4"}).path.name == "ink.v2.preview.png"  # type: ignore[union-attr]
    assert find(MODEL, {"ink.v2.png", "ink.v2.preview.mp4"}).kind == "image"  # type: ignore[union-attr]
    assert find(MODEL, {"ink.v2.jxl", "ink.v2.mp4"}).kind == "video", "nothing here decodes JPEG XL"  # type: ignore[union-attr]


def test_other_models_pictures_are_not_taken() -> None:
    assert find(MODEL, {"ink.png", "ink.v2.b.png", "ink.v22.png", "ink.v2.svg"}) is None


def test_without_names_the_folder_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a.webp").touch()
    assert find(tmp_path / "a.ckpt").path == tmp_path / "a.webp"  # type: ignore[union-attr]
    assert find(tmp_path / "absent" / "a.ckpt") is None
