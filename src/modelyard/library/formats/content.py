"""Which format a file has, by its first bytes."""

from __future__ import annotations

from collections.abc import Callable

from modelyard.library.formats import safetensors
from modelyard.library.formats.header import Code, Header, Problem
from modelyard.store.positioned import pread

Reader = Callable[[int, bytes, int], Header]
TORCH_LEGACY = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
"""The pickled magic number that torch wrote before 1.6 (torch/serialization.py, MAGIC_NUMBER)."""

_OTHERS = (
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"\x93NUMPY", "numpy"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"\x1f\x8b", "gzip archive"),
    (b"Rar!", "rar archive"),
    (b"\x28\xb5\x2f\xfd", "zstd archive"),
    (b"\x89PNG", "PNG picture"),
    (b"\xff\xd8\xff", "JPEG picture"),
    (b"%PDF", "PDF document"),
    (b"RIFF", "RIFF file"),
    (b"MZ", "Windows program"),
    (b"\x7fELF", "Linux program"),
    (b"ggml", "old GGML"),
    (b"tjgg", "old GGML"),
    (b"lmgg", "old GGML"),
    (b"fmgg", "old GGML"),
)


def by_content(start: bytes, size: int, name: str) -> Reader:
    """The reader for a file that begins like this and does not look like safetensors."""
    if size == 0:
        return _says("unknown", Code.EMPTY, "It is empty.")
    if start.startswith(b"GGUF"):
        from modelyard.library.formats import gguf

        return gguf.read
    if start.startswith(b"PK\x03\x04"):
        from modelyard.library.formats import torch_zip

        return torch_zip.read
    if start.startswith(b"version https://git-lfs.github.com/spec/"):
        return _lfs
    if not start.strip(b"\0"):
        return _says(
            "unknown", Code.ZERO_FILLED, "It begins with nothing but zeros; a download may not have filled it."
        )
    return _named(start, name) or _guessed(start, name)


def _named(start: bytes, name: str) -> Reader | None:
    text = start[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<svg")):
        return _says("html", Code.NOT_A_MODEL, "It is a web page saved under a model's name, often a login page.")
    if text.startswith(b"{") and name.lower().endswith(".index.json"):
        from modelyard.library.formats import diffusers

        return diffusers.read_index
    if text.startswith(b"{") or (text.startswith(b"[") and _is_json(start)):
        return _says("json", Code.NOT_A_MODEL, "It is JSON, often a server's error saved under a model's name.")
    if start[257:262] == b"ustar":
        return _says("tar archive", Code.NOT_A_MODEL, "It is a tar archive, not a model.")
    kind = next((kind for magic, kind in _OTHERS if start.startswith(magic)), None)
    if kind in ("numpy", "hdf5"):
        from modelyard.library.formats import arrays

        return arrays.read
    return _says(kind, Code.NOT_A_MODEL, f"It is a {kind}, not a model.") if kind else None


def _is_json(start: bytes) -> bool:
    """Whether bytes that begin with a bracket are text, not a pickle of the first protocol."""
    return all(byte >= 0x20 or byte in b"\t\r\n" for byte in start[:512]) and start[1:2] not in b"q(c"


def _guessed(start: bytes, name: str) -> Reader:
    from modelyard.library.formats import onnx, pickled

    if pickled.plausible(start):
        return pickled.read
    if onnx.plausible(start):
        return onnx.read
    suffix = name.lower().rpartition(".")[2]
    if suffix in ("safetensors", "sft"):
        return safetensors.read
    if suffix == "gguf":
        return _says("gguf", Code.BAD_HEADER, "It does not begin as a GGUF file does.")
    if pickled.plausible_anywhere(start):
        return pickled.read
    return _unknown


def _unknown(fd: int, start: bytes, size: int) -> Header:
    """Something else; a zip is found by its end, so that bytes before it hide nothing."""
    tail = pread(fd, 65_557, max(0, size - 65_557))
    if b"PK\x05\x06" in tail:
        from modelyard.library.formats import torch_zip

        return torch_zip.read(fd, start, size)
    return Header(
        "unknown", size, findings=(Problem(Code.NOT_A_MODEL, "It begins like no model format that we know."),)
    )


def _says(kind: str, code: Code, words: str) -> Reader:
    def read(_fd: int, _start: bytes, size: int) -> Header:
        return Header(kind, size, findings=(Problem(code, words),))

    return read


def _lfs(_fd: int, start: bytes, size: int) -> Header:
    """A pointer of Git LFS (its spec v1): the oid is the SHA-256 of the file that is wanted."""
    lines = dict(line.split(" ", 1) for line in start[:1024].decode("utf-8", "replace").splitlines() if " " in line)
    metadata = {"sha256": lines.get("oid", "").removeprefix("sha256:"), "size": lines.get("size", "")}
    words = f"It is a Git LFS pointer, not the model; fetch the file whose SHA-256 is {metadata['sha256'][:64]}."
    return Header("lfs-pointer", size, metadata=metadata, findings=(Problem(Code.LFS_POINTER, words),))
