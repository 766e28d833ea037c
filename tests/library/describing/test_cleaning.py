"""Descriptions are harmless after cleaning, and stay readable."""

from __future__ import annotations

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.describing.payloads import PAYLOADS
from modelyard.library.describing.cleaning import _TAGS, LARGEST, clean, words

REL = ("rel", "noopener noreferrer nofollow")


class Reader(HTMLParser):
    """Collects what a browser would see that is not plainly allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self.wrong.append(tag)
        for name, value in attrs:
            told = (value or "").strip().lower()
            link = name == "href" and (":" not in told.split("/")[0] or told.startswith(("http:", "https:", "mailto:")))
            if not (tag == "a" and (link or (name, value) == REL)):
                self.wrong.append(f"{tag} {name}={value}")

    def handle_comment(self, data: str) -> None:
        self.wrong.append("comment")


def wrong_in(html: str) -> list[str]:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader.wrong


def test_the_reader_of_this_test_sees_what_is_wrong() -> None:
    bad = ("<script>", "<a href=javascript:x>", "<p onclick=x>", "<p title=x>", "<a target=_blank>", "<!-- x -->")
    assert all(wrong_in(each) for each in bad)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_survives(payload: str) -> None:
    assert wrong_in(clean(payload, "html")) == []
    assert wrong_in(clean(clean(payload, "html"), "html")) == []


MORE = ["<p>", "</p>", "<", ">", '"', "'", "<b>bold", "&", "<a href='https://x.example'>", "\0", "é"]
FRAGMENTS = st.lists(st.sampled_from([*PAYLOADS, *MORE]), max_size=8)


@given(FRAGMENTS.map("".join))
def test_no_mixture_survives(text: str) -> None:
    assert wrong_in(clean(text, "html")) == []


def test_what_people_write_stays_readable() -> None:
    told = '<h2>Use</h2><p>At <strong>0.8</strong>, see <a href="https://civitai.com/models/1">here</a>.</p><ul><li>a</li></ul>'
    shown = clean(told, "html")
    assert shown == told.replace('1">', '1" rel="noopener noreferrer nofollow">')


def test_pictures_go_since_they_tell_who_looks() -> None:
    assert clean('<p>a<img src="https://tracker.example/1.gif">b</p>', "html") == "<p>ab</p>"


@pytest.mark.parametrize("form", ["markdown", "text"])
def test_markdown_and_text_stay_text(form: str) -> None:
    assert clean("# A\r\n<b>x</b>\x00\x1b", form) == "# A\r\n<b>x</b>"


def test_long_and_deep_ones_are_capped_before_they_cost_time() -> None:
    start = time.perf_counter()
    assert len(clean("<p>é</p>" * 10**6, "html").encode()) <= LARGEST + 100
    deep = clean("<div>" * 60_000 + "text" + "</div>" * 60_000, "html")
    assert "<" not in deep
    assert wrong_in(clean("<b>" * 99 + "x", "html")) == []
    assert time.perf_counter() - start < 3


def test_many_paragraphs_that_are_never_closed_are_not_deep() -> None:
    assert clean("<p>a<br>" * 500, "html").count("<p>") == 500


@pytest.mark.parametrize(
    ("text", "form", "plain"),
    [
        ("<p>One&nbsp;two</p><p>three &amp; four</p>", "html", "One two\nthree & four"),
        ("<p>a<script>x</script><b>b</b></p>", "html", "ab"),
        ("# Title\n\n* **bold** [link](https://x.example) ![](y.png)\n> `code`", "markdown", "Title\nbold link\ncode"),
        ("[a [b](x.example/c_(d)) e", "markdown", "[a b e"),
        ("  a   b \n\n c", "text", "a b\nc"),
        ("2 < 3", "text", "2 < 3"),
    ],
)
def test_plain_words(text: str, form: str, plain: str) -> None:
    assert words(text, form) == plain


@given(st.text(max_size=300), st.sampled_from(["html", "markdown", "text"]))
def test_nothing_raises(text: str, form: str) -> None:
    clean(text, form).encode()
    words(text, form).encode()


@pytest.mark.parametrize("piece", ["[", "<", "<b", "*", "# ", "![](", "&", "<!--", "a ", "\n- ", "[x](", "`", " \t"])
@pytest.mark.parametrize("form", ["html", "markdown"])
def test_no_repetition_makes_it_slow(piece: str, form: str) -> None:
    start = time.thread_time()  # of this thread alone: what else the machine does is no part of it
    clean(piece * 300_000, form)
    words(piece * 300_000, form)
    assert time.thread_time() - start < 4
