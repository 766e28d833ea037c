"""Unpacking archives as they arrive: zip, tar, gz and zst, read once from a stream, written once.

Every member goes below a staging folder under a safe name; links, devices and absolute paths are refused
with the whole archive. Nothing leaves the staging folder before the caller has proven the archive.
"""

from __future__ import annotations

import os
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO, cast

from modelyard.errors import NotSupported, UnsafeArchive, UnsafePath, extra_needed
from modelyard.library.names import safe_relative
from modelyard.library.zipped import Stream, members
from modelyard.store.positioned import fdatasync

_CHUNK = 2**20
_MOST_MEMBERS = 100_000
_LONGEST_HEADER = 16 * 2**20


class Budget:
    """How much an archive may become.

    Args:
        most: Bytes of all members together; a bomb ends here.
    """

    def __init__(self, most: int) -> None:
        self._left = most
        self._members = 0

    def member(self) -> None:
        """One member more.

        Raises:
            UnsafeArchive: Too many.
        """
        self._members += 1
        if self._members > _MOST_MEMBERS:
            raise UnsafeArchive(f"The archive has more than {_MOST_MEMBERS:,} members.")

    def spend(self, count: int) -> None:
        """`count` bytes more.

        Raises:
            UnsafeArchive: Too many.
        """
        self._left -= count
        if self._left < 0:
            raise UnsafeArchive("The archive unpacks to more than there is room for.")


def kind_of(name: str) -> str:
    """Kind of archive by its name: ``zip``, ``tar``, ``tar.gz``, ``tar.zst``, ``gz``, ``zst``; empty for none."""
    low = name.lower()
    endings = {
        ".tar.gz": "tar.gz",
        ".tgz": "tar.gz",
        ".tar.zst": "tar.zst",
        ".tzst": "tar.zst",
        ".tar": "tar",
        ".zip": "zip",
        ".gz": "gz",
        ".zst": "zst",
    }
    return next((kind for ending, kind in endings.items() if low.endswith(ending)), "")


def unpack(stream: Stream, name: str, staging: Path, budget: Budget) -> list[Path]:
    """Unpack a stream below `staging`.

    Args:
        name: File name of the archive; its ending tells the kind, its stem names a single member.

    Returns:
        Relative paths of the files, in the order of the archive.

    Raises:
        NotSupported: Unknown kind, or zst without the extra.
        UnsafeArchive: Traversal, links, devices, encryption, bombs, damage.
    """
    kind = kind_of(name)
    plain = _decoder(kind)(stream)
    try:
        if kind.startswith("tar"):
            return list(_untar(plain, staging, budget))
        if kind == "zip":
            return list(_unzip(stream, staging, budget))
        return [_write(_chunks(plain), Path(safe_relative(name.rsplit(".", 1)[0])), staging, budget)]
    except UnsafePath as error:
        raise UnsafeArchive(f"{name} wants to write outside its folder: {error.message}") from error


def _decoder(kind: str) -> Callable[[Stream], Stream]:
    if kind in ("zip", "tar"):
        return lambda stream: stream
    if kind.endswith("gz"):
        return _Gunzip
    if kind.endswith("zst"):
        return _zst
    raise NotSupported("Only zip, tar, tar.gz, tar.zst, gz and zst can be unpacked.", hint="Leave --unpack out.")


def _zst(stream: Stream) -> Stream:
    try:
        import zstandard
    except ImportError as error:
        raise extra_needed("zst archives need", "zstd") from error
    reader: Stream = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(cast("IO[bytes]", stream))
    return reader


class _Gunzip:
    """A gzip stream, decoded; several members in a row are one stream (RFC 1952 2.2)."""

    def __init__(self, packed: Stream) -> None:
        self._packed = packed
        self._decoder = zlib.decompressobj(wbits=31)
        self._rest = b""

    def read(self, size: int = _CHUNK) -> bytes:
        """At most `size` decoded bytes."""
        while True:
            if self._decoder.eof:
                self._rest = self._decoder.unused_data + self._rest or self._packed.read(_CHUNK)
                if not self._rest.strip(b"\0"):
                    return b""
                self._decoder = zlib.decompressobj(wbits=31)
            if not self._rest:
                self._rest = self._packed.read(_CHUNK)
                if not self._rest:
                    raise UnsafeArchive("The archive ends in the middle.")
            try:
                out = self._decoder.decompress(self._rest, size)
            except zlib.error as error:
                raise UnsafeArchive("The archive is damaged.") from error
            self._rest = self._decoder.unconsumed_tail
            if out:
                return out


def _untar(stream: Stream, staging: Path, budget: Budget) -> Iterator[Path]:
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", _Whole(stream)), mode="r|") as archive:
            for member in archive:
                budget.member()
                if member.isdir() or _clutter(member.name):
                    _relative(member.name)
                    continue
                source = archive.extractfile(member) if member.isreg() else None
                if source is None:
                    raise UnsafeArchive(f"{member.name[:80]!r} is a link or a device.")
                yield _write(_chunks(source), _relative(member.name), staging, budget)
    except (tarfile.TarError, EOFError) as error:
        raise UnsafeArchive("The archive is damaged.") from error


class _Whole:
    """A stream whose reads are never short: tarfile takes a short one for the end."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, fewer only at the end."""
        if size > _LONGEST_HEADER:
            raise UnsafeArchive("The archive has a header of an absurd length.")
        return _exactly(self._stream, size)


def _exactly(stream: Stream, size: int) -> bytes:
    parts = []
    while size > 0 and (data := stream.read(size)):
        parts.append(data)
        size -= len(data)
    return b"".join(parts)


def _unzip(stream: Stream, staging: Path, budget: Budget) -> Iterator[Path]:
    for name, chunks in members(stream):
        budget.member()
        if name.endswith("/") or _clutter(name):
            _relative(name)
            for _ in chunks:
                pass
        else:
            yield _write(chunks, _relative(name), staging, budget)


def _relative(name: str) -> Path:
    if "\\" in name or name.startswith("/"):
        raise UnsafePath(f"{name[:80]!r} leads out of the folder.")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    return safe_relative("/".join(parts)) if parts and not _clutter(name) else Path()


def _clutter(name: str) -> bool:
    """What systems put beside the files (``__MACOSX/._x``, ``.DS_Store``): left out, no reason to refuse."""
    parts = name.split("/")
    return ".." not in parts and (parts[0] == "__MACOSX" or parts[-1] in (".DS_Store", "Thumbs.db"))


def _chunks(source: Stream | BinaryIO) -> Iterator[bytes]:
    while data := source.read(_CHUNK):
        yield data


def _write(chunks: Iterator[bytes], relative: Path, staging: Path, budget: Budget) -> Path:
    target = staging / relative
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(
            target,
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0),
            0o644,
        )
    except (FileExistsError, NotADirectoryError) as error:
        raise UnsafeArchive(f"{str(relative)[:80]!r} is in the archive twice.") from error
    with os.fdopen(descriptor, "wb") as file:
        for data in chunks:
            budget.spend(len(data))
            file.write(data)
        file.flush()
        fdatasync(file.fileno())
    return relative
