"""Pictures are decoded in a limited child: honest ones come out small and bare, hostile ones are refused."""

from __future__ import annotations

import io
import os
import signal
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from library.previews.pictures import SIGNATURE, chunk, film, one_bit_png, opened, picture, with_chunks
from modelyard.errors import PreviewRefused
from modelyard.library.previews.decoder import Decoder


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder(children=1) as decoder:
        yield decoder


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "AVIF", "BMP"])
def test_every_form_becomes_a_small_webp(decoder: Decoder, form: str) -> None:
    small = opened(decoder.thumbnail(picture(form=form), 64))
    assert (small.format, small.size) == ("WEBP", (64, 96))


@pytest.mark.parametrize("data", [b"\xff\x0a" + b"\0" * 99, b"\0\0\0\x0cJXL \r\n\x87\n" + b"\0" * 99])
def test_jpeg_xl_is_refused_by_its_name(decoder: Decoder, data: bytes) -> None:
    with pytest.raises(PreviewRefused, match="JPEG XL"):
        decoder.thumbnail(data, 64)


@pytest.mark.parametrize("width", [2**31 - 1, 30_000])
def test_a_bmp_that_says_to_be_huge_is_refused(decoder: Decoder, width: int) -> None:
    head = struct.pack("<IiiHHIIiiII", 40, width, 30_000, 1, 24, 0, 0, 0, 0, 0, 0)
    with pytest.raises(PreviewRefused):
        decoder.thumbnail(b"BM" + struct.pack("<IHHI", 99, 0, 0, 54) + head + b"\0" * 99, 64)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_mode_of_png(decoder: Decoder, mode: str) -> None:
    data = picture(mode="L") if mode == "I;16" else picture(mode=mode)
    if mode == "I;16":
        out = io.BytesIO()
        Image.new("I;16", (96, 144), 32768).save(out, "PNG")
        data = out.getvalue()
    small = opened(decoder.thumbnail(data, 64, "png"))
    assert small.mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")
    if mode == "I;16":
        assert small.getpixel((5, 5)) == (128, 128, 128)


def test_a_small_picture_is_not_blown_up(decoder: Decoder) -> None:
    assert opened(decoder.thumbnail(picture(40, 60), 512)).size == (40, 60)


@pytest.mark.parametrize(("size", "small"), [((3, 40_000), (1, 256)), ((40_000, 3), (64, 1))])
def test_a_stripe_stays_within_bounds(decoder: Decoder, size: tuple[int, int], small: tuple[int, int]) -> None:
    assert opened(decoder.thumbnail(picture(*size), 64)).size == small


def test_a_photo_that_lies_on_its_side_is_turned_and_its_data_goes(decoder: Decoder) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "<script>alert(1)</script>"
    data = picture(form="JPEG", exif=exif, comment=b"secret place", icc_profile=b"profile" * 30)
    for form in ("png", "webp"):
        new = decoder.recode(data, form)
        assert opened(new).size == (144, 96)
        assert [word for word in (b"script", b"secret", b"profile", b"EXIF", b"eXIf", b"ICCP") if word in new] == []


def test_a_giant_that_is_allowed_is_stored_smaller(decoder: Decoder) -> None:
    assert opened(decoder.recode(picture(5000, 4900, "JPEG"), "webp")).size == (2048, 2007)


def test_nothing_of_what_a_picture_carries_is_kept(decoder: Decoder) -> None:
    info = PngImagePlugin.PngInfo()
    for name in ("workflow", "parameters", "secret"):
        info.add_text(name, "gone")
    new = decoder.recode(picture(pnginfo=info))
    assert opened(new).info == {}
    assert b"gone" not in new


def test_a_text_bomb_is_left_out_and_the_picture_is_shown(decoder: Decoder) -> None:
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(b"\0" * 2**20) for _ in range(1024)) + packer.flush()
    data = with_chunks(picture(), chunk(b"zTXt", b"workflow\0\0" + bomb), chunk(b"iCCP", b"x\0\0" + bomb))
    assert opened(decoder.recode(data)).size == (96, 144)
    assert len(bomb) < 8 << 20


def test_two_hundred_thousand_texts_are_left_out(decoder: Decoder) -> None:
    data = with_chunks(picture(), *(chunk(b"tEXt", b"k\0v") for _ in range(200_000)))
    assert opened(decoder.thumbnail(data, 64)).size == (64, 96)


@pytest.mark.parametrize("side", [20_000, 13_000, 5_100])
def test_hundreds_of_megapixels_in_a_few_kilobytes_are_refused(decoder: Decoder, side: int) -> None:
    with pytest.raises(PreviewRefused, match="25 megapixels"):
        decoder.thumbnail(one_bit_png(side), 64)


def _broken() -> Iterator[tuple[str, bytes]]:
    good = picture()
    yield "wrong checksum", SIGNATURE + chunk(b"IHDR", good[16:29], crc=1) + good[33:]
    yield "cut in the middle", good[: len(good) // 2]
    yield "only its head", good[:40]
    yield "svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    yield "html", b"<!doctype html><script>alert(1)</script>"
    yield "postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n"
    yield "tiff", b"II*\0" + b"\0" * 100
    yield "bmp", b"BM" + b"\0" * 100
    yield "nothing", b""
    yield "more than 20 MB", picture(form="JPEG") + b"\0" * (20 << 20)
    yield "zero wide", SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 0, 9, 8, 0, 0, 0, 0)) + chunk(b"IEND", b"")
    yield "jpeg cut", picture(form="JPEG")[:200]
    yield "webp cut", picture(form="WEBP")[:60]
    yield (
        "gif of 65535 a side",
        b"GIF89a"
        + struct.pack("<HH", 65535, 65535)
        + b"\0\0\0,\0\0\0\0"
        + struct.pack("<HH", 65535, 65535)
        + b"\0\2\1\0\0;",
    )


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data in _broken()])
def test_what_is_broken_or_no_picture_is_refused_and_the_next_one_works(decoder: Decoder, data: bytes) -> None:
    with pytest.raises(PreviewRefused):
        decoder.thumbnail(data, 64)
    assert decoder.thumbnail(picture(), 64)


def test_data_after_the_end_does_not_come_along(decoder: Decoder) -> None:
    assert b"<?php" not in decoder.recode(picture() + b"<?php evil ?>", "png")


def test_a_png_without_its_end_mark_is_shown(decoder: Decoder) -> None:
    assert opened(decoder.thumbnail(picture()[:-12], 64)).size == (64, 96)


@pytest.mark.parametrize(("form", "frames"), [("GIF", 2000), ("WEBP", 500), ("AVIF", 50)])
def test_of_a_film_only_the_first_frame_is_decoded(decoder: Decoder, form: str, frames: int) -> None:
    data = film(form, frames)
    start = time.perf_counter()
    new = opened(decoder.thumbnail(data, 64))
    assert time.perf_counter() - start < 3
    assert getattr(new, "n_frames", 1) == 1


def test_random_damage_is_refused_or_shown_never_more(decoder: Decoder) -> None:
    import random

    dice = random.Random(3)
    for form in ("PNG", "JPEG", "WEBP", "GIF", "AVIF"):
        good = picture(form=form)
        for _ in range(15):
            bad = bytearray(good)
            for _ in range(4):
                bad[dice.randrange(12, len(bad))] = dice.randrange(256)
            try:
                opened(decoder.thumbnail(bytes(bad), 64))
            except PreviewRefused:
                continue


def test_a_child_that_takes_too_long_is_killed_and_replaced() -> None:
    with Decoder(children=1, seconds=0.0001) as hasty:
        with pytest.raises(PreviewRefused, match="too long"):
            hasty.thumbnail(picture(4000, 4000, "JPEG"), 64)
        hasty._seconds = 10
        assert hasty.thumbnail(picture(), 64)


def _children() -> set[int]:
    """Our decoders' processes, as Linux lists them for each thread that started one."""
    told = b" ".join(map(_told, Path("/proc/self/task").glob("*/children"))).decode().split()
    return {int(pid) for pid in told if b"previews.child" in _told(Path(f"/proc/{pid}/cmdline"))}


def _told(file: Path) -> bytes:
    """What /proc says of a thread or a process; nothing of one that ended meanwhile."""
    try:
        return file.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="asks /proc")


@linux
def test_a_child_that_dies_is_replaced_and_none_is_left_behind() -> None:
    before = _children()
    with Decoder(children=1) as decoder:
        decoder.thumbnail(picture(), 64)
        (child,) = _children() - before
        os.kill(child, signal.SIGKILL)
        for _ in range(2):
            try:
                assert decoder.thumbnail(picture(), 64)
                break
            except PreviewRefused:
                continue
        else:
            pytest.fail("it was not replaced")
    assert _children() == before


@linux
def test_the_child_is_limited_and_sees_none_of_our_secrets(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    before = _children()
    with Decoder(children=1) as fresh:
        fresh.thumbnail(picture(), 64)
        (child,) = _children() - before
        limits = Path(f"/proc/{child}/limits").read_text()
        environment = Path(f"/proc/{child}/environ").read_bytes()
    lines = {line[:26].strip(): line[26:].split() for line in limits.splitlines()}
    assert lines["Max address space"][:2] == [str(1 << 30)] * 2
    assert lines["Max file size"][:2] == ["0", "0"]
    assert int(lines["Max cpu time"][0]) <= 15
    assert b"hf_secret" not in environment


def test_many_threads_share_few_children() -> None:
    results: list[bytes] = []
    with Decoder(children=2) as decoder:
        threads = [threading.Thread(target=lambda: results.append(decoder.thumbnail(picture(), 64))) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(results) == 12 and len(set(results)) == 1


def test_a_thumbnail_takes_some_milliseconds(decoder: Decoder) -> None:
    data = picture(832, 1216, "JPEG")
    decoder.thumbnail(data, 256)
    start = time.perf_counter()
    for _ in range(10):
        decoder.thumbnail(data, 256)
    assert (time.perf_counter() - start) / 10 < 0.2


def test_a_video_that_is_none_is_refused(decoder: Decoder, tmp_path: Path) -> None:
    fake = tmp_path / "a.mp4"
    for data in (b"ffconcat version 1.0\nfile /etc/passwd\n", b"#EXTM3U\n", b"\0\0\0\x18ftypisom" + b"\0" * 50, b""):
        fake.write_bytes(data)
        with pytest.raises(PreviewRefused):
            decoder.still(fake, 64)
    with pytest.raises(PreviewRefused):
        decoder.still(tmp_path / "absent.mp4", 64)


def test_placeholders_are_the_same_for_the_same_model_and_differ_for_others(decoder: Decoder) -> None:
    one = decoder.placeholder("Ink Wash", "LORA", 256)
    assert one == decoder.placeholder("Ink Wash", "LORA", 256)
    names = [
        ("Ink Wash", "VAE"),
        ("Ink Wisp", "LORA"),
        ("水墨", "LORA"),
        ("", ""),
        ("1", "no such kind"),
        ("\ud800", "x" * 99),
    ]
    others = [decoder.placeholder(name, kind, 256) for name, kind in names]
    assert len({one, *others}) == len(others) + 1
    assert opened(one).size == (256, 384)
