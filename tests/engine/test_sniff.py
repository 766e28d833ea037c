import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.engine.sniff import login_page, looks_wrong, proves_its_end, wrong_container


def safetensors(data: int, size: int | None = None) -> bytes:
    header = json.dumps({"w": {"dtype": "U8", "shape": [data], "data_offsets": [0, data]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(size if size is not None else data)


@pytest.mark.parametrize(
    ("name", "start", "kind"),
    [
        ("m.safetensors", b"<!DOCTYPE html><title>Sign in</title>", ""),
        ("m.bin", b"  <html><body>no", ""),
        ("m.gguf", b'{"error":"Unauthorized"}', ""),
        ("m.ckpt", b'<?xml version="1.0"?><Error><Code>AccessDenied</Code>', ""),
        ("m.pt", b"version https://git-lfs.github.com/spec/v1\noid sha256:", ""),
        ("whatever", b"Please log in first", "text/html; charset=utf-8"),
        ("m.safetensors", b"\xef\xbb\xbf<!doctype html>", ""),
    ],
)
def test_what_came_instead_of_a_model_is_recognised(name: str, start: bytes, kind: str) -> None:
    assert looks_wrong(name, start, kind)


@pytest.mark.parametrize(
    ("name", "start", "kind"),
    [
        ("m.safetensors", safetensors(10)[:64], "text/html"),
        ("page.html", b"<!doctype html>", "text/html"),
        ("config.json", b'{"a": 1}', "application/json"),
        ("README.md", b"<html>", "text/plain"),
        ("m.gguf", b"GGUF\x03\0\0\0", ""),
        ("m.pt", b"PK\x03\x04", ""),
        ("m.bin", b"\x80\x02}q\x00", "text/plain"),
    ],
)
def test_a_real_file_is_left_alone(name: str, start: bytes, kind: str) -> None:
    assert looks_wrong(name, start, kind) == ""


def test_a_safetensors_header_tells_where_the_file_ends() -> None:
    whole = safetensors(1000)
    assert wrong_container("m.safetensors", whole, len(whole)) == ""
    assert "1000" not in wrong_container("m.safetensors", whole, len(whole))
    assert wrong_container("m.safetensors", whole, len(whole) - 1)
    assert wrong_container("m.safetensors", whole, len(whole) + 1)
    assert proves_its_end("m.safetensors", whole, len(whole))
    assert not proves_its_end("m.bin", whole, len(whole))


@given(st.binary(max_size=300), st.integers(0, 2**40))
def test_no_bytes_crash_the_sniffer(start: bytes, size: int) -> None:
    for name in ("a.safetensors", "b.bin", "c"):
        looks_wrong(name, start)
        wrong_container(name, start, size)
        proves_its_end(name, start, size)


def test_a_page_about_logging_in_is_told_from_others() -> None:
    assert login_page(b"<h1>Please sign in</h1>")
    assert not login_page(b"<h1>404</h1>")
