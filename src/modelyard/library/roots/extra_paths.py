"""`extra_model_paths.yaml`, read exactly as ComfyUI reads it (facts 1.6), with its traps told.

Whatever would stop ComfyUI at its start is an error here, too, in words that say how to mend it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from modelyard.errors import BadValue
from modelyard.library.roots.comfy import Extra, expanded, folder_name
from modelyard.values.plain_yaml import read_yaml


def read_extra_paths(text: str, home: Path) -> list[Extra]:
    """The folders that a YAML text adds, in ComfyUI's order.

    Args:
        home: The folder of the YAML file; relative paths begin there.

    Raises:
        BadValue: It cannot be read, or ComfyUI itself would stop at it.
    """
    groups = read_yaml(text, guessing=True, shared=True)
    if groups == []:
        return []
    if not isinstance(groups, Mapping):
        raise BadValue("The file is empty or no table of groups; ComfyUI stops at its start.", hint="Remove the file.")
    found: list[Extra] = []
    for label, group in groups.items():
        if group is None or group in ("", []):  # there is nothing in it to stumble over
            continue
        if not isinstance(group, Mapping):
            raise _stops(f"The group {label} is no table")
        found += _group(str(label), group, home)
    return found


def _group(label: str, group: Mapping[Any, Any], home: Path) -> Iterator[Extra]:
    base = group.get("base_path", "")
    if not isinstance(base, str):
        raise _stops(f"base_path of {label} is {_words(base)}")
    root = expanded(base, home) if base else None
    first = bool(group.get("is_default"))  # any text counts, "false" too: so does ComfyUI
    for name, value in group.items():
        if name in ("base_path", "is_default"):
            continue
        if not isinstance(value, str):
            raise _stops(f"{label}.{name} is {_words(value)}")
        for line in value.split("\n"):
            if line:
                path = os.path.normpath(os.path.join(root or home, line))  # neither trimmed nor expanded
                yield Extra(folder_name(str(name)), Path(path), first)


def _words(value: Any) -> str:
    return {type(None): "empty", list: "a list", dict: "a table"}.get(type(value), "no text")


def _stops(what: str) -> BadValue:
    return BadValue(
        f"{what}; ComfyUI stops at its start.",
        hint="Write one path a line after `|`, and leave out what has none.",
    )
