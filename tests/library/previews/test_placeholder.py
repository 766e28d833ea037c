"""What stands on a drawn card."""

from __future__ import annotations

import pytest

from modelyard.library.previews.placeholder import _WORDS, _initials, drawn


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ink Wash", "IW"),
        ("4x-UltraSharp", "US"),
        ("sdxl_vae", "SV"),
        ("juggernaut", "Ju"),
        ("水墨", ""),
        ("1.5", "1"),
        ("Éclair d'or", "ÉO"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert _initials(name) == letters


@pytest.mark.parametrize("kind", [*_WORDS, "Workflows", ""])
def test_every_kind_can_be_drawn(kind: str) -> None:
    card = drawn("Ink Wash", kind, 64)
    assert card.size == (64, 96)
    assert len(card.getcolors(64 * 96) or ()) > 200


def test_the_letters_can_be_read_on_every_colour() -> None:
    for index in range(40):
        card = drawn(f"{index} Model", "LORA", 64).convert("L")
        foot = card.crop((0, 84, 64, 96)).tobytes()
        assert sorted(foot)[len(foot) // 2] < 110
