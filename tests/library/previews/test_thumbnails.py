"""Small pictures are made once, and again when the file changes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from library.previews.pictures import opened, picture
from modelyard.errors import PreviewRefused
from modelyard.library.previews.decoder import Decoder
from modelyard.library.previews.finding import Preview
from modelyard.library.previews.thumbnails import Thumbnails


class Counting(Decoder):
    """A decoder that counts."""

    made = 0

    def thumbnail(self, data: bytes, width: int, form: str = "webp") -> bytes:
        self.made += 1
        return super().thumbnail(data, width, form)


@pytest.fixture(scope="module")
def counting() -> Iterator[Counting]:
    with Counting(children=1) as decoder:
        yield decoder


@pytest.fixture
def preview(tmp_path: Path) -> Preview:
    path = tmp_path / "a.preview.png"
    path.write_bytes(picture(900, 1200))
    return Preview(path, "image")


def test_it_is_made_once_for_each_step_of_width(counting: Counting, tmp_path: Path, preview: Preview) -> None:
    counting.made = 0
    kept = Thumbnails(tmp_path / "thumbs", counting)
    assert opened(kept.get(preview, 250)).width == 256
    assert kept.get(preview, 256) == kept.get(preview, 200) and counting.made == 1
    assert opened(kept.get(preview, 9999)).width == 900 and counting.made == 2
    assert Thumbnails(tmp_path / "thumbs", counting).get(preview, 256) and counting.made == 2


def test_a_changed_file_gives_a_new_picture(counting: Counting, tmp_path: Path, preview: Preview) -> None:
    kept = Thumbnails(tmp_path / "thumbs", counting)
    first = kept.get(preview, 64)
    preview.path.write_bytes(picture(900, 600))
    assert opened(kept.get(preview, 64)).size != opened(first).size


def test_what_cannot_be_shown_is_tried_once(counting: Counting, tmp_path: Path, preview: Preview) -> None:
    counting.made = 0
    preview.path.write_bytes(b"<svg>")
    kept = Thumbnails(tmp_path / "thumbs", counting)
    for _ in range(3):
        with pytest.raises(PreviewRefused):
            kept.get(preview, 64)
    assert counting.made == 1
    (refusal,) = (tmp_path / "thumbs").glob("*/*")
    os.utime(refusal, (1, 1))
    with pytest.raises(PreviewRefused):
        kept.get(preview, 64)
    assert counting.made == 2


def test_the_room_is_bounded_and_the_oldest_go_first(counting: Counting, tmp_path: Path, preview: Preview) -> None:
    size = len(Thumbnails(tmp_path / "one", counting).get(preview, 256))
    kept = Thumbnails(tmp_path / "thumbs", counting, largest=size * 5)
    for index in range(20):
        path = tmp_path / f"{index}.png"
        path.write_bytes(preview.path.read_bytes())
        kept.get(Preview(path, "image"), 256)
    held = list((tmp_path / "thumbs").glob("*/*"))
    assert sum(path.stat().st_size for path in held) <= size * 5
    assert len(held) >= 3
    counting.made = 0
    kept.get(Preview(tmp_path / "19.png", "image"), 256)
    assert counting.made == 0


def test_pipes_and_missing_files_are_refused_at_once(counting: Counting, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    kept = Thumbnails(tmp_path / "thumbs", counting)
    for name in ("pipe.png", "absent.png"):
        with pytest.raises(PreviewRefused):
            kept.get(Preview(tmp_path / name, "image"), 64)


def test_a_cache_that_cannot_be_written_costs_only_time(counting: Counting, tmp_path: Path, preview: Preview) -> None:
    (tmp_path / "thumbs").write_text("a file")
    assert Thumbnails(tmp_path / "thumbs", counting).get(preview, 64)
