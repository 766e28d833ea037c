"""Compressed answers: which, how, and why not all.

A compressed answer tells by its length whether what a caller chose stands in it twice. So an answer that holds a
secret is never compressed (BREACH): secrets come as answers to POST, which stay as they are, and from
`GET /session`, which is marked `secret`. Keys are masked before they get into any answer; and no other site's page can
make a browser ask us anything (`doors`). What is left is for slow wires: lists of models shrink to a tenth.
"""

from __future__ import annotations

import gzip
import re

from modelyard.server.messages import JSON, Asked, Reply

LEAST = 1024
"""Bytes from which on compressing pays."""

_LEVEL = 3
_PART = re.compile(r"\s*([A-Za-z0-9*-]{1,20})\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*)?")


def accepts(header: str, encoding: str) -> bool:
    """Whether an `Accept-Encoding` names this encoding and does not refuse it."""
    for part in header.split(","):
        found = _PART.fullmatch(part)
        if found and found[1].lower() == encoding:
            return float(found[2] or 1) > 0
    return False


def packs(asked: Asked, reply: Reply) -> bool:
    """Whether this answer goes out compressed; its route has said that there is no secret in it."""
    fits = reply.status == 200 and reply.media_type == JSON and len(reply.body) >= LEAST
    return fits and accepts(asked.headers.get("accept-encoding", ""), "gzip")


def packed(body: bytes) -> bytes:
    """The bytes compressed, the same ones every time."""
    return gzip.compress(body, _LEVEL, mtime=0)


def tagged(tag: str, encoding: str) -> str:
    """The ETag of a compressed form: another text, since its bytes are others."""
    return f'{tag[:-1]}-{encoding}"'
