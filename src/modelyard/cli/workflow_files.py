"""The workflows that a command line names: files, whole folders, stdin."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from modelyard.errors import NoSuchFile, NoWorkflow, YardError
from modelyard.programs.workflows.reading import read_stream, read_workflow
from modelyard.programs.workflows.references import Workflow

_ENDINGS = frozenset(
    (".json", ".png", ".apng", ".webp", ".jpg", ".jpeg", ".webm", ".mkv", ".mp4", ".mov", ".flac", ".mp3", ".opus")
    + (".ogg", ".latent", ".txt", ".yaml", ".yml")
)
"""Endings of what is looked into inside a folder."""
LARGEST = 64 * 2**20
"""Bytes of stdin."""


class Found(msgspec.Struct, frozen=True):
    """A file with its workflow, or why there is none.

    Attributes:
        shown: Its path as text that can be printed, whatever bytes its name has.
        raw: What was read, where it came from stdin.
    """

    path: Path
    workflow: Workflow | None = None
    error: YardError | None = None
    raw: bytes | None = None

    @property
    def shown(self) -> str:
        return os.fsencode(self.path).decode("utf-8", "replace")


def found_in(paths: Sequence[Path]) -> Iterator[Found]:
    """What each path holds; in a folder files without a workflow are passed over."""
    for path in paths:
        if str(path) == "-":
            yield _stdin(path)
        elif path.is_dir():
            yield from _in_folder(path)
        else:
            yield _one(path)


def _one(path: Path) -> Found:
    try:
        return Found(path, read_workflow(path))
    except YardError as error:
        return Found(path, error=error)


def _stdin(path: Path) -> Found:
    raw = sys.stdin.buffer.read(LARGEST + 1)
    if len(raw) > LARGEST:
        return Found(path, error=NoWorkflow(f"What comes from stdin is larger than {LARGEST >> 20} MiB."))
    try:
        found = read_stream(io.BytesIO(raw), len(raw))
    except NoWorkflow as error:
        return Found(path, error=error)
    return Found(path, found, None if found else NoWorkflow("What comes from stdin holds no workflow."), raw)


def _in_folder(folder: Path) -> Iterator[Found]:
    """Every workflow below a folder; links to folders are not followed."""
    count = 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if Path(name).suffix.lower() in _ENDINGS:
                found = _one(Path(place) / name)
                if found.workflow is not None or not isinstance(found.error, NoWorkflow):
                    count += 1
                    yield found
    if not count:
        yield Found(folder, error=NoSuchFile(f"No file below {folder} holds a workflow.", hint="Name a file."))
