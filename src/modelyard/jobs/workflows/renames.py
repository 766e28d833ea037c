"""Which names of a workflow are to be replaced by those of files that are here. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from modelyard.jobs.workflows.plan import READY, PlannedModel


def renames_of(models: Iterable[PlannedModel]) -> dict[tuple[str, str], str]:
    """Name and folder as the workflow has them, to the name under which ComfyUI lists the file that is here."""
    return {
        (one.name, one.directory): one.lists_as
        for one in models
        if one.state in READY and one.name and one.lists_as not in ("", one.name)
    }
