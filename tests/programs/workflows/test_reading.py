"""A workflow is found in every kind of file that holds one, within limits."""

from __future__ import annotations

import io
import json
import random
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.errors import NoSuchFile, NoWorkflow
from modelyard.programs.workflows.reading import read_stream, read_workflow
from modelyard.programs.workflows.references import Workflow
from programs.workflows.containers import boxed
from programs.workflows.made import canvas, node, queued

CANVAS = json.dumps(canvas(node(1, "VAELoader", "värld.pt"), filler="x" * 70_000), ensure_ascii=False)
PROMPT = json.dumps(queued())
BOTH = {"prompt": PROMPT, "workflow": CANVAS}


def read(data: bytes) -> Workflow | None:
    return read_stream(io.BytesIO(data), len(data))


@pytest.mark.parametrize("kind", boxed.FORMS)
def test_the_canvas_is_read_where_there_are_both(kind: str) -> None:
    name, write = boxed.FORMS[kind]
    found = read(write(BOTH))
    assert found
    assert (found.container, found.format) == (name, "ui")
    assert [row["name"] for row in found.needed] == ["värld.pt"]


@pytest.mark.parametrize("kind", boxed.FORMS)
def test_the_prompt_is_read_where_it_is_alone(kind: str) -> None:
    name, write = boxed.FORMS[kind]
    found = read(write({"prompt": PROMPT}))
    assert found
    assert (found.container, found.format) == (name, "api")
    assert [row["name"] for row in found.needed] == ["base.safetensors"]


@pytest.mark.parametrize("kind", boxed.FORMS)
def test_a_file_that_is_cut_anywhere_is_answered(kind: str) -> None:
    whole = boxed.FORMS[kind][1](BOTH)
    cuts = random.Random(kind).sample(range(len(whole)), 150)
    for cut in [*range(64), *cuts]:
        found = read(whole[:cut])
        assert found is None or found.needed


@pytest.mark.parametrize("kind", boxed.FORMS)
def test_a_file_with_wrong_bytes_anywhere_is_answered(kind: str) -> None:
    whole, chance = boxed.FORMS[kind][1]({"prompt": PROMPT}), random.Random(kind)
    for _ in range(300):
        bad = bytearray(whole)
        for _ in range(3):
            bad[chance.randrange(len(bad))] = chance.choice((0, 1, 0x7F, 0xFF))
        found = read(bytes(bad))
        assert found is None or found.format in ("api", "ui")


@given(st.sampled_from(list(boxed.FORMS)), st.binary(max_size=300))
def test_any_bytes_behind_a_signature_are_answered(kind: str, rest: bytes) -> None:
    assert read(boxed.FORMS[kind][1]({})[:16] + rest) is None


def test_a_bomb_of_one_gibibyte_is_refused_without_being_unpacked(tmp_path: Path) -> None:
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(bytes(2**24)) for _ in range(64)) + packer.flush()
    path = tmp_path / "bomb.png"
    path.write_bytes(boxed.png(boxed.chunk(b"zTXt", b"workflow\0\0" + bomb)))
    began = time.monotonic()
    with pytest.raises(NoWorkflow):
        read_workflow(path)
    assert time.monotonic() - began < 10


def test_an_honest_workflow_of_three_mebibytes_is_read_packed() -> None:
    noise = random.Random(1).randbytes(3 * 2**20 // 2).hex()
    told = json.dumps(canvas(node(1, "VAELoader", "x.pt"), extra=noise))
    assert len(told) > 3 * 2**20
    assert read(boxed.png_text({"workflow": told}, b"zTXt"))


def test_two_hundred_thousand_chunks_are_passed_over() -> None:
    texts = boxed.chunk(b"tEXt", b"k\0v") * 200_000
    began = time.monotonic()
    assert read(boxed.png(texts, boxed.chunk(b"tEXt", b"prompt\0" + PROMPT.encode())))
    assert time.monotonic() - began < 20


def test_a_wrong_checksum_and_a_missing_end_do_not_hide_the_workflow() -> None:
    good = boxed.chunk(b"tEXt", b"prompt\0" + PROMPT.encode())
    assert read(b"\x89PNG\r\n\x1a\n" + good[:-4] + b"xxxx")


class Followed(io.BytesIO):
    """A file that counts what is read of it."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        told = super().read(size)
        self.taken += len(told)
        return told


def test_nothing_behind_the_end_of_a_picture_is_read() -> None:
    other = boxed.chunk(b"tEXt", b"workflow\0" + json.dumps(canvas(node(1, "VAELoader", "other.pt"))).encode())
    tails = (other, boxed.png(other), bytes(2**25), b"PK\3\4" + other)
    whole = boxed.png_text({"prompt": PROMPT})
    for tail in tails:
        stream = Followed(whole + tail)
        found = read_stream(stream, len(whole) + len(tail))
        assert found is not None and [row["name"] for row in found.needed] == ["base.safetensors"]
        assert stream.taken < len(whole) + 100 and stream.tell() <= len(whole)
        assert read(boxed.png() + tail) is None


def wide(width: int, height: int, depth: int) -> bytes:
    """A picture of one colour with a workflow in it: few bytes, many pixels."""
    head = boxed.chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0))
    row, packer = bytes((width * depth + 7) // 8 + 1), zlib.compressobj(9)
    packed = b"".join(packer.compress(row * 1000) for _ in range(height // 1000)) + packer.flush()
    text = boxed.chunk(b"tEXt", b"prompt\0" + PROMPT.encode())
    return b"\x89PNG\r\n\x1a\n" + head + text + boxed.chunk(b"IDAT", packed) + boxed.chunk(b"IEND", b"")


# The numbers are those of the list of hostile files that this reader was written against.
@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda: wide(20_000, 20_000, 1), id="72: 400 megapixels in 1 bit"),
        pytest.param(lambda: wide(13_000, 13_000, 8), id="73: 169 megapixels"),
    ],
)
def test_no_pixel_is_unpacked_however_many_there_are(made: Callable[[], bytes]) -> None:
    whole = made()
    assert len(whole) < 300_000
    tracemalloc.start()
    try:
        found = read(whole)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found is not None and [row["name"] for row in found.needed] == ["base.safetensors"]
    assert most < 2_000_000


def frames(count: int) -> bytes:
    """A GIF of so many frames, with a comment that looks like a workflow."""
    told = b"!\xfe" + bytes([200]) + b"workflow:{}".ljust(200) + b"\0"
    frame = b"!\xf9\4\0\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0"
    return b"GIF89a\1\0\1\0\0\0\0" + told + frame * count + b";"


def animated(count: int) -> bytes:
    """A WebP of so many frames, its EXIF behind them."""
    frame = b"ANMF" + struct.pack("<I", 24) + bytes(24)
    whole = boxed.webp({"prompt": PROMPT})
    exif = whole.index(b"EXIF")
    return whole[:exif] + frame * count + whole[exif:]


def brand(name: bytes) -> bytes:
    return struct.pack(">I4s", 24, b"ftyp") + name + bytes(4) + b"mif1" + name + bytes(1000)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><text>Steps: 20, Model: x</text></svg>'
HTML = b"<!doctype html><title>workflow</title><pre>Steps: 20, Model hash: 31e35c80fc, Model: x</pre>"


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param(frames(50_000), id="78: 50,000 frames in a GIF"),
        pytest.param(brand(b"avis"), id="78: a sequence in AVIF"),
        pytest.param(SVG, id="79: SVG"),
        pytest.param(HTML, id="79: HTML"),
        pytest.param(boxed.jpeg(b"ASCII\0\0\0<script>alert(1)</script>"), id="80: EXIF with a script"),
    ],
)
def test_what_holds_no_workflow_is_none_at_once(whole: bytes, tmp_path: Path) -> None:
    (tmp_path / "named.png").write_bytes(whole)
    began = time.process_time()
    with pytest.raises(NoWorkflow):
        read_workflow(tmp_path / "named.png")
    assert time.process_time() - began < 2


def test_fifty_thousand_frames_are_passed_over_on_the_way_to_the_workflow() -> None:
    began = time.process_time()
    found = read(animated(50_000))
    assert found is not None and found.container == "webp"
    assert time.process_time() - began < 5


@pytest.mark.parametrize("size", [0, 1, 7, 2**31, 2**32 - 1])
def test_lengths_that_lie_are_answered(size: int) -> None:
    for head in (b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", size, b"tEXt"), struct.pack(">I4s", size, b"ftyp")):
        assert read(head + b"workflow\0{") is None


@pytest.mark.parametrize(
    ("order", "codec"), [("<", "utf-16-le"), (">", "utf-16-be"), ("<", "utf-16-be"), (">", "utf-16-le")]
)
def test_a_comment_in_a_jpeg_is_read_in_either_order(order: str, codec: str) -> None:
    told = "a cat\nNegative prompt: dog\nSteps: 20, Model hash: 31E35C80FC, Model: sd_xl_base_1.0"
    found = read(boxed.jpeg(b"UNICODE\0" + told.encode(codec), order))
    assert found
    assert (found.format, found.container) == ("a1111", "jpeg")
    assert found.needed[0]["hash"] == "31e35c80fc"


def test_an_exif_directory_that_points_at_itself_ends() -> None:
    block = b"II*\0" + struct.pack("<IH", 8, 1) + struct.pack("<HHII", 0x8769, 4, 1, 8) + bytes(4)
    assert read(b"RIFF" + struct.pack("<I", 99) + b"WEBPEXIF" + struct.pack("<I", len(block)) + block) is None


def test_a_picture_without_workflow_and_a_missing_file_are_errors(tmp_path: Path) -> None:
    (tmp_path / "plain.png").write_bytes(boxed.png())
    with pytest.raises(NoWorkflow):
        read_workflow(tmp_path / "plain.png")
    with pytest.raises(NoSuchFile):
        read_workflow(tmp_path / "gone.png")
    with pytest.raises(NoSuchFile):
        read_workflow(tmp_path)


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf \n"])
def test_json_that_is_too_large_is_said_to_be(start: bytes) -> None:
    raw = start + b'{"nodes": ["' + b"x" * (32 * 2**20) + b'"]}'
    with pytest.raises(NoWorkflow, match="larger than 32 MiB"):
        read(raw)
    assert read(b"x" + raw) is None
