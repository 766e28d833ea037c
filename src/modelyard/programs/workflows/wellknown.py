"""Files that ComfyUI's own templates use: folder and name to where they can be had. An index that is shipped."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Known(NamedTuple):
    """One file of the index.

    Attributes:
        directory: ComfyUI's folder key.
        name: The file name that workflows use; the last part of `url` may be another.
        url: Where it can be had.
        size: Bytes as a note says, rounded as people round; a hint.
        mirrors: Other places of a file of that name: to be proven, not believed.
    """

    directory: str
    name: str
    url: str
    size: int | None
    mirrors: tuple[str, ...]


def known(name: str, directory: str = "") -> tuple[Known, ...]:
    r"""The files of that name, in that folder if one is given; several mean that the name alone says too little.

    A folder of the person's own in the name (`sub/x.safetensors`, `sub\x.safetensors`) says nothing about the file.
    """
    found = _by_name().get(name.replace("\\", "/").rpartition("/")[2], ())
    return tuple(each for each in found if directory in ("", each.directory))


@cache
def _by_name() -> dict[str, tuple[Known, ...]]:
    rows = json.loads(files(__package__).joinpath("wellknown.json").read_bytes())
    found: dict[str, tuple[Known, ...]] = {}
    for directory, name, url, size, mirrors in rows:
        found[name] = (*found.get(name, ()), Known(directory, name, url, size, tuple(mirrors)))
    return found
