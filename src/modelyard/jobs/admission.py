"""Admission: whether a file that arrived may have its name, and the name of one that may not.

The content decides, never the ending of the name; what cannot be taken apart counts as unsafe.
"""

from __future__ import annotations

from pathlib import Path

from modelyard.errors import UnsafePickle, YardError
from modelyard.library.reading.pool import Pool
from modelyard.values.hazards import RUNS_CODE, SEALED
from modelyard.values.suffixes import MODELS, QUARANTINE, suffix_of

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


def unsafe(part: Path, target: Path, readers: Pool) -> YardError | None:
    """Why a file that arrived may not get its name, None when it may.

    Args:
        readers: Limited children that take it apart; what ends one counts as unsafe.
    """
    with part.open("rb") as file:
        start = file.read(2)
    if not start.startswith(_STARTS) and suffix_of(target.name) not in _LOADED:
        return None
    (look,) = readers.read([str(part)])
    words = [problem.words for problem in look.findings if problem.code in RISKY]
    if not words:
        return None
    return UnsafePickle(f"{target.name}: {' '.join(words[:3])} It is kept as {quarantined(target).name}.")
