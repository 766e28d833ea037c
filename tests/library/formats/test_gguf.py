"""Hostile and damaged GGUF files, made by hand."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.library.formats.header import Code, Header
from modelyard.library.formats.reading import read_header


def text(value: bytes | str) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def field(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def u32(value: int) -> bytes:
    return struct.pack("<I", value)


def u64(value: int) -> bytes:
    return struct.pack("<Q", value)


def tensor(name: str, shape: tuple[int, ...], kind: int = 0, offset: int = 0) -> bytes:
    return text(name) + u32(len(shape)) + b"".join(u64(n) for n in shape) + u32(kind) + u64(offset)


def gguf(
    fields: list[bytes], tensors: list[bytes], data: int = 0, version: int = 3, counts: tuple[int, int] | None = None
) -> bytes:
    n_tensors, n_fields = counts or (len(tensors), len(fields))
    head = b"GGUF" + u32(version) + u64(n_tensors) + u64(n_fields) + b"".join(fields) + b"".join(tensors)
    return head + b"\0" * (-len(head) % 32) + b"\1" * data


ARCH = field("general.architecture", 8, text("llama"))
GOOD = gguf(
    [ARCH, field("general.file_type", 4, u32(15))], [tensor("a", (8, 4)), tensor("b", (256,), 12, 128)], 128 + 144
)
DEEP = b"".join(u32(9) + u64(1) for _ in range(50_000)) + u32(4) + u64(0)

HOSTILE = {
    "(39) wrong magic": (b"GGUX" + GOOD[4:], Code.BAD_HEADER),
    **{f"(40) version {n}": (gguf([ARCH], [], version=n), Code.UNSUPPORTED_VERSION) for n in (0, 1, 4)},
    "(40) big-endian": (gguf([ARCH], [], version=3 << 24), Code.UNSUPPORTED_VERSION),
    "(41) 2^64-1 fields": (gguf([], [], counts=(1, 2**64 - 1)), Code.BAD_HEADER),
    "(42) 2^63 tensors": (gguf([], [], counts=(2**63, 1)), Code.BAD_HEADER),
    "(43) key of 2^63 bytes": (gguf([u64(2**63) + b"abc" * 20], []), Code.BAD_HEADER),
    "(44) text of 2^40 bytes": (gguf([text("a") + u32(8) + u64(2**40) + b"x" * 90], []), Code.TRUNCATED),
    "(44) text of 2^64-1 bytes": (gguf([text("a") + u32(8) + u64(2**64 - 1) + b"x" * 90], []), Code.TRUNCATED),
    "(45) list of 2^60 items": (gguf([field("a", 9, u32(4) + u64(2**60))], []), Code.TRUNCATED),
    "(46) list of 2^32 bytes": (gguf([field("a", 9, u32(0) + u64(2**32))], []), Code.TRUNCATED),
    "(46) list of 2^32 texts": (gguf([field("a", 9, u32(8) + u64(2**32))], []), Code.BAD_METADATA),
    "(48) lists nested 50,000 deep": (gguf([field("a", 9, DEEP)], []), Code.BAD_METADATA),
    "(49) unknown field type": (gguf([field("a", 99, u64(0) * 4)], []), Code.BAD_METADATA),
    "(50) duplicate key": (gguf([ARCH, ARCH], [tensor("a", (8,))], 32), Code.DUPLICATE_KEY),
    "(50) duplicate tensor": (gguf([ARCH], [tensor("a", (8,)), tensor("a", (8,), 0, 32)], 64), Code.DUPLICATE_KEY),
    **{
        f"(51) alignment {n}": (
            gguf([field("general.alignment", 4, u32(n))], [tensor("a", (8,))], 32),
            Code.BAD_METADATA,
        )
        for n in (0, 3, 2**31)
    },
    "(51) alignment as text": (
        gguf([field("general.alignment", 8, text("32"))], [tensor("a", (8,))], 32),
        Code.BAD_METADATA,
    ),
    "(52) five dimensions": (gguf([ARCH], [tensor("a", (1, 1, 1, 1, 1))], 32), Code.BAD_SHAPE),
    "(52) 2^32-1 dimensions": (gguf([ARCH], [text("a") + u32(2**32 - 1) + b"\0" * 60], 32), Code.BAD_SHAPE),
    "(53) a product that wraps": (gguf([ARCH], [tensor("a", (2**32, 2**32 + 1))], 32), Code.BAD_SHAPE),
    "(54) a type that was taken out": (gguf([ARCH], [tensor("a", (32,), 4)], 32), Code.UNKNOWN_DTYPE),
    "(55) misaligned": (gguf([ARCH], [tensor("a", (8,), 0, 7)], 64), Code.BAD_OFFSETS),
    "(55) beyond the end": (gguf([ARCH], [tensor("a", (8,), 0, 1 << 40)], 64), Code.TRUNCATED),
    "(55) offset 2^64-32": (gguf([ARCH], [tensor("a", (8,), 0, 2**64 - 32)], 64), Code.TRUNCATED),
    "(55) overlapping": (gguf([ARCH], [tensor("a", (16,)), tensor("b", (16,), 0, 32)], 96), Code.OVERLAP),
    "vocabulary only": (gguf([ARCH], []), Code.NO_TENSORS),
    "trailing bytes": (GOOD + b"\1" * 4096, Code.TRAILING_BYTES),
}


def read(tmp_path: Path, data: bytes) -> Header:
    path = tmp_path / "model.gguf"
    path.write_bytes(data)
    return read_header(path)


@pytest.mark.parametrize("case", HOSTILE)
def test_each_hostile_file_gives_its_finding_within_two_seconds(case: str, tmp_path: Path) -> None:
    data, code = HOSTILE[case]
    began = time.monotonic()
    assert code in {problem.code for problem in read(tmp_path, data).findings}
    assert time.monotonic() - began < 2


def test_a_sound_file_tells_its_fields_and_shapes_in_torch_order(tmp_path: Path) -> None:
    header = read(tmp_path, GOOD)
    assert header.findings == ()
    assert header.metadata == {"general.architecture": "llama", "general.file_type": "Q4_K_M"}
    assert [(name, one.dtype, one.shape) for name, one in header.tensors.items()] == [
        ("a", "F32", (4, 8)),
        ("b", "Q4_K", (256,)),
    ]


def test_every_cut_is_found(tmp_path: Path) -> None:
    for end in range(4, len(GOOD), 9):
        assert (
            Code.TRUNCATED in {p.code for p in read(tmp_path, GOOD[:end]).findings}
            or read(tmp_path, GOOD[:end]).damaged
        ), end


def test_two_million_words_are_passed_over_in_time(tmp_path: Path) -> None:
    words = u32(8) + u64(2_000_000) + text("word") * 2_000_000
    began = time.monotonic()
    header = read(tmp_path, gguf([field("tokenizer.ggml.tokens", 9, words)], [tensor("a", (8,))], 32))
    assert header.metadata["tokenizer.ggml.tokens"] == {"items": 2_000_000}
    assert not header.damaged
    assert time.monotonic() - began < 6  # two seconds on a quiet machine


def test_a_chat_template_is_kept_as_text(tmp_path: Path) -> None:
    template = "{{ ''.__class__ }}<script>"
    header = read(tmp_path, gguf([field("tokenizer.chat_template", 8, text(template))], [tensor("a", (8,))], 32))
    assert header.metadata["tokenizer.chat_template"] == template  # (57): nothing renders it


def test_the_reference_writer_is_understood(tmp_path: Path) -> None:
    gguf_package, numpy = pytest.importorskip("gguf"), pytest.importorskip("numpy")
    path = tmp_path / "w.gguf"
    writer = gguf_package.GGUFWriter(path, "flux")
    writer.add_name("Test")
    writer.add_array("tokens", [f"w{n}" for n in range(100)])
    writer.add_tensor("double_blocks.0.img_attn.qkv.weight", numpy.zeros((6, 4), numpy.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    header = read_header(path)
    assert not header.damaged
    assert header.tensors["double_blocks.0.img_attn.qkv.weight"].shape == (6, 4)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_changed_bytes_never_raise(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    raw = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(4, len(raw) - 1))] = data.draw(st.integers(0, 255))
    read(tmp_path_factory.getbasetemp(), bytes(raw))
