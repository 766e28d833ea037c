"""Names of the files that are one model together: `NAME-00001-of-00003.safetensors`, and the index beside them."""

from __future__ import annotations

import re

SHARD = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<all>\d{5})(?P<suffix>\.[A-Za-z0-9]+)")


def shard_of(name: str) -> tuple[str, str] | None:
    """The stem of a sharded set and what follows it in the name of one of its files; None for other files."""
    shard = SHARD.fullmatch(name)
    return (shard["stem"], name[len(shard["stem"]) :]) if shard else None


def index_of(name: str) -> str:
    """The name of the list of a sharded set's tensors, by the name of one of its files; empty for other files."""
    shard = SHARD.fullmatch(name)
    return f"{shard['stem']}{shard['suffix']}.index.json" if shard else ""
