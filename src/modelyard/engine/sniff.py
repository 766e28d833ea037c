"""Is this a model, or the page that came instead? Looks at the first bytes only; pure code.

Refused is what is recognisably something else: a log-in page, an error document, a git-lfs pointer, or
a container that contradicts its own length. Unknown bytes are no evidence: they land as unverified.
"""

from __future__ import annotations

import json
import re
import struct

from modelyard.values.suffixes import MODELS, suffix_of

SNIFFED = 4096
"""First bytes that are looked at."""

MODEL_SUFFIXES = MODELS | {".zip"}
"""Endings of files that are neither text nor a page."""

_TEXT_SUFFIXES = frozenset((".html", ".htm", ".xml", ".svg", ".xhtml", ".php", ".asp", ".md", ".txt"))
_HTML = re.compile(rb"^\s*(<!--.*?-->\s*)?<(!doctype\s+html|html|head|body|\?php)", re.IGNORECASE | re.DOTALL)
_XML = re.compile(rb"^\s*<(\?xml|error|svg)", re.IGNORECASE)
_POINTER = b"version https://git-lfs.github.com/spec/"


def looks_wrong(name: str, start: bytes, content_type: str = "") -> str:
    """What came instead of the file `name`, as words for people; empty when nothing speaks against it.

    Args:
        start: The first bytes, up to `SNIFFED`.
        content_type: As the server told it.
    """
    suffix = suffix_of(name)
    if start.startswith(_POINTER) and suffix in MODEL_SUFFIXES:
        return "a git-lfs pointer instead of the file it stands for"
    if suffix in _TEXT_SUFFIXES:
        return ""
    text = start[3:] if start.startswith(b"\xef\xbb\xbf") else start
    if _HTML.match(text) or (content_type.lower().startswith("text/html") and b"\0" not in start):
        return _page(start)
    if suffix in MODEL_SUFFIXES and _XML.match(text):
        return "an XML document: " + _shown(start)
    if suffix in MODEL_SUFFIXES and text[:1] in (b"{", b"[") and _is_json(text):
        return "a JSON answer: " + _shown(start)
    return ""


def wrong_container(name: str, start: bytes, size: int) -> str:
    """Whether a safetensors file's own header contradicts the size of the file; words, or empty.

    Args:
        start: The whole header, or as much of it as there is.
        size: Bytes of the whole file.
    """
    if suffix_of(name) not in (".safetensors", ".sft") or len(start) < 8:
        return ""
    (length,) = struct.unpack("<Q", start[:8])
    if not 2 <= length <= 100 * 2**20 or start[8:9] != b"{" or len(start) < 8 + length:
        return ""
    try:
        header = json.loads(start[8 : 8 + length])
        ends = [entry["data_offsets"][1] for key, entry in header.items() if key != "__metadata__"]
        end = 8 + length + max(ends, default=0)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, AttributeError):
        return ""
    return "" if end == size else f"a safetensors file whose header asks for {end} bytes, not {size}"


def proves_its_end(name: str, start: bytes, size: int) -> bool:
    """Whether the container's own header says that the file ends exactly at `size` bytes."""
    suffix = suffix_of(name)
    if suffix not in (".safetensors", ".sft") or len(start) < 9 or start[8:9] != b"{":
        return False
    (length,) = struct.unpack("<Q", start[:8])
    return 8 + length <= len(start) and not wrong_container(name, start, size)


def login_page(start: bytes) -> bool:
    """Whether a page is about logging in."""
    return bool(re.search(rb"log[ -]?in|sign[ -]?in|password", start, re.IGNORECASE))


def _page(start: bytes) -> str:
    title = re.search(rb"<title[^>]*>([^<]{1,120})", start, re.IGNORECASE)
    words = title[1] if title else re.sub(rb"<[^>]*>", b" ", start)[:200]
    return "a web page: " + _shown(words)


def _shown(raw: bytes) -> str:
    text = " ".join(raw.decode("utf-8", "replace").split())
    return "".join(letter for letter in text if letter.isprintable())[:160]


def _is_json(text: bytes) -> bool:
    return b"\0" not in text and re.match(rb'^\s*(\{\s*("|\})|\[\s*[\[{"\d\]])', text) is not None
