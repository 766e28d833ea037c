"""Which files of a folder make one model together: single files, sharded sets, diffusers folders. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from modelyard.library.sidecars.belonging import PIPELINE
from modelyard.library.walk import Folder, Seen
from modelyard.values.shards import SHARD


class Unit(msgspec.Struct, frozen=True, gc=False):
    """One model as it lies on the disk.

    Attributes:
        path: Its main file: the only one, the first shard that is there; or the folder of a pipeline.
        files: Every file with weights, the main one first; of a pipeline they are looked for later.
        missing: Names of shards that are not there.
        folder: It is a diffusers folder.
    """

    path: str
    files: tuple[Seen, ...]
    missing: tuple[str, ...] = ()
    folder: bool = False


def is_pipeline(folder: Folder) -> bool:
    """Whether a folder as a whole is one model."""
    return PIPELINE in folder.others


def units_of(folder: Folder) -> Iterator[Unit]:
    """The models of one folder, pipelines apart."""
    sets: dict[tuple[str, str, str], dict[int, Seen]] = {}
    for name, seen in sorted(folder.models.items()):
        shard = SHARD.fullmatch(name)
        if shard is None:
            yield Unit(seen.path, (seen,))
        else:
            sets.setdefault((shard["stem"], shard["all"], shard["suffix"]), {})[int(shard["number"])] = seen
    for (stem, every, suffix), shards in sets.items():
        here = tuple(shards[number] for number in sorted(shards))
        lost = (number for number in range(1, min(int(every), 9999) + 1) if number not in shards)
        missing = tuple(f"{stem}-{number:05}-of-{every}{suffix}" for number in lost)
        yield Unit(here[0].path, here, missing)
