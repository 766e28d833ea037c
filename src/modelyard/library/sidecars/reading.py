"""Every sidecar of a model, read and merged: ours first, then the tools that keep the most."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from modelyard.errors import SidecarUnreadable
from modelyard.library.sidecars import (
    civitai_info,
    info,
    lora_manager,
    markdown,
    rgthree,
    stability_matrix,
    swarm,
    web_ui,
)
from modelyard.library.sidecars.belonging import WHOLE_NAME, stem_of
from modelyard.library.sidecars.merging import Found, Problem, merged
from modelyard.library.sidecars.source import as_json, as_text, read_bytes
from modelyard.values.about import About

_JSON: Mapping[str, Callable[[Mapping[str, Any], str], About]] = {
    "info": info.read,
    "metadata.json": lora_manager.read,
    "civitai.info": civitai_info.read,
    "cm-info.json": stability_matrix.read,
    "cminfo.json": stability_matrix.read_civicomfy,
    "api_info.json": web_ui.read_model,
    "json": web_ui.read,
    "rgthree-info.json": rgthree.read,
    "swarm.json": swarm.read,
}
_TEXT: Mapping[str, Callable[[str, str], About]] = {
    "md": markdown.read,
    "description.txt": markdown.read_plain,
    "txt": markdown.read_plain,
}
FORMS = (*_JSON, *_TEXT)
"""The forms that are read, the strongest first; each is the ending of its file's name."""

_NOTHING = Found()


def read_all(model: Path, names: Collection[str] | None = None) -> Found:
    """What all sidecars of a model say. Hostile files never raise: each is a problem that names it.

    Args:
        names: The names in its folder when they are known, a set; spares a look at the disk for each form.
    """
    name = model.name
    stem = stem_of(name)
    files = {form: _file(form, stem, name) for form in FORMS}
    there = [(form, file) for form, file in files.items() if file != name and (names is None or file in names)]
    if not there:
        return _NOTHING
    said: list[About] = []
    problems: list[Problem] = []
    folder = str(model.parent)
    for form, file in there:
        try:
            data = read_bytes(f"{folder}/{file}")
            if data is not None:
                said.append(_read(form, data, file, name))
        except SidecarUnreadable as error:
            problems.append(Problem(file, str(error)))
    return Found(merged(said), tuple(problems))


def _file(form: str, stem: str, name: str) -> str:
    return name + WHOLE_NAME if form == "rgthree-info.json" else f"{stem}.{form}"


def _read(form: str, data: bytes, file: str, model: str) -> About:
    if form in _TEXT:
        return _TEXT[form](as_text(data), model)
    told = as_json(data, file)
    if not isinstance(told, dict):
        if form == "json":  # many programs keep lists in such files
            return About()
        raise SidecarUnreadable(f"{file} holds a JSON {type(told).__name__}, not an object.")
    return _JSON[form](told, model)
