"""What is told as renamed is what the changed file says."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

from modelyard.jobs.workflows.fixed import fixed
from modelyard.jobs.workflows.plan import PlannedModel
from modelyard.programs.workflows.documents import of_value
from modelyard.testing.workflows import needing


def rows(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    found = of_value(workflow)
    assert found is not None
    return found.needed


def renamed(name: str, new: str, directory: str = "loras") -> PlannedModel:
    return PlannedModel(name=name, directory=directory, state="renamed", lists_as=new)


def test_two_names_that_change_places_are_both_renamed() -> None:
    told = needing({"name": "a.safetensors", "directory": "loras"}, {"name": "b.safetensors", "directory": "loras"})
    raw = json.dumps(told).encode()
    done = fixed(
        raw, rows(told), [renamed("a.safetensors", "b.safetensors"), renamed("b.safetensors", "a.safetensors")]
    )
    assert done.raw == raw.replace(b'"a.', b'"?.').replace(b'"b.', b'"a.').replace(b'"?.', b'"b.')
    assert (len(done.renamed), done.left) == (2, ())


def test_nothing_to_rename_needs_no_file_that_can_be_changed() -> None:
    assert fixed(b"no workflow", [], []).raw == b"no workflow"


def test_a_name_that_stands_in_a_text_is_left_and_the_file_is_as_it_was() -> None:
    text = b"parameters\0Steps: 20, VAE: a.safetensors"
    told = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", b"\0" * 13), (b"tEXt", text), (b"IEND", b""))
    )
    row = {"name": "a.safetensors", "directory": "vae", "used_by": []}
    done = fixed(told, [row], [renamed("a.safetensors", "b.safetensors", "vae")])
    assert (done.raw, done.renamed, done.left) == (told, {}, (("a.safetensors", "vae"),))
