"""Puts other names of models into a workflow, whatever file it sits in; everything else stays byte for byte."""

from __future__ import annotations

from collections.abc import Callable

from modelyard.errors import NotSupported, NoWorkflow
from modelyard.programs.workflows.containers import (
    exif_writing,
    id3_writing,
    matroska_writing,
    metadata_writing,
    mp4_writing,
    ogg_writing,
    png_writing,
    vorbis_writing,
)
from modelyard.programs.workflows.containers.detect import container
from modelyard.programs.workflows.documents import read_document
from modelyard.programs.workflows.renaming import Renames, renamed


def rewrite(raw: bytes, renames: Renames) -> bytes:
    """The file with other names of models: JSON, or any container that is read. Pictures, sound and tensors stay.

    Args:
        raw: The whole file.
        renames: Name as the workflow has it, with its folder key (empty: unknown), to the new name.

    Raises:
        NoWorkflow: It holds none, or is damaged.
        NotSupported: It is a model, or a text that is no JSON.
    """
    kind = container(raw[:16], len(raw))
    try:
        if kind is None:
            return _of_json(raw, renames)
        return _WRITERS[kind[0]](raw, lambda told: _of_text(told, renames))
    except (ValueError, RecursionError) as error:
        raise NoWorkflow(f"The workflow in this file cannot be changed: {error}.") from error


def _of_json(raw: bytes, renames: Renames) -> bytes:
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
        raise NotSupported(
            "Names in a text of this kind cannot be changed.",
            hint="Give the models its names instead: `modelyard workflow get --link`.",
        )
    if read_document(raw) is None:
        raise NoWorkflow("This file holds no workflow.")
    return renamed(raw.decode("utf-8"), renames).encode("utf-8")


def _of_text(told: str, renames: Renames) -> str:
    """A text of a picture; what is no workflow stays as it is."""
    return renamed(told, renames) if told.lstrip()[:1] == "{" and read_document(told) else told


_WRITERS: dict[str, Callable[[bytes, Callable[[str], str]], bytes]] = {
    "png": png_writing.changed,
    "webp": exif_writing.in_webp,
    "jpeg": exif_writing.in_jpeg,
    "matroska": matroska_writing.changed,
    "mp4": mp4_writing.changed,
    "flac": vorbis_writing.in_flac,
    "ogg": ogg_writing.changed,
    "mp3": id3_writing.changed,
    "safetensors": metadata_writing.changed,
}
