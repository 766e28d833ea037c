"""Published piece hashes (Metalink, another yard): bytes are checked as they arrive and a liar is named."""

from __future__ import annotations

import hashlib
import threading

from modelyard.errors import ContentError
from modelyard.net.url import without_query
from modelyard.values.offers import Source


class LyingSource(ContentError):
    """A source sent bytes that the published piece hashes contradict."""

    code = "lying-source"
    hint = "Nothing was saved. Try another source."

    def __init__(self, message: str, source: Source) -> None:
        super().__init__(message)
        self.source = source


class PieceCheck:
    """Checks what arrives against pieces of a fixed length.

    Pieces need not match our blocks: bytes are collected per piece until it is whole. Only pieces whose
    bytes come from one source in order are judged; the final hash judges everything again.

    Args:
        pieces: Piece length in bytes and the SHA-256 of each piece in hex; None checks nothing.
    """

    def __init__(self, pieces: tuple[int, tuple[str, ...]] | None) -> None:
        self._pieces = pieces
        self._open: dict[int, tuple[int, hashlib._Hash]] = {}
        self._lock = threading.Lock()

    def check(self, offset: int, view: memoryview, source: Source) -> None:
        """Feed bytes at `offset`.

        Raises:
            LyingSource: They complete a piece whose hash is not the published one.
        """
        if self._pieces is None:
            return
        length, digests = self._pieces
        while view:
            index, inside = divmod(offset, length)
            share = view[: length - inside]
            with self._lock:
                self._feed(index, inside, share, source, length, digests)
            offset, view = offset + len(share), view[len(share) :]

    def _feed(
        self, index: int, inside: int, share: memoryview, source: Source, length: int, digests: tuple[str, ...]
    ) -> None:
        at, running = self._open.get(index, (0, hashlib.sha256()))
        if inside == 0:
            at, running = 0, hashlib.sha256()
        if at != inside or index >= len(digests):
            return
        running.update(share)
        if inside + len(share) < length:
            self._open[index] = (inside + len(share), running)
            return
        self._open.pop(index, None)
        if running.hexdigest() != digests[index]:
            raise LyingSource(f"{without_query(source.url)} sent wrong bytes in piece {index}.", source)
