"""Previews of the library: nothing outside the roots is shown or written."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from PIL import Image

from modelyard.errors import PreviewRefused, ReadOnlyDisk, UnsafePath
from modelyard.library.previews.containers import form_of
from modelyard.library.roots.entries import Entry
from modelyard.testing.pictures import png

from .library import library, model, scanned


def test_a_preview_that_leads_out_of_the_roots_is_not_shown(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        one = model(root / "a.safetensors")
        (tmp_path / "secret.png").write_bytes(png(1))
        scanned(app)
        number = app.stock.catalogue.at(str(one)).id
        without = app.stock.pictures.small(app.stock.catalogue.get(number), 64)
        (root / "a.preview.png").symlink_to(tmp_path / "secret.png")
        for path in (root / "a.preview.png", tmp_path / "secret.png", root / ".." / "secret.png"):
            app.stock.catalogue.write(number, {"preview": str(path)})
            with pytest.raises(UnsafePath):
                app.stock.pictures.whole(app.stock.catalogue.get(number))
            assert app.stock.pictures.small(app.stock.catalogue.get(number), 64) == without


def test_a_preview_inside_the_roots_is_shown(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        one = model(root / "a.safetensors")
        scanned(app)
        without = app.stock.pictures.small(app.stock.catalogue.at(str(one)), 64)
        (root / "mine.png").write_bytes(png(1))
        (root / "a.preview.png").symlink_to(root / "mine.png")
        scanned(app)
        found = app.stock.catalogue.at(str(one))
        assert app.stock.pictures.whole(found) == (png(1), "image/png")
        assert app.stock.pictures.small(found, 64) != without


def test_forms_that_few_tools_write_are_shown_as_far_as_they_can_be(tmp_path: Path) -> None:
    bmp = b"BM" + struct.pack("<IHHIIiiHHIIiiII", 58, 0, 0, 54, 40, 1, 1, 1, 24, 0, 4, 0, 0, 0, 0) + b"\0\0\xff\0"
    jxl = b"\xff\x0a" + bytes(60)
    with library(tmp_path) as (app, root):
        for number, (name, data) in enumerate({"a.bmp": bmp, "b.jxl": jxl}.items()):
            model((root / name).with_suffix(".safetensors"), number)
            (root / name).write_bytes(data)
        scanned(app)
        a, b = (app.stock.catalogue.at(str(root / f"{name}.safetensors")) for name in "ab")
        pictures = app.stock.pictures
        assert (pictures.whole(a), pictures.whole(b)) == ((bmp, "image/bmp"), (jxl, "image/jxl"))
        with Image.open(io.BytesIO(pictures.small(a, 64, "png"))) as small:
            assert small.convert("RGB").getpixel((0, 0)) == (255, 0, 0)
        app.stock.catalogue.write(b.id, {"preview": ""})
        drawn = pictures.small(app.stock.catalogue.get(b.id), 64)
        assert pictures.small(b, 64) == drawn, "a drawn one stands for JPEG XL"
        with pytest.raises(PreviewRefused, match="JPEG XL"):
            pictures.give(a, jxl)


def test_a_read_only_root_is_never_written(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        one = model(root / "a.safetensors")
        scanned(app)
        app.stock.entries.keep(Entry(path=str(root), folder="loras", read_only=True))
        found = app.stock.catalogue.at(str(one))
        with pytest.raises(ReadOnlyDisk):
            app.stock.pictures.give(found, png(1))
        assert form_of(app.stock.pictures.small(found, 64)) == "webp"
        assert sorted(path.name for path in root.iterdir()) == ["a.safetensors"]
