from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.hubs.web.checksum_file import checksum_file

A, B = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (A, A),
        (f"{A}\n", A),
        (A.upper(), A),
        (f"sha256:{A}", A),
        (f"\ufeff{A}  model.bin\r\n", A),
        (f"{A}  model.bin\n{B}  other.bin\n", A),
        (f"{A} *model.bin", A),
        (f"{A}\tmodel.bin", A),
        (f"{A}  ./dist/model.bin", A),
        (f"SHA256 (model.bin) = {A}\nSHA256 (other.bin) = {B}", A),
        (f"SHA2-256(model.bin)= {A}", A),
        (f"# comment\n{A}  model.bin", A),
        (f"{A}  other.bin", None),
        (f"{A}\n{B}", None),
        (f"{A}  model.bin\n{B}  model.bin", None),
        (f"{A}  model.bin\n{A}  model.bin", A),
        ("a" * 63, None),
        ("", None),
        ("<html>404</html>", None),
        (f"{A} " + "x" * (5 * 2**20), None),
    ],
)
def test_the_hash_of_the_named_file_is_read_in_every_common_form(text: str, found: str | None) -> None:
    assert checksum_file(text, "model.bin") == found


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    checksum_file(text, "model.bin")
