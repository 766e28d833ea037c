"""Reading an answer's head, strictly: what is ambiguous is refused (RFC 9112).

Pure code: bytes in, facts out. The limits keep a hostile server from filling memory.
"""

from __future__ import annotations

import msgspec

from modelyard.errors import BadAnswer
from modelyard.net.headers import Headers

LONGEST_HEAD = 65536
"""Bytes of a head that we read before we give up."""


class Head(msgspec.Struct, frozen=True):
    """Status and fields of one answer.

    Attributes:
        length: Bytes of the body when Content-Length tells, else None.
        chunked: The body comes in chunks.
        keep_alive: The connection may be used again after the body.
    """

    status: int
    headers: Headers
    length: int | None
    chunked: bool
    keep_alive: bool


def parse_head(block: bytes) -> Head:
    """Read a head that ends with an empty line.

    Raises:
        BadAnswer: No HTTP/1 status line, folded or nameless fields, or a length that is negative, no
            number, or told twice in two ways (request smuggling, RFC 9112 6.3).
    """
    lines = block.decode("latin-1").split("\r\n")
    status, minor = _status_line(lines[0])
    pairs: list[tuple[str, str]] = []
    for line in lines[1:]:
        if not line:
            continue
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip() or "\n" in line:
            raise BadAnswer("The server sent a malformed header line.")
        pairs.append((name, value.strip()))
    headers = Headers(pairs)
    chunked = _is_chunked(headers)
    length = None if chunked else _length(headers)
    if status in (204, 304) or status < 200:
        length, chunked = 0, False
    connection = headers.get("connection").lower()
    keep = "close" not in connection and (minor == 1 or "keep-alive" in connection)
    return Head(status, headers, length, chunked, keep and (chunked or length is not None))


def _status_line(line: str) -> tuple[int, int]:
    version, _, rest = line.partition(" ")
    code = rest[:3]
    if version not in ("HTTP/1.1", "HTTP/1.0") or len(code) != 3 or not code.isascii() or not code.isdigit():
        raise BadAnswer("The server does not speak HTTP/1.1.")
    return int(code), int(version[-1])


def _is_chunked(headers: Headers) -> bool:
    encoding = headers.get("transfer-encoding").lower().strip()
    if not encoding or encoding == "identity":
        return False
    if encoding != "chunked":
        raise BadAnswer(f"The server uses the transfer encoding {encoding[:40]!r}, which is not understood.")
    if "content-length" in headers:
        raise BadAnswer("The server told the length in two ways at once (chunked and Content-Length).")
    return True


def _length(headers: Headers) -> int | None:
    told = {value.strip() for field in headers.all("content-length") for value in field.split(",")}
    if not told:
        return None
    if len(told) > 1:
        raise BadAnswer("The server told two different lengths for one answer.")
    text = told.pop()
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        raise BadAnswer(f"The server told a length that is no number: {text[:40]!r}.")
    return int(text)


def content_range(headers: Headers) -> tuple[int, int, int | None] | None:
    """First byte, last byte and total of a Content-Range, total None for ``*``; None when there is none.

    Raises:
        BadAnswer: A Content-Range that is malformed.
    """
    text = headers.get("content-range")
    if not text or text.strip().lower().startswith("bytes */"):
        return None
    try:
        unit, _, spec = text.strip().partition(" ")
        span, _, total = spec.partition("/")
        first, _, last = span.partition("-")
        got = (int(first), int(last), None if total == "*" else int(total))
    except ValueError as error:
        raise BadAnswer(f"The server sent a malformed Content-Range: {text[:60]!r}.") from error
    if unit.lower() != "bytes" or not 0 <= got[0] <= got[1] or (got[2] is not None and got[1] >= got[2]):
        raise BadAnswer(f"The server sent an impossible Content-Range: {text[:60]!r}.")
    return got


def unsatisfied_total(headers: Headers) -> int | None:
    """The total that a 416 tells (``bytes */1234``), None when it does not."""
    text = headers.get("content-range").strip().lower()
    total = text.removeprefix("bytes */")
    return int(total) if total != text and total.isascii() and total.isdigit() and len(total) < 20 else None
