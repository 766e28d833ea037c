"""What a reader finds in a model file: its tensors, its metadata, and what is wrong with it."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from typing import Annotated

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0)]
"""A number that is never negative; a header that says otherwise is refused while it is decoded."""


class Tensor(msgspec.Struct, frozen=True, gc=False):
    """One tensor as a header names it: its type and shape, and where its bytes lie in the data."""

    dtype: str = ""
    shape: Annotated[tuple[Count, ...], msgspec.Meta(max_length=64)] = ()
    data_offsets: tuple[Count, Count] = (0, 0)

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


class Code(enum.StrEnum):
    """What can be wrong with a model file; the words are stable."""

    EMPTY = "empty"
    ZERO_FILLED = "zero-filled"
    TRUNCATED = "truncated"
    TRAILING_BYTES = "trailing-bytes"
    BAD_HEADER = "bad-header"
    HEADER_TOO_LARGE = "header-too-large"
    DUPLICATE_KEY = "duplicate-key"
    OVERLAP = "overlap"
    HOLE = "hole"
    BAD_OFFSETS = "bad-offsets"
    SIZE_MISMATCH = "size-mismatch"
    UNKNOWN_DTYPE = "unknown-dtype"
    BAD_SHAPE = "bad-shape"
    BAD_NAME = "bad-name"
    BAD_METADATA = "bad-metadata"
    UNSUPPORTED_VERSION = "unsupported-version"
    NO_TENSORS = "no-tensors"
    LFS_POINTER = "lfs-pointer"
    NOT_A_MODEL = "not-a-model"
    WRONG_EXTENSION = "wrong-extension"
    UNSAFE_PICKLE = "unsafe-pickle"
    BAD_PICKLE = "bad-pickle"
    HOLDS_CODE = "holds-code"
    BAD_ARCHIVE = "bad-archive"
    BAD_CHECKSUM = "bad-checksum"
    ENCRYPTED = "encrypted"
    HOLDS_ARCHIVE = "holds-archive"
    JUNK_PREFIX = "junk-prefix"
    NAME_MISMATCH = "name-mismatch"
    MISSING_SHARD = "missing-shard"
    EXTERNAL_DATA = "external-data"
    UNREADABLE = "unreadable"


REMARKS = frozenset({Code.WRONG_EXTENSION, Code.NO_TENSORS, Code.BAD_NAME, Code.EXTERNAL_DATA})
"""Findings that a file can be used in spite of."""


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with a file, in words a person can act on."""

    code: Code
    words: str


class Header(msgspec.Struct, frozen=True):
    """What a model file says about itself.

    Attributes:
        format: ``safetensors``, ``gguf``, ``torch``, ``pickle``, ``onnx``, ``diffusers``, ``sharded`` …
        size: Bytes on disk; of a folder or a set, of all its parts.
        tensors: By name, in the order of the file; of a pickle those that it describes.
        metadata: What the file says besides, by its own names.
        findings: What is wrong, worst first; empty when nothing is.
    """

    format: str = "unknown"
    size: int = 0
    tensors: Mapping[str, Tensor] = msgspec.field(default_factory=dict)
    metadata: Mapping[str, object] = msgspec.field(default_factory=dict)
    findings: tuple[Problem, ...] = ()

    @property
    def damaged(self) -> bool:
        """Whether anything is wrong that must not be overlooked."""
        return any(problem.code not in REMARKS for problem in self.findings)
