"""Measuring a file on disk: every byte read once, all hashes and the block table from the same pass."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from modelyard.engine.blocks import BLOCK, BlockTable, block_digest
from modelyard.engine.digesting import Digesting
from modelyard.engine.part import new_buffer
from modelyard.errors import Damaged, NoSuchFile
from modelyard.library.idle_disk import yielding
from modelyard.net.stop import Stop
from modelyard.store.disk_gate import disk_errors
from modelyard.store.positioned import READ, preadv
from modelyard.store.proofs import Stamp, stamp_of

ALL = ("sha256", "blake3", "autov1", "crc32", "tensor-sha256")
"""What `hash` shows: every digest that some hub knows files by."""


class Measured(msgspec.Struct, frozen=True):
    """What was measured, and the stamp the file had before and after."""

    stamp: Stamp
    digests: dict[str, str]
    table: BlockTable


def measure(
    path: Path,
    stop: Stop,
    names: Iterable[str] = ("sha256",),
    on_bytes: Callable[[int], None] | None = None,
    *,
    gentle: bool = False,
) -> Measured:
    """Read a file whole.

    Args:
        names: Digests to measure besides the block table (see `engine.digesting`).
        on_bytes: Told how many bytes were read since the last call.
        gentle: Read behind everybody else's reads of the disk.

    Raises:
        NoSuchFile: There is no regular file.
        Damaged: It was changed while it was read.
    """
    before = stamp_of(path)
    if before is None or not path.is_file():
        raise NoSuchFile(f"{path} is not a file.")
    digesting, table, buffer = Digesting(names, before.size), BlockTable(before.size), new_buffer(1)
    with disk_errors(path), yielding(gentle):
        descriptor = os.open(path, READ)
        try:
            for index in range(-(-before.size // BLOCK)):
                stop.check()
                view = buffer[: preadv(descriptor, [buffer], index * BLOCK)]
                digesting.update(view)
                table.put(index, block_digest(view), len(view))
                if on_bytes:
                    on_bytes(len(view))
        finally:
            os.close(descriptor)
    if stamp_of(path) != before or table.have != before.size:
        raise Damaged(f"{path} was changed while it was read.", hint="Run it again when nobody writes the file.")
    return Measured(before, digesting.result(), table)
