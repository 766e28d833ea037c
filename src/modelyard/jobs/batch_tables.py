"""Batches that are tables: JSON lists, JSON lines and CSV with a header. Read piece by piece, never as a whole."""

from __future__ import annotations

import csv
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec

from modelyard.errors import BadValue, YardError
from modelyard.values.digests import digest
from modelyard.values.sizes import parse_rate

LONGEST_ITEM = 65536
"""Characters of one entry of a JSON list."""

_MOST_LINES = 256
_NAMES = ("address", "url", "link")
_BETWEEN = re.compile(r"[\s,\[\]]*")
_DELIMITERS = ",;\t"


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What may stand beside an address; the names are those of `jobs.wish.Wish`.

    Attributes:
        priority: As in the queue; nothing of a lower one starts while a higher one could.
        limit: A rate such as ``5MB/s``.
    """

    to: Annotated[str, msgspec.Meta(max_length=4096)] | None = None
    sha256: str | None = None
    priority: Literal["low", "normal", "high"] = "normal"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    replace: bool = False
    companions: bool = False
    unpack: bool = False
    limit: str | None = None


PLAIN = Options()
"""Nothing stands beside the address."""


class Piece(msgspec.Struct, frozen=True):
    """One thing that was found in the input, not yet read as an address.

    Attributes:
        line: Counted from 1.
        text: What may be an address; the whole line when there is none.
        meant: Whether it is to be read as an address.
        error: Why it cannot be read at all.
    """

    line: int
    text: str
    meant: bool = True
    options: Options = PLAIN
    error: YardError | None = None


def is_json(start: str) -> bool:
    """Whether a text that begins so is JSON, not Markdown."""
    return re.match(r"\s*(\[\s*([\"{\]]|$)|\{\s*(\"|$))", start) is not None


def header_of(line: str) -> tuple[str, Sequence[str]] | None:
    """Delimiter and names of the columns when a line is the header of a table with addresses; None otherwise."""
    for delimiter in _DELIMITERS:
        names = [name.strip().strip('"').lower() for name in line.strip().split(delimiter)]
        if any(name in names for name in _NAMES) and all(re.fullmatch(r"[\w .-]{0,40}", name) for name in names):
            return delimiter, names
    return None


def csv_pieces(lines: Iterator[str], delimiter: str, names: Sequence[str]) -> Iterator[Piece]:
    """The rows of a table, its header included in `lines`. Columns that we do not know are left alone."""
    rows = csv.reader(lines, delimiter=delimiter)
    known = set(msgspec.structs.asdict(PLAIN)) | set(_NAMES)
    number = 0
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Piece(rows.line_num, "", error=BadValue(f"This row cannot be read: {error}."))
            continue
        number += 1
        row = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name in known and cell.strip()}
        if number > 1 and any(cell.strip() for cell in cells):
            yield _piece(rows.line_num, row, delimiter.join(cells), strict=False)


def json_pieces(lines: Iterator[str]) -> Iterator[Piece]:
    """The entries of a JSON list, or of one JSON value a line."""
    decode, text, at, line = json.JSONDecoder().raw_decode, "", 0, 1
    for more in itertools.chain(lines, [""]):
        text, at, last = text[at:] + more, 0, not more
        while True:
            gap = _BETWEEN.match(text, at)
            line, at = line + text.count("\n", at, gap.end()), gap.end()  # type: ignore[union-attr]
            if at >= len(text):
                break
            try:
                value, end = decode(text, at)
            except (ValueError, RecursionError):
                if not last and len(text) - at < LONGEST_ITEM and text.count("\n", at) < _MOST_LINES:
                    break  # the rest of the entry may stand on the next line
                yield Piece(line, text[at : at + 1000], error=BadValue("This is no JSON; what follows is not read."))
                return
            yield _json_piece(line, value, text[at : min(end, at + 1000)])
            line, at = line + text.count("\n", at, end), end


def _json_piece(line: int, value: Any, shown: str) -> Piece:
    if isinstance(value, str):
        return Piece(line, value)
    if isinstance(value, dict):
        return _piece(line, value, shown, strict=True)
    return Piece(line, shown, error=BadValue("An entry must be a text or an object with an address."))


def _piece(line: int, row: Mapping[str, Any], shown: str, *, strict: bool) -> Piece:
    address = next((row[name] for name in _NAMES if row.get(name)), None)
    if not isinstance(address, str):
        return Piece(line, shown, error=BadValue("This entry has no address.", hint='Name it "address".'))
    try:
        return Piece(line, address, options=_options(row, strict=strict))
    except (msgspec.ValidationError, YardError) as error:
        told = error if isinstance(error, YardError) else BadValue(f"{str(error)[:300]}.")
        return Piece(line, address, error=told)


def _options(row: Mapping[str, Any], *, strict: bool) -> Options:
    given = {name: value for name, value in row.items() if name not in _NAMES and value is not None}
    for name in ("include", "exclude"):
        if isinstance(given.get(name), str):
            given[name] = given[name].split()
    for name, check in _CHECKS.items():
        if isinstance(given.get(name), str):
            check(given[name])
    return msgspec.convert(given, Options, strict=strict)


_CHECKS: Mapping[str, Callable[[str], object]] = {"sha256": lambda text: digest("sha256", text), "limit": parse_rate}
