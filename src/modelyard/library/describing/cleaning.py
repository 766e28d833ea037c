"""Hubs' HTML down to a few harmless tags (reliability.md 6.10), and any description as plain words.

The size and the depth are capped first: 330 KB of nested tags cost the cleaner 3 s.
"""

from __future__ import annotations

import html
import re

import nh3

LARGEST = 256 << 10
"""Bytes of a description that are kept."""

DEEPEST = 100
_TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4"),
    *("h5", "h6", "hr", "i", "ins", "kbd", "li", "ol", "p", "pre", "s", "small", "span", "strike", "strong", "sub"),
    *("sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"),
}
_SCHEMES = {"http", "https", "mailto"}
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,40})")
_NOT_NESTING = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
    + ("p", "li", "dt", "dd", "tr", "td", "th")
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LINK = re.compile(r"!?\[([^\[\]\n]{0,500}+)\]\([^()\n]{0,2000}+(?:\([^()\n]{0,200}+\)[^()\n]{0,2000}+)?\)")
"""A link ends where the next begins, so a text of nothing but brackets is read once, not five hundred times."""
_MARKS = re.compile(r"^[ \t]*(?:#{1,6}|[-*+>]|\d{1,3}\.)[ \t]+|[*_`|~]{1,3}", re.MULTILINE)
_BLOCK = re.compile(r"<(?=/?(?:p|br|div|li|h[1-6]|tr|td|th|ul|ol|blockquote|pre|hr)\b)", re.IGNORECASE)


def clean(text: str, form: str) -> str:
    """A description that may be shown.

    Args:
        form: ``html`` becomes a few harmless tags whose links say ``noopener noreferrer nofollow``; pictures go,
            as they would tell their server who looks. ``markdown`` and ``text`` stay text: who renders Markdown
            cleans the outcome.
    """
    kept = _CONTROL.sub("", _capped(text))
    if form != "html":
        return kept
    if _too_deep(kept):
        return html.escape(words(kept, "text"))
    return nh3.clean(
        kept,
        tags=_TAGS,
        attributes={"*": set(), "a": {"href"}},  # title and lang go through on every tag unless told
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )


def words(text: str, form: str = "html") -> str:
    """The plain words of a description, for search and programs that show text only; no HTML, ``<`` may occur."""
    kept = _CONTROL.sub("", _capped(text))
    if form == "html" and not _too_deep(kept):
        kept = html.unescape(nh3.clean(_BLOCK.sub("\n<", kept), tags=set()))
    else:
        kept = re.sub(r"<[^<>]{0,2000}>", " ", kept) if form == "html" else kept
    if form == "markdown":
        kept = _MARKS.sub("", _LINK.sub(r"\1", kept))
    lines = (" ".join(line.split()) for line in kept.splitlines())
    return "\n".join(line for line in lines if line)


def _capped(text: str) -> str:
    data = text.encode("utf-8", "replace")
    return data[:LARGEST].decode("utf-8", "ignore")


def _too_deep(text: str) -> bool:
    depth = 0
    for match in _TAG.finditer(text):
        if match[2].lower() not in _NOT_NESTING:
            depth = max(0, depth - 1) if match[1] else depth + 1
            if depth > DEEPEST:
                return True
    return False
