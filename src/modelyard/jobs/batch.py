"""Batch import: from any text, JSON list or CSV table to addresses, told line by line. Pure: no hub is asked.

Everything streams: a million lines need no more memory than the addresses that were accepted.
"""

from __future__ import annotations

import codecs
import io
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from modelyard.errors import TooManyAddresses, YardError
from modelyard.hubs.address_secrets import KNOWN_HOSTS
from modelyard.hubs.registry import Hubs
from modelyard.jobs.addressing import KeepKey, forget, read_address, without_secrets
from modelyard.jobs.batch_tables import PLAIN, Options, Piece, csv_pieces, header_of, is_json, json_pieces
from modelyard.jobs.batch_text import Finder
from modelyard.keys.redaction import Redactor

MOST = 100_000
"""Addresses that one batch may bring."""

_SHOWN = 200


class Entry(msgspec.Struct, frozen=True):
    """What one address of a batch, or a line without one, became.

    Attributes:
        line: Counted from 1; a line with several addresses has several entries.
        text: The address as it stood there, or the line; at most 200 characters, without keys.
        became: ``address``, ``duplicate``, ``refused`` or ``nothing`` (a blank line, a comment, prose).
        address: In the form that `Hubs.show` writes; empty when it could not be read.
        hub: Name of the hub that reads it.
        first: Line of the same address when it is a duplicate.
        error: Code, message, hint and retryable when it was refused.
    """

    line: int
    text: str
    became: str
    address: str = ""
    hub: str = ""
    options: Options = PLAIN
    first: int | None = None
    error: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The entry as JSON-able data; what is empty is left out."""
        told = {
            "line": self.line,
            "text": self.text,
            "became": self.became,
            "address": self.address,
            "hub": self.hub,
            "options": msgspec.to_builtins(self.options),
            "first": self.first,
            "error": self.error,
        }
        return {name: value for name, value in told.items() if value}


def read_batch(
    hubs: Hubs,
    source: str | bytes | Iterable[str],
    *,
    keep_key: KeepKey = forget,
    redactor: Redactor | None = None,
    most: int = MOST,
) -> Iterator[Entry]:
    """Read a batch.

    Args:
        source: A text, the bytes of a file (UTF-8, or UTF-16 with its mark), or lines, an open file say.
        keep_key: Told every key inside a link; it is dropped otherwise.
        redactor: Masks keys that are known.
        most: Addresses that may be accepted. The entry after the last of them is refused with
            `TooManyAddresses`, and nothing behind it is read.
    """
    reader = _Reader(hubs, keep_key, redactor or Redactor())
    for piece in _pieces(hubs, _lines(source)):
        entry = reader.entry(piece)
        if entry.became == "address" and len(reader.accepted) > most:
            yield reader.refused(
                piece, TooManyAddresses(f"More than {most} addresses: line {piece.line} ends the batch.")
            )
            return
        yield entry


class _Reader:
    """Reads the pieces of one batch and remembers what it accepted."""

    def __init__(self, hubs: Hubs, keep_key: KeepKey, redactor: Redactor) -> None:
        self._hubs, self._keep_key, self._redactor = hubs, keep_key, redactor
        self.accepted: dict[tuple[str, str | None], int] = {}
        self._last = "", ""

    def entry(self, piece: Piece) -> Entry:
        if piece.error or not piece.meant:
            return self.refused(piece, piece.error) if piece.error else self._entry(piece, "nothing")
        try:
            hub, read = read_address(self._hubs, piece.text, self._keep_key)
            address = hub.show(read)
        except YardError as error:
            return self.refused(piece, error)
        key = (address, piece.options.to)
        first = self.accepted.setdefault(key, 0) or None
        if first is None:
            self.accepted[key] = piece.line
        became = "duplicate" if first else "address"
        return self._entry(piece, became, address=address, hub=hub.name, options=piece.options, first=first)

    def refused(self, piece: Piece, error: YardError) -> Entry:
        return self._entry(piece, "refused", error=self._redactor.error(error))

    def _entry(self, piece: Piece, became: str, **more: Any) -> Entry:
        text = piece.text[: 8 * _SHOWN]
        shown = self._masked(text) if piece.meant else self._redactor.text(text)
        return Entry(piece.line, shown[:_SHOWN].rstrip(), became, **more)

    def _masked(self, text: str) -> str:
        """An address without its keys; the next one may be the same, a million times."""
        if self._last[0] != text:
            self._last = text, self._redactor.text(without_secrets(self._hubs, text))
        return self._last[1]


def _pieces(hubs: Hubs, lines: Iterator[str]) -> Iterator[Piece]:
    skipped, first = 0, ""
    for first in lines:
        if first.strip():
            break
        skipped += 1
    rest = itertools.chain([first], lines)
    if is_json(first):
        pieces = json_pieces(rest)
    elif header := header_of(first):
        pieces = csv_pieces(rest, *header)
    else:
        pieces = _text_pieces(hubs, rest)
    for piece in pieces:
        yield replace(piece, line=piece.line + skipped) if skipped else piece


def _text_pieces(hubs: Hubs, lines: Iterable[str]) -> Iterator[Piece]:
    chosen = {origin.split("://", 1)[1] for hub in hubs for origin in hub.realm.chosen}
    finder = Finder({prefix for hub in hubs for prefix in hub.prefixes}, {*KNOWN_HOSTS, *chosen})
    for number, line in enumerate(lines, 1):
        found = finder.find(line)
        for text in found:
            yield Piece(number, text)
        if not found:
            yield Piece(number, line.strip(), meant=False)


def _lines(source: str | bytes | Iterable[str]) -> Iterator[str]:
    lines: Iterator[str]
    if isinstance(source, bytes):
        wide = source.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        lines = io.TextIOWrapper(io.BytesIO(source), "utf-16" if wide else "utf-8", "replace", newline=None)
    else:
        lines = io.StringIO(source, newline=None) if isinstance(source, str) else iter(source)
    for first in itertools.islice(lines, 1):
        yield first.removeprefix("\ufeff")
    yield from lines
