"""Hostile and damaged safetensors files: each gives its finding, quickly, and never an exception."""

from __future__ import annotations

import io
import json
import struct
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.library.formats.header import Code
from modelyard.library.formats.reading import read_header

GOOD = {
    "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
    "b": {"dtype": "F16", "shape": [4], "data_offsets": [24, 32]},
}


def packed(header: object, data: int = 32, length: int | None = None) -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + b"\1" * data


def one(shape: object = (2,), offsets: object = (0, 8), dtype: str = "F32") -> dict[str, object]:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


ENTRY = b'{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'


def zip_of(name: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, data)
    return stream.getvalue()


HOSTILE = {
    "(1) empty file": (b"", Code.EMPTY),
    "(2) seven bytes": (b"\x08\0\0\0\0\0\0", Code.TRUNCATED),
    "(3) header length 0": (b"\0" * 8 + b"{}", Code.BAD_HEADER),
    "(4) header length 2^63": (packed(GOOD, length=2**63), Code.BAD_HEADER),
    "(5) header length 2^64-1": (packed(GOOD, length=2**64 - 1), Code.BAD_HEADER),
    "(6) 99 MB in a short file": (packed(GOOD, length=99_000_000), Code.TRUNCATED),
    "(7) header one past the end": (
        packed(GOOD, data=0, length=len(json.dumps(GOOD, separators=(",", ":"))) + 1),
        Code.TRUNCATED,
    ),
    "(8) header not JSON": (packed(b'{"a": nope }'), Code.BAD_HEADER),
    "(9) JSON array": (packed(b'["a"]'), Code.BAD_HEADER),
    "(9) JSON string": (packed(b'"abcd"'), Code.BAD_HEADER),
    "(10) nesting": (packed(b'{"a":' * 200_000), Code.BAD_HEADER),
    "(11) NaN in shape": (packed(b'{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}', 8), Code.BAD_HEADER),
    "(12) byte order mark": (packed(b"\xef\xbb\xbf" + json.dumps(GOOD).encode()), Code.BAD_HEADER),
    "(12) UTF-16": (packed(json.dumps(GOOD).encode("utf-16")), Code.BAD_HEADER),
    "(13) bad UTF-8": (packed(b'{"\xff\xfe":' + ENTRY + b"}", 8), Code.BAD_HEADER),
    "(14) duplicate tensor": (packed(b'{"a":' + ENTRY + b',"a":' + ENTRY + b"}", 8), Code.DUPLICATE_KEY),
    "(14) duplicate tensor, escaped": (packed(b'{"a":' + ENTRY + b',"\\u0061":' + ENTRY + b"}", 8), Code.DUPLICATE_KEY),
    "(14) duplicate hidden by an escape": (
        packed(b'{"a":' + ENTRY + b',"a":{"dtype":"F32","sh\\u0061pe":[2],"data_offs\\u0065ts":[0,8]}}', 8),
        Code.DUPLICATE_KEY,
    ),
    "(14) duplicate field": (
        packed(b'{"a":{"dtype":"F32","shape":[9],"shape":[2],"data_offsets":[0,8]}}', 8),
        Code.DUPLICATE_KEY,
    ),
    "(15) duplicate metadata": (
        packed(b'{"__metadata__":{},"a":' + ENTRY + b',"__metadata__":{}}', 8),
        Code.DUPLICATE_KEY,
    ),
    "(16) overlap": (
        packed(
            {
                "a": {"dtype": "U8", "shape": [8], "data_offsets": [0, 8]},
                "b": {"dtype": "U8", "shape": [8], "data_offsets": [4, 12]},
            },
            12,
        ),
        Code.OVERLAP,
    ),
    "(17) same range twice": (
        packed(
            {
                "a": {"dtype": "U8", "shape": [8], "data_offsets": [0, 8]},
                "b": {"dtype": "U8", "shape": [8], "data_offsets": [0, 8]},
            },
            8,
        ),
        Code.OVERLAP,
    ),
    "(18) hole": (
        packed(
            {
                "a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]},
                "b": {"dtype": "U8", "shape": [4], "data_offsets": [8, 12]},
            },
            12,
        ),
        Code.HOLE,
    ),
    "(19) not from zero": (packed(one(offsets=(4, 12)), 12), Code.HOLE),
    "(20) begin behind end": (packed(one(offsets=(8, 0)), 8), Code.BAD_OFFSETS),
    "(21) negative offset": (packed(one(offsets=(-8, 0)), 8), Code.BAD_OFFSETS),
    "(22) beyond the end": (packed(one(shape=(200,), offsets=(0, 800)), 8), Code.TRUNCATED),
    "(23) trailing bytes": (packed(GOOD, 40), Code.TRAILING_BYTES),
    "(24) one byte short": (packed(GOOD, 31), Code.TRUNCATED),
    "(25) shape and place differ": (packed(one(shape=(3,)), 8), Code.SIZE_MISMATCH),
    "(26) product overflows": (packed(one(shape=(2**33, 2**33)), 8), Code.SIZE_MISMATCH),
    "(26) product wraps to the right size": (packed(one(shape=(2**63, 2), offsets=(0, 0)), 0), Code.BAD_SHAPE),
    "(27) nothing times 2^62": (packed(one(shape=(0, 2**62), offsets=(0, 0)), 0), Code.BAD_SHAPE),
    "(28) a million dimensions": (packed(one(shape=(1,) * 1_000_000, offsets=(0, 4)), 4), Code.HEADER_TOO_LARGE),
    "(28) a thousand dimensions": (packed(one(shape=(1,) * 1000, offsets=(0, 4)), 4), Code.BAD_SHAPE),
    "(28) 900,000 dimensions whose product is enormous": (
        packed(one(shape=(999,) * 900_000, offsets=(0, 4)), 4),
        Code.BAD_SHAPE,
    ),
    "(29) unknown dtype": (packed(one(dtype="F7"), 8), Code.UNKNOWN_DTYPE),
    "(30) metadata not text": (packed({"__metadata__": {"a": 1}} | one(), 8), Code.BAD_METADATA),
    "(31) 50 MB of metadata": (packed({"__metadata__": {"a": "x" * 50_000_000}}, 0), Code.HEADER_TOO_LARGE),
    "(32) a path as name": (packed({"../../etc/x": one()["a"]}, 8), Code.BAD_NAME),
    "(33) NUL in a name": (packed({"a\0b": one()["a"]}, 8), Code.BAD_NAME),
    "(35) lone surrogate": (packed(b'{"\\ud800":' + ENTRY + b"}", 8), Code.BAD_HEADER),
    "(36) 300,000 tensors": (
        packed({str(n): {"dtype": "U8", "shape": [1], "data_offsets": [n, n + 1]} for n in range(300_000)}, 0),
        Code.HEADER_TOO_LARGE,
    ),
    "(37) a number of 10,000 digits": (
        packed(b'{"a":{"dtype":"F32","shape":[' + b"9" * 10_000 + b'],"data_offsets":[0,8]}}', 8),
        Code.BAD_SHAPE,
    ),
    "(38) pickle": (b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00id\x85R.", Code.UNSAFE_PICKLE),
    "(38) zip": (zip_of("readme.txt", b"x"), Code.NOT_A_MODEL),
    "(38) zip of a pickle": (zip_of("data.pkl", b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00id\x85R."), Code.UNSAFE_PICKLE),
    "(38) web page": (b"<!DOCTYPE html><html><body>Log in</body></html>", Code.NOT_A_MODEL),
    "(38) an error as JSON": (b'{"error":"Access to model is restricted"}', Code.NOT_A_MODEL),
    "(38) Git LFS pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 123\n",
        Code.LFS_POINTER,
    ),
    "zeros only": (b"\0" * 100_000, Code.ZERO_FILLED),
    "no tensors": (packed({}, 0), Code.NO_TENSORS),
    "an entry without place": (packed(b'{"a":{"dtype":"F32","shape":[0]}}', 0), Code.BAD_HEADER),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_each_hostile_file_gives_its_finding_within_two_seconds(case: str, tmp_path: Path) -> None:
    data, code = HOSTILE[case]
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    began = time.monotonic()
    header = read_header(path)
    assert code in {problem.code for problem in header.findings}
    assert time.monotonic() - began < 2


def test_a_sound_file_has_no_findings(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(
        packed({"__metadata__": {"ss_output_name": "<b>", "dtype": "x", "shape": "y", "t": '{"a":"\\u00e9"}'}} | GOOD)
    )
    header = read_header(path)
    assert header.findings == ()
    assert {name: tensor.shape for name, tensor in header.tensors.items()} == {"a": (2, 3), "b": (4,)}
    assert header.metadata["ss_output_name"] == "<b>"  # (34): a name is data, it is shown as text


def test_a_file_of_twenty_gigabytes_is_read_by_its_header_alone(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    size = 20 << 30
    raw = packed(one(shape=(size // 4,), offsets=(0, size)), 0)
    path.write_bytes(raw)
    with path.open("r+b") as file:
        file.truncate(len(raw) + size)
    began = time.monotonic()
    assert read_header(path).findings == ()
    assert time.monotonic() - began < 0.5


def test_what_the_reference_refuses_is_refused(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors")
    path = tmp_path / "model.safetensors"
    for case, (data, _) in HOSTILE.items():
        path.write_bytes(data)
        try:
            with safetensors.safe_open(path, "numpy"):
                pass
        except safetensors.SafetensorError:
            assert read_header(path).damaged, case


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_findings_and_no_exception(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    path.write_bytes(data)
    assert read_header(path).findings or data[:4] == b"\x93NUM"


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_changed_byte_never_raises(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    raw = bytearray(packed({"__metadata__": {"format": "pt"}} | GOOD))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 33))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "changed.safetensors"
    path.write_bytes(raw)
    read_header(path)
