"""Reads the workflow in a file, whatever kind of file it is."""

from __future__ import annotations

from pathlib import Path

from modelyard.errors import NoSuchFile, NoWorkflow
from modelyard.programs.workflows.documents import LONGEST, read_document
from modelyard.programs.workflows.references import Workflow


def read_workflow(path: Path) -> Workflow:
    """What a file asks for.

    Raises:
        NoSuchFile: It cannot be read.
        NoWorkflow: It holds no workflow.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(LONGEST + 1)
    except OSError as error:
        raise NoSuchFile(f"{path} cannot be read: {error.strerror or error}.") from error
    if found := read_document(raw):
        return found
    raise NoWorkflow(f"{path.name} holds no workflow.")
