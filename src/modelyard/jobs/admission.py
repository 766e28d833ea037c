"""Admission: whether a file that arrived may have its name, and the name of one that may not.

The content decides, never the ending of the name; what cannot be taken apart counts as unsafe.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from modelyard.errors import UnsafePickle, YardError
from modelyard.library.reading.look import Look
from modelyard.library.reading.pool import Pool
from modelyard.values.hazards import RUNS_CODE, SEALED
from modelyard.values.suffixes import MODELS, QUARANTINE, suffix_of

Arrived = Sequence[tuple[Path, Path]]
"""Where files that arrived are, and the names that they shall have."""

Check = Callable[[Arrived], Sequence[YardError | None]]
"""Why files that arrived may not get their names, None for each that may."""

RISKY = RUNS_CODE | SEALED | {"unreadable"}
"""Problems that keep a file from its name."""
_STARTS = (b"PK", b"\x80")
_NO_PICKLES = frozenset((".safetensors", ".sft", ".gguf", ".ggml", ".onnx", ".tflite", ".engine", ".msgpack"))
_LOADED = MODELS - _NO_PICKLES
"""Endings under which some program unpickles whatever the file begins with."""


def quarantined(path: Path) -> Path:
    """The name of a file in quarantine."""
    return path.with_name(path.name + QUARANTINE)


def own_suffix(path: Path) -> str:
    """The suffix that a file in quarantine had before."""
    return Path(path.name.removesuffix(QUARANTINE)).suffix


def refusals(arrived: Arrived, readers: Pool) -> list[YardError | None]:
    """Why files that arrived may not get their names, None for each that may.

    Args:
        readers: Limited children that take them apart; what ends one counts as unsafe.
    """
    doubtful = {str(part): target for part, target in arrived if _may_be_loaded(part, target)}
    words = dict(zip(doubtful, map(_words, readers.read(list(doubtful))), strict=True)) if doubtful else {}
    return [_refused(target, words.get(str(part), [])) for part, target in arrived]


def named_as_pickle(name: str) -> bool:
    """Whether some program would take a file of this name for a pickle."""
    return suffix_of(name) in _LOADED


def _may_be_loaded(part: Path, target: Path) -> bool:
    """The same of a file, by its name or its first bytes; yes where these cannot be read."""
    if named_as_pickle(target.name):
        return True
    try:
        with part.open("rb") as file:
            return file.read(2).startswith(_STARTS)
    except OSError:
        return True


def _words(look: Look) -> list[str]:
    return [problem.words for problem in look.findings if problem.code in RISKY]


def _refused(target: Path, words: Sequence[str]) -> UnsafePickle | None:
    if not words:
        return None
    return UnsafePickle(f"{target.name}: {' '.join(words[:3])} It is kept as {quarantined(target).name}.")
