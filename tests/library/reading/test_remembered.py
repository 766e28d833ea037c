"""What is remembered is the same as what is read, whatever stands around it."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from modelyard.library.formats.header import Code
from modelyard.library.formats.reading import read_header
from modelyard.library.identify.identify import identify
from modelyard.library.reading.remembered import Memory

WIDE = {"emb_params": {"dtype": "F32", "shape": [1, 768], "data_offsets": [0, 3072]}}
OTHER = {"emb_params": {"dtype": "F32", "shape": [1, 1024], "data_offsets": [0, 4096]}}


def written(path: Path, head: dict[str, object] | bytes, data: int) -> str:
    raw = head if isinstance(head, bytes) else json.dumps(head, separators=(",", ":")).encode()
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + b"\1" * data)
    return str(path)


def test_a_file_with_known_tensors_gives_what_a_full_reading_gives(tmp_path: Path) -> None:
    memory = Memory()
    cases = [({"__metadata__": {"modelspec.title": f"T{n}", "x": '{"a,":"}"}'}} | WIDE, 3072) for n in range(3)]
    cases += [(WIDE, 3072), (OTHER, 4096), ({"__metadata__": {}} | WIDE, 3072)]
    for at, (head, data) in enumerate(cases):
        path = written(tmp_path / f"{at}.safetensors", head, data)
        header, look = read_header(path), memory.look(path)
        assert look.identity == identify(header, path)
        assert (look.size, look.tensors, look.findings) == (header.size, len(header.tensors), ())


@pytest.mark.parametrize(
    ("head", "data"),
    [
        (WIDE, 3071),
        (WIDE, 3073),
        (json.dumps({"__metadata__": {"a": 1}} | WIDE, separators=(",", ":")).encode(), 3072),
        (b'{"__metadata__":{},"__metadata__":{},' + json.dumps(WIDE, separators=(",", ":")).encode()[1:], 3072),
        (b'{"hidden":{"dtype":"F32","shape":[0]},' + json.dumps(WIDE, separators=(",", ":")).encode()[1:], 3072),
        (b'{"__metadata__":{"a":"\xff"},' + json.dumps(WIDE, separators=(",", ":")).encode()[1:], 3072),
    ],
)
def test_what_is_wrong_is_told_also_when_the_tensors_are_known(
    tmp_path: Path, head: dict[str, object] | bytes, data: int
) -> None:
    memory = Memory()
    memory.look(written(tmp_path / "good.safetensors", {"__metadata__": {"a": "b"}} | WIDE, 3072))
    memory.look(written(tmp_path / "plain.safetensors", WIDE, 3072))
    bad = written(tmp_path / "bad.safetensors", head, data)
    assert memory.look(bad).findings == read_header(bad).findings
    assert memory.look(bad).findings


def test_another_name_or_format_is_read_as_ever(tmp_path: Path) -> None:
    path = written(tmp_path / "a.ckpt", WIDE, 3072)
    assert [problem.code for problem in Memory().look(path).findings] == [Code.WRONG_EXTENSION]
