"""Delta: a new version takes the pieces that did not change from the old file.

Works where the source publishes piece hashes (Metalink, another yard): only then can a piece of a local
file be known to be right without fetching it. A piece is looked for at its own place; as far from the end of the
file (a longer head moves everything behind it, in any format); and, in safetensors files, put together from
where the old file has the same tensors. Measured beside content-defined chunks in ADR 0009.
"""

from __future__ import annotations

import hashlib
import os
import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from modelyard.engine.blocks import BLOCK, BlockTable, block_digest
from modelyard.engine.journal import Journal, Known, Story
from modelyard.engine.opening import Opening
from modelyard.engine.part import PartFile
from modelyard.net.stop import Stop
from modelyard.store.disk_gate import disk_errors
from modelyard.store.positioned import pread

Pieces = tuple[int, tuple[str, ...]]
Way = Callable[[int, int], bytes]
"""Gives the old file's bytes for so many bytes at an offset of the new one."""

_LONGEST_HEAD = 16 * 2**20
_NO_HEAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Tensor(msgspec.Struct, frozen=True):
    data_offsets: tuple[int, int]
    dtype: str = ""
    shape: tuple[int, ...] = ()


class Stretch(msgspec.Struct, frozen=True):
    """Bytes of the new file that the old one may have elsewhere."""

    start: int
    end: int
    shift: int


def whole_head(opening: Opening) -> bytes:
    """First bytes of an open stream; of a safetensors file as many as tell where its tensors lie.

    Raises:
        YardError: The connection failed.
    """
    wanted = _data_start(opening.peeked)
    if not len(opening.peeked) < wanted <= _LONGEST_HEAD:
        return opening.peeked
    head, filled = memoryview(bytearray(wanted)), 0
    while filled < wanted and (count := opening.read_into(head[filled:])):
        filled += count
    return bytes(head[:filled])


def stretches(old_head: bytes, new_head: bytes) -> list[Stretch]:
    """Where the old file has the tensors of the new one, in the order of the new one; empty for other files."""
    before, found = dict(_tensors(old_head)), list[Stretch]()
    for name, (tensor, start, end) in sorted(_tensors(new_head), key=lambda one: one[1][1]):
        there = before.get(name)
        if there is None or (there[0].dtype, there[0].shape) != (tensor.dtype, tensor.shape):
            continue
        shift = there[1] - start
        if there[2] - there[1] != end - start or (found and start < found[-1].end):
            continue
        if found and (found[-1].end, found[-1].shift) == (start, shift):
            found[-1] = Stretch(found[-1].start, end, shift)
        else:
            found.append(Stretch(start, end, shift))
    return found


def _tensors(head: bytes) -> Iterator[tuple[str, tuple[_Tensor, int, int]]]:
    """Name, what it is, and where its bytes begin and end in the file."""
    begin = _data_start(head)
    if not begin or len(head) < begin:
        return
    try:
        entries = msgspec.json.decode(head[8:begin], type=dict[str, msgspec.Raw])
    except _NO_HEAD:
        return
    for name, raw in entries.items():
        try:
            tensor = msgspec.json.decode(raw, type=_Tensor)
        except _NO_HEAD:  # the metadata, and whatever else is no tensor
            continue
        start, end = tensor.data_offsets
        if 0 <= start < end < 2**62:
            yield name, (tensor, begin + start, begin + end)


def _data_start(start: bytes) -> int:
    """Where the tensors of a safetensors file begin, 0 when it is none."""
    if len(start) < 9 or start[8:9] != b"{":
        return 0
    (length,) = struct.unpack("<Q", start[:8])
    return 8 + length if 2 <= length <= 100 * 2**20 else 0


class OldFile:
    """The file that is to be replaced, read by the offsets of the new one."""

    def __init__(self, descriptor: int, new_size: int, new_head: bytes) -> None:
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size
        self._behind = self._size - new_size
        self._stretches = stretches(self._head(), new_head)
        self._starts = [one.start for one in self._stretches]

    @property
    def ways(self) -> list[Way]:
        """How its bytes may fit the new file."""
        ways: list[Way] = [self._read]
        if self._behind:
            ways.append(lambda start, size: self._read(start + self._behind, size))
        if any(one.shift not in (0, self._behind) for one in self._stretches):
            ways.append(self._put_together)
        return ways

    def _head(self) -> bytes:
        start = self._read(0, 16)
        wanted = _data_start(start)
        return self._read(0, wanted) if 0 < wanted <= min(self._size, _LONGEST_HEAD) else start

    def _read(self, start: int, size: int) -> bytes:
        return pread(self._descriptor, size, start) if start >= 0 else b""

    def _put_together(self, start: int, size: int) -> bytes:
        """Bytes of each tensor from where it lies; b"" when one of them is not in the old file."""
        found, at, end = list[bytes](), start, start + size
        while at < end:
            run = self._stretches[bisect_right(self._starts, at) - 1] if self._starts else None
            if run is None or not run.start <= at < run.end:
                return b""
            upto = min(end, run.end)
            found.append(self._read(at + run.shift, upto - at))
            at = upto
        return b"".join(found)


def reuse(part: PartFile, story: Story, old: Path, pieces: Pieces, new_head: bytes, stop: Stop) -> int:
    """Fill an empty part with the pieces that the old file has, and a journal of its whole blocks.

    Args:
        pieces: Piece length and SHA-256 of each piece of the new file.
        new_head: First bytes of the new file, see `whole_head`.

    Returns:
        Bytes that need not be fetched.
    """
    length, digests = pieces
    known: list[tuple[int, int]] = []
    with disk_errors(old), old.open("rb") as file:
        ways = OldFile(file.fileno(), story.size, new_head).ways
        for index, digest in enumerate(digests):
            stop.check()
            start = index * length
            size = min(length, story.size - start)
            for way in ways if size > 0 else ():
                data = way(start, size)
                if len(data) == size and hashlib.sha256(data).hexdigest() == digest:
                    part.write(memoryview(data), start)
                    known.append((start, start + size))
                    ways = [way, *(other for other in ways if other is not way)]  # the next one lies there too
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
