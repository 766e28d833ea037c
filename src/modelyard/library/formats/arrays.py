"""NumPy and HDF5 files: rarely models, but they can hold code."""

from __future__ import annotations

import re

from modelyard.library.formats.header import Code, Header, Problem
from modelyard.store.positioned import pread

_LOOKED_AT = 1 << 20


def read(fd: int, start: bytes, size: int) -> Header:
    """Whether a ``.npy`` holds pickled objects, or a Keras HDF5 file a layer with code."""
    if start.startswith(b"\x93NUMPY"):
        if holds_objects(start):
            return Header(
                "numpy",
                size,
                findings=(Problem(Code.UNSAFE_PICKLE, "It holds pickled objects; loading it may run code."),),
            )
        return Header("numpy", size)
    looked = pread(fd, _LOOKED_AT, 0)
    if re.search(rb'"class_name": ?"Lambda"|"Lambda"', looked):
        return Header(
            "hdf5",
            size,
            findings=(Problem(Code.HOLDS_CODE, "It has a Lambda layer, which runs code when it is loaded."),),
        )
    return Header("hdf5", size)


def holds_objects(start: bytes) -> bool:
    """Whether an array's type has the object flag (numpy format, ``descr`` with ``O``)."""
    return re.search(rb"'descr':[^}]{0,2000}?['|<>=]O\d{0,2}'", start[:70_000]) is not None
