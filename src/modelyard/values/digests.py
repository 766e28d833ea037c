"""Digests: what a file's bytes hash to, and how that is written.

A digest is *claimed* (a hub or a person said so) or *measured* (we read the bytes). The two are kept
in different fields everywhere and are never mixed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from modelyard.errors import BadValue

LENGTHS: Mapping[str, int] = {
    "sha256": 64,
    "blake3": 64,
    "sha512": 128,
    "sha1": 40,
    "md5": 32,
    "crc32": 8,
    "git-sha1": 40,  # sha1("blob <length>\0" + bytes): what Hugging Face gives for small files
    "autov1": 8,  # sha256 of 64 KiB at offset 1 MiB, first 8 hex digits
    "autov2": 10,  # sha256 of the file, first 10 hex digits
    "autov3": 12,  # sha256 of a safetensors file without its header, first 12 hex digits
}
"""Known algorithms and the number of hex digits of each."""

STRENGTH = ("sha256", "blake3", "sha512", "git-sha1", "sha1", "md5", "autov2", "crc32")
"""Whole-file digests that prove a file, the one we trust most first."""


def digest(algorithm: str, value: str) -> str:
    """Check and normalise one digest to lower-case hex.

    Args:
        algorithm: A key of `LENGTHS`.
        value: Hex digits in either case.

    Raises:
        BadValue: Unknown algorithm, wrong length or a character that is no hex digit.
    """
    length = LENGTHS.get(algorithm)
    if length is None:
        raise BadValue(f"{algorithm!r} is no digest we know.", hint=f"Known are {', '.join(LENGTHS)}.")
    value = value.strip().lower()
    if not re.fullmatch(f"[0-9a-f]{{{length}}}", value):
        raise BadValue(
            f"{value[:80]!r} is no {algorithm}: {length} hex digits are needed.",
            hint="Copy the whole hash from the model's page.",
        )
    return value


def short_forms(sha256: str) -> dict[str, str]:
    """The digests that follow from a SHA-256 alone (AutoV2 is its first ten digits)."""
    return {"autov2": sha256[:10]}


def strongest(claimed: Mapping[str, str]) -> str | None:
    """The name of the most trusted whole-file digest among the claimed ones, or None."""
    return next((name for name in STRENGTH if name in claimed), None)
