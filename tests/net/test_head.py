import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.errors import BadAnswer
from modelyard.net.head import content_range, parse_head, unsatisfied_total
from modelyard.net.headers import Headers


def head(*lines: str) -> bytes:
    return "\r\n".join(lines).encode("latin-1")


def test_status_length_and_fields_are_read() -> None:
    got = parse_head(head("HTTP/1.1 200 OK", "Content-Length: 12", 'ETag: "a"'))
    assert (got.status, got.length, got.chunked, got.keep_alive) == (200, 12, False, True)
    assert got.headers.get("etag") == '"a"'


@pytest.mark.parametrize(
    "lines",
    [
        ("HTTP/1.1 200 OK", "Content-Length: 5", "Content-Length: 6"),
        ("HTTP/1.1 200 OK", "Content-Length: 5, 6"),
        ("HTTP/1.1 200 OK", "Content-Length: -1"),
        ("HTTP/1.1 200 OK", "Content-Length: 0x10"),
        ("HTTP/1.1 200 OK", "Content-Length: ٣"),
        ("HTTP/1.1 200 OK", "Content-Length: 5", "Transfer-Encoding: chunked"),
        ("HTTP/1.1 200 OK", "Transfer-Encoding: gzip, chunked"),
        ("HTTP/1.1 200 OK", " folded: yes"),
        ("HTTP/1.1 200 OK", "no colon here"),
        ("HTTP/1.1 200 OK", "bad name : x"),
        ("HTTP/2 200", "a: b"),
        ("HTTP/1.1 2xx OK", "a: b"),
        ("<html>", ""),
    ],
)
def test_an_ambiguous_or_broken_head_is_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(BadAnswer):
        parse_head("\r\n".join(lines).encode("latin-1", "replace"))


def test_the_same_length_told_twice_is_accepted() -> None:
    assert parse_head(head("HTTP/1.1 200 OK", "Content-Length: 5", "content-length: 5")).length == 5


def test_an_answer_without_length_ends_the_connection() -> None:
    assert not parse_head(head("HTTP/1.1 200 OK")).keep_alive
    assert not parse_head(head("HTTP/1.0 200 OK", "Content-Length: 1")).keep_alive
    assert not parse_head(head("HTTP/1.1 200 OK", "Content-Length: 1", "Connection: Close")).keep_alive


@given(st.binary(max_size=400))
def test_no_bytes_crash_the_reader(raw: bytes) -> None:
    try:
        parse_head(b"HTTP/1.1 200 OK\r\n" + raw)
    except BadAnswer:
        pass


@pytest.mark.parametrize(
    ("text", "span"),
    [("bytes 0-4/10", (0, 4, 10)), ("bytes 5-9/*", (5, 9, None)), ("bytes */10", None), ("", None)],
)
def test_a_content_range_is_read(text: str, span: tuple[int, int, int | None] | None) -> None:
    assert content_range(Headers([("Content-Range", text)] if text else [])) == span


@pytest.mark.parametrize("text", ["bytes 4-0/10", "bytes 0-10/10", "bytes a-b/c", "chars 0-1/2", "bytes 0-1"])
def test_an_impossible_content_range_is_refused(text: str) -> None:
    with pytest.raises(BadAnswer):
        content_range(Headers([("Content-Range", text)]))


def test_the_total_of_a_416_is_read() -> None:
    assert unsatisfied_total(Headers([("Content-Range", "bytes */123")])) == 123
    assert unsatisfied_total(Headers([("Content-Range", "bytes 1-2/3")])) is None
