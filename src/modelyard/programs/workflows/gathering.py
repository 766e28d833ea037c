"""From what a walk found to rows: one a model, described by whoever declares it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from modelyard.programs.workflows.references import Candidate, Declared, Found, Workflow

_Key = tuple[str, str]
_Places = dict[tuple[str, str], dict[str, Declared]]
"""Place and name of what is declared, then by folder."""


def gather(found: Found, form: str) -> Workflow:
    """Rows of what is needed and of what is declared and not needed.

    A candidate takes folder, URL and hash from what its own node declares under that name (and folder, where known),
    else from what the workflow declares as a whole. Names with a way out of their folder are kept, and told.
    """
    at_node: _Places = {}
    for each in found.declared:
        at_node.setdefault((each.place, each.name), {}).setdefault(each.directory, each)
    rows: dict[_Key, dict[str, Any]] = {}
    for candidate in found.candidates:
        _add(rows, candidate, _best(candidate, at_node))
    needed = list(rows.values())
    unneeded = _unneeded(found.declared, rows)
    problems = [*found.problems, *unsafe([*needed, *unneeded])]
    return Workflow(form, needed, unneeded, list(found.mentioned), problems)


def _best(candidate: Candidate, at_node: _Places) -> Declared | None:
    for place in (candidate.place, ""):
        by_folder = at_node.get((place, candidate.name), {})
        if not candidate.directory and by_folder:
            return next(iter(by_folder.values()))
        if declared := by_folder.get(candidate.directory) or by_folder.get(""):
            return declared
    return None


def _add(rows: dict[_Key, dict[str, Any]], candidate: Candidate, declared: Declared | None) -> None:
    folder = candidate.directory or (declared.directory if declared else "")
    row = rows.setdefault(
        (candidate.name, folder), {"name": candidate.name, "directory": folder or None, "used_by": []}
    )
    if declared:
        for key in ("url", "hash", "hash_type"):
            if not row.get(key) and (value := getattr(declared, key)):
                row[key] = value
    row["used_by"].append({"node": candidate.node, "type": candidate.type, "widget": candidate.widget})


def _unneeded(declared: Iterable[Declared], needed: dict[_Key, dict[str, Any]]) -> list[dict[str, Any]]:
    rows: dict[_Key, dict[str, Any]] = {}
    names = {name for name, _ in needed}
    for each in declared:
        key = (each.name, each.directory)
        if key in needed or (each.name, "") in needed or (not each.directory and each.name in names):
            continue
        row = rows.setdefault(key, {"name": each.name, "directory": each.directory or None, "nodes": []})
        for name in ("url", "hash", "hash_type"):
            if not row.get(name) and (value := getattr(each, name)):
                row[name] = value
        if each.type:
            place = {"node": each.node, "type": each.type, "mode": each.mode}
            row["nodes"].append(place | ({"subgraph": each.subgraph} if each.subgraph else {}))
    return list(rows.values())


def unsafe(rows: list[dict[str, Any]]) -> list[str]:
    """A problem for each name or folder that would leave its folder; the row is marked."""
    problems = []
    for row in rows:
        if leaves(row["name"] or "") or leaves(row["directory"] or ""):
            row["unsafe"] = True
            problems.append(f"The name {str(row['name'])[:200]!r} leaves its folder and will not be followed.")
    return problems


def leaves(name: str) -> bool:
    """Whether a name, with either slash, is absolute, has a drive, climbs, or holds control characters."""
    plain = name.replace("\\", "/")
    return (
        plain.startswith(("/", "~"))
        or ".." in plain.split("/")
        or plain[1:2] == ":"
        or any(ord(letter) < 32 or ord(letter) == 127 for letter in plain)
    )
