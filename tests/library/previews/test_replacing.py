"""A new preview is checked first, and the former one can come back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from library.previews.pictures import opened, picture
from modelyard.errors import NoSuchFile, PreviewRefused, UnsafePath
from modelyard.library.previews.decoder import Decoder
from modelyard.library.previews.replacing import restore, write

MP4 = b"\0\0\0\x18ftypisom" + b"\0" * 200


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder(children=1) as decoder:
        yield decoder


def files(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_a_picture_becomes_the_name_that_nearly_every_tool_finds(decoder: Decoder, tmp_path: Path) -> None:
    model = tmp_path / "ink.v2.safetensors"
    assert write(model, picture(form="JPEG"), decoder) == tmp_path / "ink.v2.preview.png"
    assert opened((tmp_path / "ink.v2.preview.png").read_bytes()).format == "PNG"
    assert files(tmp_path) == ["ink.v2.preview.png"]


def test_the_former_one_is_kept_and_comes_back_and_goes_again(decoder: Decoder, tmp_path: Path) -> None:
    model = tmp_path / "a.ckpt"
    first = write(model, picture(30, 40), decoder).read_bytes()
    second = write(model, MP4, decoder).read_bytes()
    assert files(tmp_path) == ["a.preview.mp4", "a.preview.png.bak"]
    assert restore(model).read_bytes() == first
    assert files(tmp_path) == ["a.preview.mp4.bak", "a.preview.png"]
    assert restore(model).read_bytes() == second
    write(model, MP4 + b"more", decoder)
    assert files(tmp_path) == ["a.preview.mp4", "a.preview.mp4.bak"]
    third = (tmp_path / "a.preview.mp4").read_bytes()
    assert restore(model).read_bytes() == second
    assert restore(model).read_bytes() == third
    assert files(tmp_path) == ["a.preview.mp4", "a.preview.mp4.bak"]


def test_a_deleted_preview_can_be_restored(decoder: Decoder, tmp_path: Path) -> None:
    model = tmp_path / "a.ckpt"
    first = write(model, picture(30, 40), decoder).read_bytes()
    write(model, picture(60, 80), decoder).unlink()
    assert restore(model).read_bytes() == first
    assert files(tmp_path) == ["a.preview.png"]
    with pytest.raises(NoSuchFile):
        restore(model)


def test_a_refused_picture_changes_nothing(decoder: Decoder, tmp_path: Path) -> None:
    model = tmp_path / "a.ckpt"
    first = write(model, picture(), decoder).read_bytes()
    for data in (b"<svg onload=alert(1)>", b"<html>", b"", picture()[:99]):
        with pytest.raises(PreviewRefused):
            write(model, data, decoder)
    assert files(tmp_path) == ["a.preview.png"] and (tmp_path / "a.preview.png").read_bytes() == first


def test_a_video_is_kept_as_it_is(decoder: Decoder, tmp_path: Path) -> None:
    assert write(tmp_path / "a.ckpt", MP4, decoder).name == "a.preview.mp4"
    assert (tmp_path / "a.preview.mp4").read_bytes() == MP4
    assert write(tmp_path / "b.ckpt", b"\x1a\x45\xdf\xa3\x01\0\0\0\x42\x82\x84webm", decoder).name == "b.preview.webm"


def test_pictures_that_others_may_need_stay(decoder: Decoder, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"shared")
    write(tmp_path / "a.ckpt", picture(), decoder)
    assert (tmp_path / "a.png").read_bytes() == b"shared"


def test_a_link_is_not_written_through(decoder: Decoder, tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("v")
    (tmp_path / "a.preview.png").symlink_to(tmp_path / "victim")
    with pytest.raises(UnsafePath):
        write(tmp_path / "a.ckpt", picture(), decoder)
    assert (tmp_path / "victim").read_text() == "v" and files(tmp_path) == ["a.preview.png", "victim"]
