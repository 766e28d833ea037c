"""What an earlier run left behind, believed only after it was read back."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import msgspec

from modelyard.engine.blocks import BLOCK, BlockTable, block_count, block_digest
from modelyard.engine.journal import Journal, Known, Story, journal_of
from modelyard.engine.part import PartFile, new_buffer
from modelyard.net.stop import Stop
from modelyard.store.disk_gate import disk_errors

_COPY = 16 * 2**20


class Kept(msgspec.Struct, frozen=True):
    """What an earlier run left that is still right.

    Attributes:
        begun: Bytes at the start of blocks that are not whole, by index.
    """

    story: Story
    table: BlockTable
    begun: dict[int, int]

    @property
    def size(self) -> int:
        """Bytes that need not be fetched again."""
        return self.table.have + sum(self.begun.values())


def recover(part: PartFile, size: int | None, stop: Stop) -> Kept | None:
    """Read back what the journal of an earlier run promises; None when there is nothing to go on with.

    Args:
        size: What the file should be long now, None when unknown.
    """
    found = journal_of(part)
    if found is None or (size is not None and found[0].size != size):
        return None
    story, blocks = found
    kept, buffer, there = Kept(story, BlockTable(story.size), {}), new_buffer(1), part.size()
    for index, known in sorted(blocks.items()):
        stop.check()
        if index >= block_count(story.size) or index * BLOCK >= there or known.length > kept.table.length(index):
            continue
        view = buffer[: known.length]
        if part.read_into(view, index * BLOCK) != len(view) or block_digest(view) != known.digest:
            continue
        if known.length == kept.table.length(index):
            kept.table.put(index, known.digest, known.length)
        else:
            kept.begun[index] = known.length
    return kept if kept.size else None


def plant(part: PartFile, story: Story, old: Path, blocks: dict[int, bytes], stop: Stop) -> None:
    """Fill a part with a copy of another file, and a journal that claims these blocks of it.

    A transfer that goes on from there reads each of them back before it believes them.

    Args:
        blocks: Index and digest of the blocks that are expected to be right.
    """
    with disk_errors(part.path), old.open("rb") as file:
        while _copy(file.fileno(), part.fd, _COPY):
            stop.check()
    part.truncate(story.size)
    table = BlockTable(story.size)
    known = {index: Known(table.length(index), digest) for index, digest in blocks.items()}
    Journal(part, story, known).close()


def _copy(source: int, target: int, count: int) -> int:
    if hasattr(os, "copy_file_range"):
        try:
            return os.copy_file_range(source, target, count)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
                raise
    data = os.read(source, count)
    return os.write(target, data) if data else 0
