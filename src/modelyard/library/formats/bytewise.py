"""A window over a file that moves forward and never holds more than it must."""

from __future__ import annotations

from modelyard.store.positioned import pread


class Ended(Exception):
    """The file ends before what it promised."""


class Window:
    """Reads a file from `at` on, a piece at a time, with counts instead of trust.

    Args:
        fd: The open file.
        size: Bytes it has.
        piece: Bytes to fetch at once.
    """

    def __init__(self, fd: int, size: int, at: int = 0, piece: int = 1 << 18) -> None:
        self._fd, self.size, self.at, self._piece = fd, size, at, piece
        self._data, self._from = b"", at

    @property
    def left(self) -> int:
        """Bytes from here to the end."""
        return self.size - self.at

    def take(self, count: int) -> bytes:
        """The next bytes.

        Raises:
            Ended: There are fewer.
        """
        if count > self.left or count < 0:
            raise Ended
        offset = self.at - self._from
        if offset + count > len(self._data):
            self._data = pread(self._fd, max(count, self._piece), self.at)
            self._from, offset = self.at, 0
            if len(self._data) < count:
                raise Ended
        self.at += count
        return self._data[offset : offset + count]

    def skip(self, count: int) -> None:
        """Move on without reading.

        Raises:
            Ended: There are fewer bytes.
        """
        if count > self.left or count < 0:
            raise Ended
        self.at += count
        if not 0 <= self.at - self._from <= len(self._data):
            self._data, self._from = b"", self.at
