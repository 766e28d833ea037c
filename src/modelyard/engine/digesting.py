"""Hashes that are fed a file's bytes in order, once."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from blake3 import blake3

from modelyard.values.digests import LENGTHS, short_forms

_HEADER_LIMIT = 100 * 2**20


class Hashing(Protocol):
    """A running hash."""

    def update(self, data: memoryview, /) -> object:
        """Feed bytes."""
        ...

    def hexdigest(self) -> str:
        """The digest of what was fed so far, empty when it does not apply to this file."""
        ...


class Crc32:
    """CRC-32 as hubs write it: eight hex digits."""

    def __init__(self) -> None:
        self._sum = 0

    def update(self, data: memoryview) -> None:
        """Feed bytes."""
        self._sum = zlib.crc32(data, self._sum)

    def hexdigest(self) -> str:
        """Eight hex digits."""
        return f"{self._sum:08x}"


class AutoV1:
    """First 8 hex digits of SHA-256 over 64 KiB at offset 1 MiB (the web UIs' oldest short hash)."""

    def __init__(self) -> None:
        self._at = 0
        self._sum = hashlib.sha256()

    def update(self, data: memoryview) -> None:
        """Feed bytes."""
        low, high = max(0, 0x100000 - self._at), max(0, 0x110000 - self._at)
        self._sum.update(data[low:high])
        self._at += len(data)

    def hexdigest(self) -> str:
        """Eight hex digits, of what there is when the file is shorter."""
        return self._sum.hexdigest()[:8]


class TensorSha256:
    """SHA-256 of a safetensors file after its header: AutoV3 is its first 12 hex digits."""

    def __init__(self) -> None:
        self._head = b""
        self._skip: int | None = None
        self._sum = hashlib.sha256()

    def update(self, data: memoryview) -> None:
        """Feed bytes."""
        if self._skip is None:
            need = 8 - len(self._head)
            self._head += bytes(data[:need])
            data = data[need:]
            if len(self._head) < 8:
                return
            self._skip = int.from_bytes(self._head, "little")
        jump = min(self._skip, len(data))
        self._skip -= jump
        self._sum.update(data[jump:])

    def hexdigest(self) -> str:
        """64 hex digits; empty when the bytes cannot be a safetensors file."""
        length = int.from_bytes(self._head, "little")
        plausible = len(self._head) == 8 and 2 <= length <= _HEADER_LIMIT and self._skip == 0
        return self._sum.hexdigest() if plausible else ""


def _git(size: int | None) -> Hashing:
    if size is None:
        raise ValueError("a git hash needs the size first")
    return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)


_MAKERS: Mapping[str, Callable[[int | None], Hashing]] = {
    "sha256": lambda _size: hashlib.sha256(),
    "sha512": lambda _size: hashlib.sha512(),
    "sha1": lambda _size: hashlib.sha1(usedforsecurity=False),
    "md5": lambda _size: hashlib.md5(usedforsecurity=False),
    "blake3": lambda _size: blake3(),
    "crc32": lambda _size: Crc32(),
    "git-sha1": _git,
    "autov1": lambda _size: AutoV1(),
    "tensor-sha256": lambda _size: TensorSha256(),
}

EXTRAS = ("blake3", "tensor-sha256")
"""Worth having for the catalogue, measured only while that costs no time."""


def needed(claimed: Iterable[str]) -> list[str]:
    """The hashes to measure so that every claimed one can be compared; SHA-256 always."""
    names = ["sha256"]
    for name in claimed:
        base = {"autov2": "sha256", "autov3": "tensor-sha256"}.get(name, name)
        if base not in names:
            names.append(base)
    return names


class Digesting:
    """Several running hashes over the same bytes."""

    def __init__(self, names: Iterable[str], size: int | None) -> None:
        self._size = size
        self._running = {name: _MAKERS[name](size) for name in names if name != "git-sha1" or size is not None}

    def update(self, data: memoryview) -> None:
        """Feed bytes to each."""
        for hashing in self._running.values():
            hashing.update(data)

    def drop(self, names: Iterable[str]) -> None:
        """Give up some of them."""
        for name in names:
            self._running.pop(name, None)

    def result(self) -> dict[str, str]:
        """Measured digests, the short forms included."""
        found = {name: hashing.hexdigest() for name, hashing in self._running.items()}
        if tensor := found.pop("tensor-sha256", ""):
            found["autov3"] = tensor[:12]
            found["tensor-sha256"] = tensor
        if "sha256" in found:
            found |= short_forms(found["sha256"])
        return found


def differences(claimed: Mapping[str, str], measured: Mapping[str, str]) -> list[str]:
    """Names of claimed digests that the measured ones contradict.

    AutoV3 alone never condemns a file whose SHA-256 is right: hubs copy it from headers that people
    edit (facts 3.7).
    """
    wrong = [name for name, value in claimed.items() if measured.get(name, value) != value and name in LENGTHS]
    if wrong == ["autov3"] and "sha256" in claimed:
        return []
    return wrong
