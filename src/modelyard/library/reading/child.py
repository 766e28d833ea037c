"""The child: takes lists of paths from its input and answers each path with a `Look`. It ends with its input."""

from __future__ import annotations

import gc
import sys

import msgspec

from modelyard.library.formats.reading import read_header
from modelyard.library.limited import limit
from modelyard.library.reading.look import Asked, Look, Table, Whole, receive, send, unreadable
from modelyard.library.reading.remembered import Memory

MOST_MEMORY = 768 << 20
"""Bytes of address space; Python itself takes a part, a header may take 64 MiB."""

_RARELY = 50_000
_LONGEST = 500


def look(memory: Memory, asked: Asked) -> Look:
    """Read and identify one file; whatever goes wrong costs this file only.

    Args:
        memory: Keeps what many files have in common.
    """
    try:
        if isinstance(asked, Whole):
            return _whole(asked.path)
        return memory.look(asked) if isinstance(asked, str) else memory.look(*asked)
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
        for asked in msgspec.msgpack.decode(request, type=list[Asked]):
            send(target, look(memory, asked))


def _whole(path: str) -> Look:
    header = read_header(path)
    tensors = {name: f"{each.dtype} {list(each.shape)}" for name, each in header.tensors.items()}
    metadata = {name: str(value)[:_LONGEST] for name, value in header.metadata.items()}
    return Look(findings=header.findings, size=header.size, tensors=len(tensors), table=Table(tensors, metadata))
