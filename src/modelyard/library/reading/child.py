"""The child: takes lists of paths from its input and answers each path with a `Look`. It ends with its input."""

from __future__ import annotations

import gc
import sys

import msgspec

from modelyard.library.formats.reading import read_header
from modelyard.library.identify.identify import identify
from modelyard.library.reading.look import Look, receive, send, unreadable

MOST_MEMORY = 768 << 20
"""Bytes of address space; Python itself takes a part, a header may take 64 MiB."""

_RARELY = 50_000


def look(path: str) -> Look:
    """Read and identify one file; whatever goes wrong costs this file only."""
    try:
        header = read_header(path)
        return Look(identify(header, path), header.findings, header.size, len(header.tensors))
    except OSError as error:
        return unreadable(f"It cannot be read: {error.strerror or error}.")
    except MemoryError:
        return unreadable("Its header needs more memory than any model's.")
    except Exception as error:  # noqa: BLE001 -- a reader's own mistake must cost one file, not the batch
        return unreadable(f"Its reader failed: {type(error).__name__}.")


def main() -> None:
    """Serve until the input ends."""
    _limit()
    gc.freeze()
    gc.set_threshold(_RARELY)  # headers hold no cycles; looking for them costs a third of the time
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while request := receive(source):
        for path in msgspec.msgpack.decode(request, type=list[str]):
            send(target, look(path))


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit; the readers' own counts hold there
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MOST_MEMORY if hard == resource.RLIM_INFINITY else min(MOST_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
