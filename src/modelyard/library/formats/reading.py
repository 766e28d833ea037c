"""The one door to all readers: which format a file has is decided by its content, never by its name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from modelyard.library.formats import safetensors
from modelyard.library.formats.content import by_content
from modelyard.library.formats.header import Code, Header, Problem
from modelyard.store.positioned import pread
from modelyard.values.suffixes import MODELS, suffix_of

_EXPECTED = {
    ".safetensors": ("safetensors",),
    ".sft": ("safetensors",),
    ".gguf": ("gguf",),
    ".onnx": ("onnx",),
    ".ckpt": ("torch", "torch-legacy", "pickle"),
    ".pt": ("torch", "torch-legacy", "pickle", "torchscript"),
    ".pth": ("torch", "torch-legacy", "pickle", "torchscript"),
}
_START = 64 << 10


def read_header(path: Path | str) -> Header:
    """What a model file or a diffusers folder says about itself; a bad one gives findings, never an exception.

    Raises:
        OSError: There is no such file, or it may not be read.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        fd = os.open(path, flags)
    except IsADirectoryError:
        return _folder(Path(path))
    try:
        status = os.fstat(fd)
        if status.st_mode & 0o170000 != 0o100000:
            return _folder(Path(path)) if status.st_mode & 0o170000 == 0o040000 else _special(path)
        start = pread(fd, _START, 0)
        read = (
            safetensors.read
            if safetensors.plausible(start, status.st_size)
            else by_content(start, status.st_size, str(path))
        )
        header = read(fd, start, status.st_size)
    finally:
        os.close(fd)
    return _suited(header, os.fspath(path))


def _suited(header: Header, path: str) -> Header:
    """Tell when the name says another format than the content; a model is what its bytes are."""
    suffix = "." + path.rpartition(".")[2].lower()
    expected = _EXPECTED.get(suffix)
    if expected is None or header.format in expected or header.format == "unknown":
        return header
    problem = Problem(Code.WRONG_EXTENSION, f"Its name ends in {suffix}, its content is {header.format}.")
    return replace(header, findings=(*header.findings, problem))


def _folder(path: Path) -> Header:
    from modelyard.library.formats import diffusers

    return diffusers.read(path)


def _special(path: Path | str) -> Header:
    return Header(findings=(Problem(Code.UNREADABLE, f"{path} is no ordinary file."),))


def models_below(path: Path) -> Iterator[Path]:
    """The model files below a folder, in order of their names; a diffusers folder is one; another path is itself."""
    if not path.is_dir() or (path / "model_index.json").is_file():
        yield path
        return
    try:
        children = sorted(path.iterdir())
    except OSError:  # whoever reads the folder itself is told why
        yield path
        return
    for child in children:
        if child.is_dir() and not child.is_symlink():
            yield from models_below(child)
        elif suffix_of(child.name) in MODELS:
            yield child
