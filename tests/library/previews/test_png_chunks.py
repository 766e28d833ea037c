"""Chunks are walked, whatever stands in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.previews.pictures import SIGNATURE, chunk, picture, with_chunks
from modelyard.library.previews.png_chunks import bare

GOOD = picture()


@pytest.mark.parametrize("name", [b"tEXt", b"zTXt", b"iTXt", b"iCCP"])
def test_what_only_describes_is_left_out(name: bytes) -> None:
    assert bare(with_chunks(GOOD, chunk(name, b"parameters\0caf\xe9"))) == bare(GOOD)


CHUNKS = st.tuples(st.sampled_from([b"tEXt", b"zTXt", b"iTXt", b"IDAT", b"iCCP"]), st.binary(max_size=60))


@given(st.lists(CHUNKS, max_size=5), st.binary(max_size=30))
def test_nothing_raises(chunks: list[tuple[bytes, bytes]], rest: bytes) -> None:
    data = SIGNATURE + b"".join(chunk(name, content) for name, content in chunks) + rest
    assert b"tEXt" not in bare(data)[:12]
