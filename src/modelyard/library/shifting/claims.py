"""Who moves what now: two commands never take the same files, and nobody mends what merely goes on."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from modelyard.errors import Busy


class Claims:
    """The shifts of one process; the lock of the data folder keeps other processes away."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._taken: dict[str, tuple[Path, ...]] = {}

    @contextlib.contextmanager
    def claim(self, number: str, paths: Sequence[Path]) -> Iterator[None]:
        """Have these files and folders for the length of a block.

        Raises:
            Busy: Somebody else has one of them, or a folder above or below it.
        """
        with self._lock:
            for taken in self._taken.values():
                if both := next((path for path in paths for other in taken if _touch(path, other)), None):
                    raise Busy(f"{both} is being moved just now.", hint="Try again in a moment.")
            self._taken[number] = tuple(paths)
        try:
            yield
        finally:
            with self._lock:
                del self._taken[number]

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether nothing is being moved; where nothing is, nothing begins for the length of the block."""
        with self._lock:
            yield not self._taken


def _touch(one: Path, other: Path) -> bool:
    return one == other or one in other.parents or other in one.parents
