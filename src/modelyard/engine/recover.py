"""What an earlier run left behind, believed only after it was read back."""

from __future__ import annotations

import contextlib
from pathlib import Path

from modelyard.engine.blocks import BLOCK, BlockTable, block_count, block_digest
from modelyard.engine.journal import Story, journal_path, read_journal
from modelyard.engine.part import PartFile, new_buffer
from modelyard.net.stop import Stop


def recover(part: PartFile, size: int | None, stop: Stop) -> tuple[Story, BlockTable] | None:
    """The story and the good blocks of an earlier run; None when there is nothing to go on with.

    Args:
        size: What the file should be long now, None when unknown.
    """
    found = read_journal(journal_path(part.path))
    if found is None or (size is not None and found[0].size != size):
        return None
    story, records = found
    table = BlockTable(story.size)
    buffer, there = new_buffer(1), part.size()
    for index, digest in sorted(records.items()):
        stop.check()
        if index >= block_count(story.size) or index * BLOCK >= there:
            continue
        view = buffer[: table.length(index)]
        if part.read_into(view, index * BLOCK) == len(view) and block_digest(view) == digest:
            table.put(index, digest, len(view))
    return (story, table) if table.have else None


def forget(part: Path) -> None:
    """Remove a part and its journal."""
    for path in (part, journal_path(part)):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
