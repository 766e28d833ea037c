"""Chunks are walked, whatever stands in them."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.previews.pictures import SIGNATURE, chunk, picture, with_chunks
from modelyard.library.previews.png_chunks import TEXT_LARGEST, bare, texts

GOOD = picture()


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        (b"tEXt", b"parameters\0caf\xe9", "café"),
        (b"zTXt", b"prompt\0\0" + zlib.compress(b"{}"), "{}"),
        (b"iTXt", "workflow\0\0\0de\0Wort\0Bär".encode(), "Bär"),
        (b"iTXt", b"workflow\0\1\0\0\0" + zlib.compress("Bär".encode()), "Bär"),
    ],
)
def test_all_three_kinds_of_text_are_read_and_left_out(name: bytes, content: bytes, text: str) -> None:
    data = with_chunks(GOOD, chunk(name, content))
    assert list(texts(data).values()) == [text]
    assert bare(data) == bare(GOOD)


def test_other_words_and_what_is_too_long_are_not_read() -> None:
    assert texts(with_chunks(GOOD, chunk(b"tEXt", b"Comment\0x"))) == {}
    assert texts(with_chunks(GOOD, chunk(b"tEXt", b"prompt\0" + b"x" * (TEXT_LARGEST + 1)))) == {}
    half = b"x" * (TEXT_LARGEST // 2 + 1)
    both = texts(with_chunks(GOOD, chunk(b"tEXt", b"prompt\0" + half), chunk(b"tEXt", b"workflow\0" + half)))
    assert list(both) == ["prompt"]


CHUNKS = st.tuples(st.sampled_from([b"tEXt", b"zTXt", b"iTXt", b"IDAT", b"iCCP"]), st.binary(max_size=60))


@given(st.lists(CHUNKS, max_size=5), st.binary(max_size=30))
def test_nothing_raises(chunks: list[tuple[bytes, bytes]], rest: bytes) -> None:
    data = SIGNATURE + b"".join(chunk(name, content) for name, content in chunks) + rest
    texts(data)
    assert b"tEXt" not in bare(data)[:12]
