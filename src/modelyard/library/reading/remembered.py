"""Files of a library repeat each other: a LoRA names the same tensors as a hundred others. Those are read once.

What stands behind the metadata in a safetensors header is compared by BLAKE3, together with the length of the data;
when both are known and were without findings, only the metadata is read anew.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import blake3
import msgspec

from modelyard.library.formats import safetensors
from modelyard.library.formats.header import Header
from modelyard.library.formats.reading import read_header
from modelyard.library.identify.identify import Measured, identify, measured
from modelyard.library.reading.look import Look
from modelyard.store.positioned import pread, preadv
from modelyard.values.about import About

_MOST, _START, _LARGEST = 4096, 16 << 10, 1 << 20


class _Metadata(msgspec.Struct, rename={"metadata": "__metadata__"}, forbid_unknown_fields=True):
    metadata: dict[str, str]


_DECODER = msgspec.json.Decoder(_Metadata)


class Memory:
    """Reads and identifies files; remembers what the tensors of the last ones say."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[int, Measured]] = {}
        self._head = bytearray(8 + _LARGEST)  # the same for every file: a fresh one costs more than reading does

    def look(self, path: str, record: About | None = None) -> Look:
        """Read and identify one file; `record` is what a hub says of exactly these bytes.

        Raises:
            OSError: There is no such file, or it may not be read.
        """
        key, size, metadata = _parts(path, self._head)
        known = self._known.get(key) if metadata is not None else None
        if known is not None and metadata is not None:
            header = Header("safetensors", size, metadata=metadata)
            return Look(identify(header, path, record, known[1]), (), size, known[0])
        header = read_header(path)
        measure = measured(header)
        if metadata is not None and header.format == "safetensors" and not header.findings:
            if len(self._known) >= _MOST:
                self._known.pop(next(iter(self._known)))
            self._known[key] = len(header.tensors), measure
        return Look(identify(header, path, record, measure), header.findings, header.size, len(header.tensors))


def _parts(path: str, head: bytearray) -> tuple[bytes, int, Mapping[str, object] | None]:
    """The digest of a header's tensors, the file's size, and its metadata; None when it is not of the plain kind.

    Args:
        head: Where its first bytes are put.
    """
    if not path.lower().endswith((".safetensors", ".sft")):
        return b"", 0, None
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)  # of the tensors behind the header nothing is read ahead
        size, begin = os.fstat(fd).st_size, pread(fd, _START, 0)
        length = int.from_bytes(begin[:8], "little")
        if not safetensors.plausible(begin, size) or length > min(_LARGEST, size - 8):
            return b"", 0, None
        head[: len(begin)] = begin
        rest = memoryview(head)[len(begin) : 8 + length]
        if rest and preadv(fd, [rest], len(begin)) != len(rest):
            return b"", 0, None  # it grew shorter just now, and what stands there is another file's
    except IsADirectoryError:
        return b"", 0, None
    finally:
        os.close(fd)
    end = 8 + length
    entry = head.rfind(b"{", 8, max(8, head.find(b'"data_offsets"', 8, end)))
    name_end = len(head[: max(8, entry)].rstrip(b" :\t\r\n")) - 1
    name = head.rfind(b'"', 8, max(8, name_end))  # where the first tensor's name begins
    if name < 9:
        return b"", 0, None
    key = blake3.blake3(memoryview(head)[name:end]).digest() + (size - end).to_bytes(8, "little")
    return key, size, _metadata(bytes(head[8:name]).rstrip(b" ,\t\r\n"))


def _metadata(before: bytes) -> Mapping[str, object] | None:
    """The metadata when exactly that stands before the first tensor."""
    if before == b"{":
        return {}
    if before.count(b'"__metadata__"') != 1:
        return None
    try:
        return _DECODER.decode(before + b"}").metadata
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
