"""A still of a real video, by PyAV and by ffmpeg, each in a limited child."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import pytest

from library.previews.pictures import opened
from modelyard.errors import PreviewRefused
from modelyard.library.previews.child import MEMORY
from modelyard.library.previews.decoder import Decoder

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
WITHOUT_AV = f"""
import sys
sys.modules["av"] = None
from modelyard.library.limited import limit
limit({MEMORY})
from modelyard.library.previews import pictures, stills
try:
    sys.stdout.buffer.write(stills.still(sys.argv[1], 128, "png"))
except pictures.Refused as error:
    sys.exit(str(error))
"""


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of red, once as MP4 and once as WebM."""
    folder = tmp_path_factory.mktemp("videos")
    source = ["-f", "lavfi", "-i", "color=c=red:size=320x480:rate=8:duration=1"]
    subprocess.run([FFMPEG, "-v", "error", *source, folder / "a.mp4", folder / "a.webm"], check=True)
    return folder


def check(still: bytes) -> None:
    picture = opened(still)
    assert picture.size == (128, 192)
    red, green, blue = picture.convert("RGB").getpixel((64, 96))  # type: ignore[misc]
    assert red > 200 and green < 40 and blue < 40


def without_av(video: Path, programs: Path) -> subprocess.CompletedProcess[bytes]:
    environ = {**os.environ, "PATH": str(programs)}
    return subprocess.run([sys.executable, "-c", WITHOUT_AV, video], env=environ, capture_output=True, timeout=60)


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_the_first_frame_is_shown_by_pyav(videos: Path, name: str) -> None:
    assert importlib.util.find_spec("av"), "the tests bring it"
    with Decoder(children=1) as decoder:
        check(decoder.still(videos / name, 128, "png"))


@pytest.mark.skipif(os.name == "nt", reason="a link stands for the program")
@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_the_first_frame_is_shown_by_ffmpeg_where_there_is_no_pyav(tmp_path: Path, videos: Path, name: str) -> None:
    (tmp_path / "ffmpeg").symlink_to(FFMPEG)
    told = without_av(videos / name, tmp_path)
    assert told.returncode == 0, told.stderr
    check(told.stdout)


@pytest.mark.skipif(os.name == "nt", reason="a link stands for the program")
@pytest.mark.parametrize("cut", [40, 400])
def test_a_video_that_is_cut_short_is_refused_by_both(tmp_path: Path, videos: Path, cut: int) -> None:
    (tmp_path / "ffmpeg").symlink_to(FFMPEG)
    (tmp_path / "a.mp4").write_bytes((videos / "a.mp4").read_bytes()[:cut])
    with Decoder(children=1) as decoder, pytest.raises(PreviewRefused):
        decoder.still(tmp_path / "a.mp4", 64)
    assert b"ffmpeg cannot decode it" in without_av(tmp_path / "a.mp4", tmp_path).stderr


def test_without_a_decoder_the_refusal_says_so(tmp_path: Path, videos: Path) -> None:
    assert without_av(videos / "a.mp4", tmp_path).stderr.strip() == b"neither PyAV nor ffmpeg is installed"
