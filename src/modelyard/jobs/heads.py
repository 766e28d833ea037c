"""Heads of model files, read and identified: what a scan wants to know of a file before its bytes are measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from modelyard.jobs.stock import Reading
from modelyard.library.formats.header import REMARKS, Code, Header, Problem
from modelyard.library.formats.reading import read_header
from modelyard.library.identify.identify import identify


class Heads:
    """Reads heads in this process."""

    def read(self, paths: Sequence[str]) -> list[Reading]:
        """One answer a path, in order."""
        return [reading(path) for path in paths]


def reading(path: str) -> Reading:
    """What the head of one file says."""
    try:
        header = read_header(Path(path))
    except OSError as error:
        header = Header(findings=(Problem(Code.UNREADABLE, f"It cannot be read: {error.strerror}."),))
    words = tuple(problem.words for problem in header.findings if problem.code not in REMARKS)
    return Reading(identify(header, path), tuple(problem.code.value for problem in header.findings), words)
