"""Covers inside safetensors headers."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.previews.pictures import picture
from modelyard.library.previews.embedded import cover

JPEG = picture(form="JPEG")
TEXT = base64.b64encode(JPEG).decode()


def test_both_places_are_read() -> None:
    assert cover({"modelspec.thumbnail": f"data:image/jpeg;base64,{TEXT}"}) == JPEG
    assert cover({"ssmd_cover_images": json.dumps([TEXT, "x"])}) == JPEG


@pytest.mark.parametrize(
    "told",
    [
        "data:image/svg+xml;base64," + base64.b64encode(b"<svg>").decode(),
        "https://example.com/a.png",
        "data:,",
        "",
        "é",
        5,
        None,
    ],
)
def test_what_is_no_picture_is_left_out(told: object) -> None:
    assert cover({"modelspec.thumbnail": told}) is None
    assert cover({"ssmd_cover_images": json.dumps([told])}) is None
    assert cover({"ssmd_cover_images": told}) is None


@given(st.text() | st.lists(st.text()).map(json.dumps))
def test_nothing_raises(told: str) -> None:
    assert cover({"modelspec.thumbnail": told, "ssmd_cover_images": told}) is None
