"""A still of a video, by PyAV when it is installed, else by ffmpeg when it is. Runs in the limited child only.

Only the demuxer that the first bytes name is used: playlists among ffmpeg's formats can name other files.
"""

from __future__ import annotations

import importlib.util
import io
import shutil
import subprocess

from PIL import Image

from modelyard.library.previews.containers import form_of
from modelyard.library.previews.pictures import MOST_PIXELS, Refused, encoded, shrunk

_DEMUXERS = {"mp4": "mov", "webm": "matroska"}
_SECONDS = 8
_HEAD = 64


def still(path: str, width: int, form: str) -> bytes:
    """The first whole frame of a video.

    Args:
        path: Absolute.

    Raises:
        Refused: It is no MP4 or WebM, broken, or nothing here can decode it.
    """
    with open(path, "rb") as file:
        container = form_of(file.read(_HEAD))
    if container not in _DEMUXERS:
        raise Refused("it is no MP4 or WebM video")
    demuxer = _DEMUXERS[container]
    picture = _by_av(path, demuxer) if importlib.util.find_spec("av") else _by_ffmpeg(path, demuxer, width)
    return encoded(shrunk(picture, width), form)


def _by_av(path: str, demuxer: str) -> Image.Image:
    av = importlib.import_module("av")
    try:
        with av.open(path, format=demuxer, options={"protocol_whitelist": "file"}) as video:
            stream = video.streams.video[0]
            stream.thread_count = 1
            if stream.width * stream.height > MOST_PIXELS:
                raise Refused("it has more than 25 megapixels")
            picture: Image.Image = next(video.decode(stream)).to_image()
            return picture
    except (OSError, IndexError, StopIteration, ValueError, AttributeError) as error:  # av's errors derive from these
        raise Refused(f"it is broken ({type(error).__name__})") from error


def _by_ffmpeg(path: str, demuxer: str, width: int) -> Image.Image:
    program = shutil.which("ffmpeg")
    if program is None:
        raise Refused("neither PyAV nor ffmpeg is installed")
    command = [program, "-v", "error", "-nostdin", "-threads", "1", "-protocol_whitelist", "file,pipe"]
    command += ["-max_pixels", str(MOST_PIXELS), "-f", demuxer, "-i", f"file:{path}", "-an", "-frames:v", "1"]
    command += ["-vf", f"scale='min({width},iw)':-2", "-threads", "1", "-c:v", "png", "-f", "image2pipe", "pipe:1"]
    try:
        told = subprocess.run(  # noqa: S603  # a list, without a shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=True,
        )
        with Image.open(io.BytesIO(told.stdout), formats=("PNG",)) as picture:
            return picture.convert("RGB")
    except (OSError, subprocess.SubprocessError, SyntaxError) as error:
        raise Refused(f"ffmpeg cannot decode it ({type(error).__name__})") from error
