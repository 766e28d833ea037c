"""Checksum files beside a download: ``x.sha256``, ``SHA256SUMS``. Pure, imports nothing of hubs."""

from __future__ import annotations

import re

_LONGEST = 4 * 2**20
_HASH = r"([0-9A-Fa-f]{64})"
_GNU = re.compile(rf"\\?{_HASH}(?: [ *]|\s+)(\S.*)")
_BSD = re.compile(rf"SHA2?-?256 ?\((.+)\) ?= ?{_HASH}", re.IGNORECASE)
_ALONE = re.compile(rf"(?:sha256[:=]\s*)?{_HASH}", re.IGNORECASE)


def checksum_file(text: str, name: str) -> str | None:
    """The SHA-256 that a checksum file gives for a file, lower case; None when it gives none.

    Reads the forms of ``sha256sum`` (coreutils, also binary ``*`` and escaped lines), of BSD, and a
    lone hash. A folder before the name is ignored; two different hashes for one name count as none.

    Args:
        text: The checksum file.
        name: Last component of the file's name.
    """
    if len(text) > _LONGEST:
        return None
    lines = [line.strip() for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    found = {value for line in lines for named, value in _entry(line) if _last(named) == name}
    if not found and len(lines) == 1 and (alone := _ALONE.fullmatch(lines[0])):
        found = {alone[1].lower()}
    return found.pop() if len(found) == 1 else None


def _entry(line: str) -> list[tuple[str, str]]:
    if match := _GNU.fullmatch(line):
        named = match[2].replace("\\\\", "\\") if line.startswith("\\") else match[2]
        return [(named, match[1].lower())]
    if match := _BSD.fullmatch(line):
        return [(match[1], match[2].lower())]
    return []


def _last(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1]
