"""AIR, the names that CivitAI gives to models of any hub.

``urn:air:{ecosystem}:{type}:{source}:{id}[@{version}][+{file}][.{format}]``; ``urn:``, ``air:``, the
ecosystem and the type may be left out (source: ``shared/utils/air.ts`` of the site, facts 3.7). Pure.
"""

from __future__ import annotations

import re

import msgspec

_WORD = r"[A-Za-z0-9_-]{1,64}"
_AIR = re.compile(
    rf"(?:urn:)?(?:air:)?(?:(?P<ecosystem>{_WORD}):)?(?:(?P<type>{_WORD}):)?"
    rf"(?P<source>civitai|huggingface|orchestrator):"
    r"(?P<id>[A-Za-z0-9][A-Za-z0-9._-]{0,95}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,95})?)"
    r"(?:@(?P<version>[A-Za-z0-9_][A-Za-z0-9_-]{0,95}))?(?:\+(?P<file>[0-9]{1,18}))?(?:\.(?P<format>[A-Za-z0-9]{1,32}))?",
    re.IGNORECASE,
)


class Air(msgspec.Struct, frozen=True):
    """A parsed AIR; `source` is lower case."""

    source: str
    id: str
    version: str | None
    file: str | None
    format: str | None


def read_air(text: str) -> Air | None:
    """Parse an AIR, None when the text is none."""
    match = _AIR.fullmatch(text) if len(text) <= 512 else None
    if not match:
        return None
    return Air(match["source"].lower(), match["id"], match["version"], match["file"], match["format"])
