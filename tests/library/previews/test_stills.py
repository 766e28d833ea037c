"""A still of a real video, where something here can decode one."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

from library.previews.pictures import opened
from modelyard.library.previews.decoder import Decoder


@pytest.mark.peers
@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg makes the video")
@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_the_first_frame_is_shown(tmp_path: Path, name: str) -> None:
    source = ["-f", "lavfi", "-i", "color=c=red:size=320x480:rate=8:duration=1"]
    subprocess.run(["ffmpeg", "-v", "error", *source, str(tmp_path / name)], check=True)
    with Decoder(children=1) as decoder:
        still = opened(decoder.still(tmp_path / name, 128, "png"))
    assert still.size == (128, 192)
    red, green, blue = still.convert("RGB").getpixel((64, 96))  # type: ignore[misc]
    assert red > 200 and green < 40 and blue < 40


def test_without_a_decoder_the_refusal_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("av"):
        pytest.skip("PyAV is here")
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftypisom" + b"\0" * 99)
    with Decoder(children=1) as decoder, pytest.raises(Exception, match="neither PyAV nor ffmpeg"):
        decoder.still(tmp_path / "a.mp4", 64)
