"""The child: takes lists of paths from its input and answers each path with a `Look`. It ends with its input."""

from __future__ import annotations

import gc
import sys

import msgspec

from modelyard.library.limited import limit
from modelyard.library.reading.look import Look, receive, send, unreadable
from modelyard.library.reading.remembered import Memory
from modelyard.values.about import About

MOST_MEMORY = 768 << 20
"""Bytes of address space; Python itself takes a part, a header may take 64 MiB."""

_RARELY = 50_000


def look(memory: Memory, path: str, record: About | None = None) -> Look:
    """Read and identify one file; whatever goes wrong costs this file only.

    Args:
        memory: Keeps what many files have in common.
        record: What a hub says of exactly these bytes.
    """
    try:
        return memory.look(path, record)
    except OSError as error:
        return unreadable(f"It cannot be read: {error.strerror or error}.")
    except MemoryError:
        return unreadable("Its header needs more memory than any model's.")
    except Exception as error:  # noqa: BLE001 -- a reader's own mistake must cost one file, not the batch
        return unreadable(f"Its reader failed: {type(error).__name__}.")


def serve() -> None:
    """Serve until the input ends."""
    limit(MOST_MEMORY)
    gc.freeze()
    gc.set_threshold(_RARELY)  # headers hold no cycles; looking for them costs a third of the time
    memory = Memory()
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while request := receive(source):
        for asked in msgspec.msgpack.decode(request, type=list[str | tuple[str, About]]):
            send(target, look(memory, asked) if isinstance(asked, str) else look(memory, *asked))
