"""Delta: a new version takes the pieces that did not change from the old file.

Works where the source publishes piece hashes (Metalink, another yard): only then can a piece of a local
file be known to be right without fetching it. Pieces are looked for at their own place and, in
safetensors files, shifted by the difference of the two headers: there a longer header moves every tensor.
"""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

from modelyard.engine.blocks import BLOCK, BlockTable, block_digest
from modelyard.engine.journal import Journal, Known, Story
from modelyard.engine.part import PartFile
from modelyard.net.stop import Stop
from modelyard.store.disk_gate import disk_errors

Pieces = tuple[int, tuple[str, ...]]


def shifts(old_start: bytes, new_start: bytes) -> list[int]:
    """By how many bytes pieces of the new file may lie elsewhere in the old one; 0 first."""
    old, new = _data_start(old_start), _data_start(new_start)
    return [0, old - new] if old and new and old != new else [0]


def _data_start(start: bytes) -> int:
    """Where the tensors of a safetensors file begin, 0 when it is none."""
    if len(start) < 9 or start[8:9] != b"{":
        return 0
    (length,) = struct.unpack("<Q", start[:8])
    return 8 + length if 2 <= length <= 100 * 2**20 else 0


def reuse(part: PartFile, story: Story, old: Path, pieces: Pieces, new_start: bytes, stop: Stop) -> int:
    """Fill an empty part with the pieces that the old file has, and a journal of its whole blocks.

    Args:
        pieces: Piece length and SHA-256 of each piece of the new file.
        new_start: First bytes of the new file.

    Returns:
        Bytes that need not be fetched.
    """
    length, digests = pieces
    known: list[tuple[int, int]] = []
    with disk_errors(old), old.open("rb") as file:
        places = shifts(file.read(4096), new_start)
        for index, digest in enumerate(digests):
            stop.check()
            start = index * length
            size = min(length, story.size - start)
            for shift in places:
                if start + shift < 0:
                    continue
                file.seek(start + shift)
                data = file.read(size)
                if hashlib.sha256(data).hexdigest() == digest:
                    part.write(memoryview(data), start)
                    known.append((start, start + size))
                    break
    return _journal_whole_blocks(part, story, known)


def _journal_whole_blocks(part: PartFile, story: Story, known: list[tuple[int, int]]) -> int:
    table = BlockTable(story.size)
    for start, end in _merged(known):
        first = -(-start // BLOCK)
        last = -(-end // BLOCK) if end == story.size else end // BLOCK
        for index in range(first, last):
            data = part.read(index * BLOCK, table.length(index))
            table.put(index, block_digest(data), len(data))
    blocks = {index: Known(table.length(index), digest) for index, digest in table.known()}
    Journal(part, story, blocks).close()
    return table.have


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
