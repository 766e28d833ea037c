"""The page's files, and where the page believes to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.server.messages import Asked
from modelyard.server.pages import Pages
from modelyard.server.roles import STRANGER

INDEX = b'<!doctype html><base href="/" /><script src="./assets/a.js"></script>'


def ask(pages: Pages, path: str, **headers: str) -> bytes | None:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    found = pages.find(Asked("GET", path, "", told, b"", STRANGER, "1", "127.0.0.1"))
    return None if found is None else found.body


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_bytes(INDEX)
    (tmp_path / "assets" / "a.js").write_text("1")
    (tmp_path / "assets" / "a.js.br").write_bytes(b"br")
    (tmp_path / "assets" / "a.js.gz").write_bytes(b"gz")
    (tmp_path / "assets" / "a.svg").write_text("<svg/>")
    return tmp_path


def test_a_trusted_proxy_says_below_which_path_the_page_is(folder: Path) -> None:
    pages = Pages(folder, prefixed=True)
    for prefix in ("/yard", "/yard/", "/a/b.c"):
        assert ask(pages, "/", x_forwarded_prefix=prefix) == INDEX.replace(b'"/"', f'"{prefix.rstrip("/")}/"'.encode())
    assert ask(pages, "/library", accept="text/html", x_forwarded_prefix="/yard") == ask(
        pages, "/", x_forwarded_prefix="/yard"
    )
    assert ask(pages, "/assets/a.js", x_forwarded_prefix="/yard") == b"1"


@pytest.mark.parametrize(
    "prefix", ["", "yard", "//evil.example", '/"><script>', "/a b", "https://evil.example/", "/" * 99]
)
def test_no_other_text_gets_into_the_page(folder: Path, prefix: str) -> None:
    assert ask(Pages(folder, prefixed=True), "/", x_forwarded_prefix=prefix) == INDEX


def test_nobody_but_a_trusted_proxy_says_so(folder: Path) -> None:
    assert ask(Pages(folder), "/", x_forwarded_prefix="/yard") == INDEX


def test_a_service_without_its_page_says_how_to_build_it(tmp_path: Path) -> None:
    assert b"python3 run.py" in (ask(Pages(tmp_path), "/") or b"")
    assert ask(Pages(tmp_path), "/assets/a.js") is None


def test_no_drawing_is_served_since_it_may_hold_scripts(folder: Path) -> None:
    assert ask(Pages(folder), "/assets/a.svg") is None


@pytest.mark.parametrize(
    ("accepted", "form"),
    [
        ("", b"1"),
        ("gzip, deflate, br", b"br"),
        ("gzip", b"gz"),
        ("br;q=0, GZIP;q=0.5", b"gz"),
        ("br ; q=0.000", b"1"),
        ("identity", b"1"),
        ("*", b"1"),
        ("brx, xgzip", b"1"),
    ],
)
def test_a_file_goes_out_in_the_smallest_form_that_the_caller_reads(folder: Path, accepted: str, form: bytes) -> None:
    assert ask(Pages(folder), "/assets/a.js", accept_encoding=accepted) == form


def test_each_form_has_a_tag_of_its_own_and_caches_are_told_that_forms_differ(folder: Path) -> None:
    pages, tags = Pages(folder), set()
    for accepted in ("", "gzip", "br"):
        told = Asked("GET", "/assets/a.js", "", {"accept-encoding": accepted}, b"", STRANGER, "1", "127.0.0.1")
        reply = pages.find(told)
        assert reply and reply.headers["Vary"] == "Accept-Encoding"
        assert reply.headers.get("Content-Encoding", "") == accepted
        tag = reply.headers["ETag"]
        tags.add(tag)
        again = Asked("GET", told.path, "", {**told.headers, "if-none-match": tag}, b"", STRANGER, "1", "127.0.0.1")
        unchanged = pages.find(again)
        assert unchanged and unchanged.status == 304
    assert len(tags) == 3
