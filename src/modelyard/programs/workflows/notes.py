"""What the notes on a canvas say about files: where else one can be had, and roughly how large it is. Pure.

Templates write a line a file, `[name.safetensors](https://…) (7.49 GB)`, and name copies of whole repositories at
ModelScope, `[ModelScope:Org/Repo](https://modelscope.cn/models/Org/Repo)`, laid out as the one at Hugging Face.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from modelyard.programs.workflows.references import Workflow, has_suffix
from modelyard.programs.workflows.widgets import list_of, values_of
from modelyard.values.untrusted import record, text

LONGEST_NOTES = 2_000_000
"""Characters of all notes of a workflow that are looked at."""

MOST_MIRRORS = 8
"""Other places of one file that are kept."""

_LINK = re.compile(
    r"\[([^\[\]\n]{1,300})\]\((https://[^\s()<>\"]{1,2000})\)(?:\s*\(~?(\d{1,6}(?:\.\d{1,3})?) ?([KMGT])i?B\))?"
)
_BARE = re.compile(r"(?<![(\w])https://[^\s()<>\"\[\]]{1,2000}")
_REPOSITORY = re.compile(
    r"https://(?:www\.)?modelscope\.(?:cn|ai)/models/([\w.-]{1,100}/[\w.-]{1,100})/?(?:summary|files)?"
)
_HUGGING = re.compile(r"https://huggingface\.co/([\w.-]{1,100}/[\w.-]{1,100})/resolve/[^/]{1,100}/(.{1,1000})")
_TIMES = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


@dataclass(slots=True)
class Notes:
    """All that the notes of one workflow say.

    Attributes:
        places: File name to the addresses that are linked under it, in order.
        sizes: Address to the bytes its note names, rounded as people round; decimal units.
        copies: Repositories at ModelScope, by their names in lower case.
    """

    places: dict[str, dict[str, None]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    copies: dict[str, str] = field(default_factory=dict)


def read(workflow: Mapping[str, Any]) -> Notes:
    """What the notes of a canvas say, those in subgraphs too."""
    notes, left = Notes(), LONGEST_NOTES
    for told in _texts(workflow):
        _read(told[:left], notes)
        left -= len(told)
        if left <= 0:
            break
    return notes


def noted(workflow: Workflow, notes: Notes) -> Workflow:
    """The rows with `mirrors` and `size`, where notes name any.

    What another row declares as its own address is nobody's mirror; and where several rows share a file name, notes
    tell of a row only what stands beside its own address.
    """
    every = [*workflow.needed, *workflow.declared_not_needed]
    shared = Counter(_name(row) for row in every)
    taken = {_bare(row["url"]) for row in every if row.get("url")}
    told = [_noted(row, notes, taken, alone=shared[_name(row)] == 1) for row in every]
    count = len(workflow.needed)
    return replace(workflow, needed=told[:count], declared_not_needed=told[count:])


def _name(row: Mapping[str, Any]) -> str:
    return str(row["name"]).replace("\\", "/").rpartition("/")[2]


def _noted(row: dict[str, Any], notes: Notes, taken: Collection[str], *, alone: bool) -> dict[str, Any]:
    own = _bare(row.get("url", ""))
    places = [place for place in notes.places.get(_name(row), ()) if place not in taken] if alone else []
    copies = [copy for place in (own, *places) if (copy := _copy(place, notes.copies))]
    mirrors = list(dict.fromkeys([*places, *copies]))[:MOST_MIRRORS]
    sizes = [notes.sizes[place] for place in ([own] if own else places) if place in notes.sizes]
    return row | ({"mirrors": mirrors} if mirrors else {}) | ({"size": sizes[0]} if sizes else {})


def _copy(place: str, copies: Mapping[str, str]) -> str:
    """The same path in a repository of the same name at ModelScope, empty when no note names one."""
    found = _HUGGING.fullmatch(place)
    repository = copies.get(found[1].lower(), "") if found else ""
    return f"https://modelscope.cn/models/{repository}/resolve/master/{found[2]}" if found and repository else ""


def _texts(workflow: Mapping[str, Any]) -> Iterator[str]:
    graphs = [workflow, *map(record, list_of(record(workflow.get("definitions")).get("subgraphs")))]
    for graph in graphs:
        for node in map(record, list_of(graph.get("nodes"))):
            if "note" in text(node.get("type")).lower():
                yield from (value for value in values_of(node).values() if isinstance(value, str))


def _read(told: str, notes: Notes) -> None:
    for label, url, count, unit in _LINK.findall(told):
        place = _bare(url)
        for name in {label.strip(), _last(place)}:
            if has_suffix(name):
                notes.places.setdefault(name, {})[place] = None
        if unit:
            notes.sizes.setdefault(place, round(float(count) * _TIMES[unit]))
        if found := _REPOSITORY.fullmatch(place):
            notes.copies[found[1].lower()] = found[1]
    for url in _BARE.findall(told):
        if has_suffix(_last(place := _bare(url.rstrip(".,;:!*`'")))):
            notes.places.setdefault(_last(place), {})[place] = None


def _bare(url: str) -> str:
    """An address without what does not change the file: `?download=true`, a fragment, a page instead of the bytes."""
    bare = url.partition("#")[0].partition("?")[0]
    return bare.replace("/blob/", "/resolve/", 1) if bare.startswith("https://huggingface.co/") else bare


def _last(place: str) -> str:
    return place.rpartition("/")[2]
