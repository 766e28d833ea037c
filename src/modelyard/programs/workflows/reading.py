"""Reads the workflow in a file, whatever kind of file it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from msgspec.structs import replace

from modelyard.errors import NoSuchFile, NoWorkflow
from modelyard.programs.workflows.containers.detect import container
from modelyard.programs.workflows.containers.source import Texts
from modelyard.programs.workflows.documents import LONGEST, read_document
from modelyard.programs.workflows.infotext import LONGEST_TEXT, read_infotext
from modelyard.programs.workflows.references import Workflow
from modelyard.programs.workflows.snapshots import read_yaml_snapshot

_JSON_KEYS = ("workflow", "prompt", "comment", "description", "usercomment", "parameters")
"""Where a workflow is looked for, the richest first: a canvas says what it declares, a prompt does not."""

_INFO_KEYS = ("parameters", "usercomment", "comment")

_START = 1024
"""Bytes in which JSON begins, behind its blanks."""

_MOST_TOGETHER = 4 * LONGEST
"""Characters of all texts of one file; each counts as a million at least, so that there are not too many."""


def read_workflow(path: Path) -> Workflow:
    """What a file asks for.

    Raises:
        NoSuchFile: It cannot be read.
        NoWorkflow: It holds no workflow.
    """
    try:
        with path.open("rb") as stream:
            found = read_stream(stream, os.fstat(stream.fileno()).st_size)
    except OSError as error:
        raise NoSuchFile(f"{path} cannot be read: {error.strerror or error}.") from error
    if found:
        return found
    raise NoWorkflow(f"{path.name} holds no workflow.")


def read_stream(stream: BinaryIO, size: int) -> Workflow | None:
    """The workflow in bytes that can be sought, None when there is none.

    Raises:
        NoWorkflow: It is JSON, and too large.
    """
    head = stream.read(16)
    stream.seek(0)
    kind = container(head, size)
    if not kind:
        raw = stream.read(LONGEST + 1)
        if len(raw) > LONGEST and raw[:_START].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
            raise NoWorkflow(
                f"This JSON is larger than {LONGEST >> 20} MiB, the most that is read of a workflow.",
                hint="Save the workflow alone, without what else stands in the file.",
            )
        found = read_document(raw) or read_yaml_snapshot(raw)
        return found or read_infotext(raw[:LONGEST_TEXT].decode("utf-8", "replace"))
    name, reader = kind
    found = of_texts(_collected(reader(stream)))
    return replace(found, container=name) if found else None


def of_texts(texts: Mapping[str, list[str]]) -> Workflow | None:
    """The workflow in the texts of a container, by their keys."""
    for key in _JSON_KEYS:
        for told in texts.get(key, []):
            if told.lstrip()[:1] == "{" and (found := read_document(told)):
                return found
    for key in _INFO_KEYS:
        for told in texts.get(key, []):
            if found := read_infotext(told):
                return found
    return None


def _collected(texts: Texts) -> dict[str, list[str]]:
    """Texts by key, as far as the file can be followed: what stands before the damage counts."""
    found: dict[str, list[str]] = {}
    try:
        left = _MOST_TOGETHER
        for key, told in texts:
            left -= len(told) + 1_000_000
            if left < 0:
                break
            found.setdefault(key, []).append(told)
    except ValueError:  # Truncated, a header that is no JSON, bytes that are no text
        pass
    return found
