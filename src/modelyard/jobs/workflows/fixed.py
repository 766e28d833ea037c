"""Puts the names of what is here into a workflow, and reads the result again: only what went is told as renamed."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from modelyard.errors import NoWorkflow
from modelyard.jobs.workflows.plan import PlannedModel
from modelyard.jobs.workflows.renames import renames_of
from modelyard.jobs.workflows.wanted import read_row
from modelyard.programs.workflows.fixing import rewrite
from modelyard.programs.workflows.reading import read_stream

_Key = tuple[str, str]
"""Name and folder as the workflow has them."""


class Fixed(msgspec.Struct, frozen=True):
    """A changed workflow.

    Attributes:
        raw: The whole file; the same bytes where nothing changed.
        renamed: What is called otherwise now, to its new name.
        left: What should be, and stands where names cannot be changed.
    """

    raw: bytes
    renamed: Mapping[_Key, str]
    left: tuple[_Key, ...] = ()


def fixed(raw: bytes, needed: Iterable[Mapping[str, Any]], models: Iterable[PlannedModel]) -> Fixed:
    """The workflow with other names.

    Args:
        raw: The whole file.
        needed: What a reader found in it.
        models: What is here of it.

    Raises:
        NoWorkflow, NotSupported: Its names cannot be changed.
    """
    renames = renames_of(models)
    if not renames:
        return Fixed(raw, {})
    changed = rewrite(raw, renames)
    again = read_stream(io.BytesIO(changed), len(changed))
    if again is None:
        raise NoWorkflow("This workflow could not be read any more with other names; it was left as it is.")
    before, after = _uses(needed), _uses(again.needed)
    left = tuple(key for key in renames if before.get(key, set()) & after.get(key, set()))
    return Fixed(changed, {key: new for key, new in renames.items() if key not in left}, left)


def _uses(rows: Iterable[Mapping[str, Any]]) -> dict[_Key, set[object]]:
    """Where each name is used: two names that change places are both there afterwards, but elsewhere."""
    found: dict[_Key, set[object]] = {}
    for row in rows:
        wanted = read_row(row)
        uses: set[object] = {(use.get("node"), use.get("type"), use.get("widget")) for use in row.get("used_by") or ()}
        found.setdefault((wanted.name, wanted.directory), set()).update(uses or {None})
    return found
