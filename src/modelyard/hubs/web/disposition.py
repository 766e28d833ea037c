"""The file name in a Content-Disposition header (RFC 6266, RFC 8187). Pure, imports nothing of hubs."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote_to_bytes

LONGEST_NAME = 200
"""Bytes of a file name: room stays for our own prefixes and suffixes below the usual 255."""

_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]')
_PARAMETER = re.compile(r';\s*([A-Za-z0-9!#$&+.^_`|~-]+\*?)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;"]*)', re.DOTALL)
_LONGEST_FIELD = 8192


def name_from_disposition(value: str) -> str | None:
    """The safe file name that a Content-Disposition field gives, None when there is none.

    ``filename*`` beats ``filename`` (RFC 6266 4.3). Directories are not cut off but refused: a
    server that sends them is not to be trusted with a name.
    """
    if len(value) > _LONGEST_FIELD:
        return None
    given: dict[str, str] = {}
    for name, text in _PARAMETER.findall(f";{value.partition(';')[2]}" if ";" in value else f";{value}"):
        given.setdefault(name.lower(), text)
    for name in (_extended(given.get("filename*")), _plain(given.get("filename"))):
        if name and safe_name(name):
            return safe_name(name)
    return None


def safe_name(name: str) -> str | None:
    """A name fit to be one component of a path on every system, in NFC; None when it is not.

    Refused: separators, drive letters, control and invisible characters, dot files, blanks or dots at
    the end, names reserved on Windows, more than `LONGEST_NAME` bytes.
    """
    name = unicodedata.normalize("NFC", name)
    if not name or _FORBIDDEN.search(name) or _RESERVED.fullmatch(name):
        return None
    if name.startswith((".", "-", "~", " ")) or name.endswith((".", " ")):
        return None
    if any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for char in name):
        return None
    return name if len(name.encode()) <= LONGEST_NAME else None


def _extended(text: str | None) -> str | None:
    """``UTF-8''na%C3%AFve.bin`` (RFC 8187 3.2); other charsets than UTF-8 and Latin-1 are not read."""
    charset, _, rest = (text or "").strip('"').partition("'")
    _, quoted, encoded = rest.partition("'")
    if not quoted or charset.lower() not in ("utf-8", "iso-8859-1"):
        return None
    try:
        return unquote_to_bytes(encoded).decode(charset)
    except UnicodeDecodeError:
        return None


def _plain(text: str | None) -> str | None:
    """A token or a quoted string; UTF-8 that came as Latin-1 is mended, as servers send it raw."""
    if text is None:
        return None
    if text.startswith('"'):
        text = re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
    try:
        return text.encode("latin-1").decode()
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text
