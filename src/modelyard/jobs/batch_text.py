"""Finds addresses in any text: lists, prose, Markdown, tables, quotes. Pure, and linear in the text.

A blank ends an address. One whose path holds blanks is put in quotes, or stands alone on its line and ends
in a file extension, as `hub.show` writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from modelyard.net.url import LONGEST

_CLOSERS = {'"': '"', "'": "'", "`": "`", "<": ">", "“": "”", "«": "»"}
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_BULLET = re.compile(r"\s*(?:[-*+•·>]\s+|\d{1,6}[.)]\s+|\[[ xX]\]\s+)*")
_COMMENT = re.compile(r"\s#\s")
_ENDS = re.compile(r"[\s\"<>`|]")
_LOOKS_MEANT = re.compile(r"(?=.*[/@:].)\S{3,}|\d{2,18}|[0-9a-fA-F]{64}")
_FILE = re.compile(r"\S[^\"<>`|]*(?:\.[A-Za-z][A-Za-z0-9]{0,12}|\*)")
_TRAILING = ".,;:!?'\"”»"


class Finder:
    """Finds what may be an address.

    Args:
        prefixes: Of the hubs, without colons.
        hosts: ``host[:port]`` whose links are read without ``https://`` too.
    """

    def __init__(self, prefixes: Iterable[str], hosts: Iterable[str]) -> None:
        named = "|".join(map(re.escape, sorted(prefixes)))
        known = "|".join(map(re.escape, sorted(hosts)))
        air = r"(?:urn:)?(?:air:)?(?:[a-z0-9_-]{1,64}:){0,2}(?:civitai|huggingface|orchestrator):(?=\S)"
        start = rf"(?:https?://(?=\S)|(?:{named}):(?=[^\s,;]|//)|{air}|(?:{known})/(?=\S))"
        self._start = re.compile(rf"(?<![A-Za-z0-9./@%-]){start}", re.IGNORECASE)
        self._next = re.compile(rf"[,;](?=\s|$|{start})", re.IGNORECASE)

    def find(self, line: str) -> list[str]:
        """What may be an address in one line; empty for a comment, a blank line or prose."""
        body = line[_BULLET.match(line).end() :].strip()  # type: ignore[union-attr]  # it matches the empty text too
        if not body or body.startswith("#"):
            return []
        if remark := _COMMENT.search(body):
            body = body[: remark.start()]
        return self._whole(body) or list(self._several(body)) or self._lonely(body)

    def _several(self, body: str) -> Iterator[str]:
        at = 0
        while found := self._start.search(body, at):
            text, at = self._cut(body, found.start())
            yield text

    def _cut(self, body: str, start: int) -> tuple[str, int]:
        """The address that begins at `start`, and where to go on."""
        before = body[start - 1] if start else ""
        closer = _CLOSERS.get(before)
        if closer and (end := body.find(closer, start, start + LONGEST)) > start:
            return body[start:end], end
        most = min(len(body), start + LONGEST + 1)  # a longer one is refused anyway
        ended = _ENDS.search(body, start, most)
        end = ended.start() if ended else most
        if parted := self._next.search(body, start, end):
            end = parted.start()
        return _trimmed(body[start:end], before), max(end, start + 1)

    def _whole(self, body: str) -> list[str]:
        """A line that is one typed address with blanks in its path."""
        first, blank, _ = body.partition(" ")
        alone = blank and len(body) <= LONGEST and "://" not in first and first.count("/") >= 2
        if not alone or re.search(r"\.[A-Za-z][A-Za-z0-9]{0,12}$", first) or not _FILE.fullmatch(body):
            return []
        starts = [found.start() for found in self._start.finditer(body)]
        return [body] if starts == [0] and not self._next.search(body) else []

    def _lonely(self, body: str) -> list[str]:
        """A line of one word that somebody probably meant, though nobody knows it."""
        word = body.strip().strip("\"'`<>").rstrip(",;.")
        return [word] if _LOOKS_MEANT.fullmatch(word[:LONGEST]) else []


def _trimmed(text: str, before: str) -> str:
    """An address without the punctuation of the sentence around it."""
    end = len(text)
    depth = {closer: text.count(closer) - text.count(opener) for opener, closer in _BRACKETS.items()}
    if before in _BRACKETS:
        end = _closing(text, before)
    while end and (
        (last := text[end - 1]) in _TRAILING or depth.get(last, 0) > 0 or (last == before and last in "*_~")
    ):
        if last in depth:
            depth[last] -= 1
        end -= 1
    return text[:end]


def _closing(text: str, opener: str) -> int:
    """Where the bracket that was opened before the text is closed; its length when it is not."""
    depth = 0
    for place, letter in enumerate(text):
        if letter == opener:
            depth += 1
        elif letter == _BRACKETS[opener]:
            if depth == 0:
                return place
            depth -= 1
    return len(text)
