"""The small files of one folder, by the models they may belong to. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from modelyard.library.sidecars.belonging import stem_of
from modelyard.library.walk import Seen


class Beside:
    """The files of a folder that are no models, found by the beginning of their names."""

    def __init__(self, others: Mapping[str, Seen]) -> None:
        self._by_stem: dict[str, list[Seen]] = {}
        for name, seen in others.items():
            at = name.find(".")
            while at >= 0:
                self._by_stem.setdefault(name[:at].lower(), []).append(seen)
                at = name.find(".", at + 1)
            numbered = name.rpartition("_")[0]  # a_0.jpg is an example of a
            if numbered:
                self._by_stem.setdefault(numbered.lower(), []).append(seen)

    def names(self, model: str) -> set[str]:
        """Names of the files that may belong to a model."""
        return {seen.name for seen in self._by_stem.get(stem_of(model).lower(), ())}

    def stamp(self, model: str) -> str:
        """Changes when one of them does; empty when there is none."""
        found = self._by_stem.get(stem_of(model).lower())
        if not found:
            return ""
        told = sorted(f"{seen.name}\0{seen.size}\0{seen.mtime_ns}" for seen in found)
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
