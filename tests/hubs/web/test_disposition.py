from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.hubs.web.disposition import LONGEST_NAME, name_from_disposition, safe_name


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("attachment; filename=model.safetensors", "model.safetensors"),
        ('attachment; filename="model v1.safetensors"', "model v1.safetensors"),
        ('attachment;filename="a\\"b.bin"', None),
        ('attachment; filename="semi;colon.bin"', "semi;colon.bin"),
        ("attachment; filename*=UTF-8''na%C3%AFve%20%E6%A8%A1%E5%9E%8B.bin", "naïve 模型.bin"),
        ("attachment; filename=\"plain.bin\"; filename*=UTF-8''better.bin", "better.bin"),
        ("inline; filename*=UTF-8''f; filename=\"f\";", "f"),
        ("attachment; filename*=iso-8859-1'en'%A3.bin", "£.bin"),
        ("attachment; filename*=UTF-16''x; filename=plain.bin", "plain.bin"),
        ("attachment; filename*=UTF-8''%FF; filename=plain.bin", "plain.bin"),
        ("attachment; filename*=UTF-8''..%2Fetc; filename=plain.bin", "plain.bin"),
        ("filename=model.bin", "model.bin"),
        ('ATTACHMENT; FileName = "x.bin"', "x.bin"),
        ('attachment; filename="naÃ¯ve.bin"', "naïve.bin"),
        ("attachment", None),
        ("", None),
        ("attachment; filename=", None),
        ('attachment; filename=""', None),
        ('attachment; filename="unclosed', None),
        ('attachment; filename="../../etc/passwd"', None),
        ('attachment; filename="/etc/passwd"', None),
        ('attachment; filename="C:\\\\x.bin"', None),
        ('attachment; filename="C:x.bin"', None),
        ('attachment; filename="\\\\\\\\unc\\\\x"', None),
        ('attachment; filename="x.safetensors:stream"', None),
        ('attachment; filename=".bashrc"', None),
        ('attachment; filename=".."', None),
        ('attachment; filename="-rf"', None),
        ('attachment; filename="~root"', None),
        ('attachment; filename="CON"', None),
        ('attachment; filename="nul.safetensors"', None),
        ('attachment; filename="COM1.txt"', None),
        ('attachment; filename="a\x00b"', None),
        ('attachment; filename="a\nb"', None),
        ('attachment; filename="a\x1b[31m"', None),
        ("attachment; filename*=UTF-8''a%E2%80%AEcod.exe", None),
        ("attachment; filename*=UTF-8''a%E2%80%8Bb", None),
        ('attachment; filename="x."', None),
        ('attachment; filename="x "', None),
        (f'attachment; filename="{"a" * 300}"', None),
        (f"attachment; filename={'a' * 10_000}", None),
    ],
)
def test_only_a_safe_name_comes_out_of_the_header(value: str, name: str | None) -> None:
    assert name_from_disposition(value) == name


def test_two_spellings_of_one_name_become_one() -> None:
    assert safe_name("e\u0301.bin") == safe_name("\u00e9.bin") == "\u00e9.bin"


@given(st.text(max_size=300))
def test_no_header_ever_gives_an_unsafe_name(text: str) -> None:
    for value in (
        text,
        f"attachment; filename={text}",
        f'attachment; filename="{text}"',
        f"x; filename*=UTF-8''{text}",
    ):
        name = name_from_disposition(value)
        if name is not None:
            assert "/" not in name
            assert "\\" not in name
            assert ":" not in name
            assert name[0] not in ".-~ "
            assert 0 < len(name.encode()) <= LONGEST_NAME
            assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in name)
            assert safe_name(name) == name
