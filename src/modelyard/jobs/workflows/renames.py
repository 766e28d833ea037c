"""Which names of a workflow are to be replaced by those of files that are here. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from modelyard.jobs.workflows.plan import READY, PlannedModel


def renames_of(models: Iterable[PlannedModel]) -> dict[tuple[str, str], str]:
    """Name and folder as the workflow has them, to the name under which ComfyUI lists the file that is here.

    A name that two models share, told apart by their hashes, stays: nothing says which node wants which.
    """
    told: dict[tuple[str, str], set[str]] = {}
    for one in models:
        if one.name:
            told.setdefault((one.name, one.directory), set()).add(
                one.lists_as if one.state in READY and one.lists_as else one.name
            )
    return {key: new for key, names in told.items() if len(names) == 1 and (new := min(names)) != key[0]}
