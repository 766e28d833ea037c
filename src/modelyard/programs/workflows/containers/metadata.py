"""Latents and models that ComfyUI saved: `__metadata__` of the safetensors header."""

from __future__ import annotations

import json
from typing import BinaryIO

from modelyard.programs.workflows.containers.source import Texts, exactly, key_of
from modelyard.values.untrusted import record


def is_safetensors(head: bytes, size: int) -> bool:
    """Whether the first bytes are a header's length and its first brace."""
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= size - 8


def texts(stream: BinaryIO) -> Texts:
    """Texts of known keys."""
    header = exactly(stream, int.from_bytes(exactly(stream, 8), "little"))
    try:
        told = record(record(json.loads(header)).get("__metadata__"))
    except RecursionError:
        return
    for name, value in told.items():
        if isinstance(value, str) and (key := key_of(name)):
            yield key, value
