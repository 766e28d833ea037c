"""Small pictures of previews, kept on disk: made once for each stamp of a file and each width, in bounded room."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

from modelyard.errors import NoSuchFile, PreviewRefused
from modelyard.library.previews.decoder import Decoder
from modelyard.library.previews.finding import Preview
from modelyard.library.previews.source import read

WIDTHS = (64, 128, 192, 256, 320, 384, 448, 512, 640, 768, 896, 1024)
_LARGEST_SOURCE = 20 << 20
_MAKE = b"1"  # grows when thumbnails are made in another way
_KEPT_AFTER_SWEEP = 0.8
_REFUSED_FOR = 3600  # seconds


class Thumbnails:
    """A cache of small pictures below one folder.

    Args:
        largest: Bytes of all of them; those made first go first.
    """

    def __init__(self, folder: Path, decoder: Decoder, largest: int = 512 << 20) -> None:
        self._folder = folder
        self._decoder = decoder
        self._largest = largest
        self._held: int | None = None
        self._lock = threading.Lock()

    def get(self, preview: Preview, width: int, form: str = "webp") -> bytes:
        """A picture of at most this width, rounded up to one of `WIDTHS`; a still of a video.

        Raises:
            PreviewRefused: It cannot be decoded; that is remembered for an hour and costs nothing then.
        """
        if preview.kind == "video":
            return self._small(preview.path, width, form, "", self._decoder.still)
        return self._small(
            preview.path, width, form, "", lambda path, *how: self._decoder.thumbnail(read(path, _LARGEST_SOURCE), *how)
        )

    def cover(self, model: Path, width: int, form: str = "webp") -> bytes:
        """The picture in a model's header, small.

        Raises:
            PreviewRefused: It holds none; that is remembered as in `get`.
        """
        return self._small(model, width, form, "cover", self._decoder.cover)

    def placeholder(self, name: str, kind: str, width: int, form: str = "webp") -> bytes:
        """The picture of a model that has none.

        Raises:
            PreviewRefused: It could not be drawn: the machine is too busy.
        """
        wide = _wide(width)
        kept = self._folder / _key(("placeholder", name, kind, wide), form)
        data = _kept(kept)
        if not data:
            data = self._decoder.placeholder(name, kind, wide, form)
            self._keep(kept, data)
        return data

    def _small(self, path: Path, width: int, form: str, what: str, make: Callable[[Path, int, str], bytes]) -> bytes:
        wide = _wide(width)
        kept = self._folder / self._name(path, wide, form, what)
        data = _kept(kept)
        if data is None:
            try:
                data = make(path, wide, form)
            except (PreviewRefused, NoSuchFile):
                data = b""
            self._keep(kept, data)
        if not data:
            raise PreviewRefused(f"{path.name} cannot be shown.")
        return data

    def _name(self, path: Path, width: int, form: str, what: str) -> str:
        try:
            found = path.stat()
        except OSError as error:
            raise PreviewRefused(f"{path} cannot be read: {error.strerror}.") from error
        stamp = (os.fspath(path.absolute()), found.st_ino, found.st_size, found.st_mtime_ns, width)
        return _key((*stamp, what) if what else stamp, form)

    def _keep(self, kept: Path, data: bytes) -> None:
        """Put it into the cache; a cache that cannot be written only costs time."""
        with contextlib.suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            beside = kept.with_name(f".{kept.name}.{os.urandom(4).hex()}")
            beside.write_bytes(data)
            beside.replace(kept)
        with self._lock:
            self._held = (self._held if self._held is not None else self._size()) + len(data)
            if self._held > self._largest:
                self._held = self._swept()

    def _size(self) -> int:
        return sum(size for _, size, _ in self._files())

    def _files(self) -> list[tuple[int, int, Path]]:
        """Time, size and path of what is kept."""
        files = []
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(OSError):  # another process swept it
                found = path.stat()
                if stat.S_ISREG(found.st_mode):
                    files.append((found.st_mtime_ns, found.st_size, path))
        return files

    def _swept(self) -> int:
        files = sorted(self._files())
        held = sum(size for _, size, _ in files)
        for _, size, path in files:
            if held <= self._largest * _KEPT_AFTER_SWEEP:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                held -= size
        return held


def _wide(width: int) -> int:
    return next((each for each in WIDTHS if each >= width), WIDTHS[-1])


def _key(facts: tuple[object, ...], form: str) -> str:
    key = hashlib.blake2b(_MAKE + repr(facts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"{key[:2]}/{key}.{form}"


def _kept(path: Path) -> bytes | None:
    """What is kept there; a refusal counts for an hour, as the machine may have been busy, or a codec was missing."""
    try:
        data = path.read_bytes()
        return data if data or time.time() - path.stat().st_mtime < _REFUSED_FOR else None
    except OSError:
        return None
