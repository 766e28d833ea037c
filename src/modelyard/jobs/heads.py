"""Heads of model files, read and identified in limited children: what a scan wants before bytes are measured."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from modelyard.jobs.stock import Reading
from modelyard.library.formats.header import REMARKS
from modelyard.library.reading.look import Look, Whole
from modelyard.library.reading.pool import Pool
from modelyard.values.about import About


class Heads:
    """Reads heads; the children start with the first question and end with `close`."""

    @functools.cached_property
    def _pool(self) -> Pool:
        return Pool()

    def read(self, paths: Sequence[str]) -> list[Reading]:
        """One answer a path, in order."""
        return [_reading(look) for look in self._pool.read(paths)] if paths else []

    def weigh(self, asked: Sequence[tuple[str, About]]) -> list[Reading]:
        """As `read`, with what a hub says of exactly these bytes."""
        return [_reading(look) for look in self._pool.read(asked)] if asked else []

    def table(self, path: str) -> Look:
        """All that one head says: names, types and shapes of its tensors, and its metadata."""
        (look,) = self._pool.read([Whole(path)])
        return look

    def close(self) -> None:
        """End the children."""
        if "_pool" in vars(self):
            self._pool.close()


def _reading(look: Look) -> Reading:
    words = tuple(problem.words for problem in look.findings if problem.code not in REMARKS)
    return Reading(look.identity, tuple(problem.code.value for problem in look.findings), words)
