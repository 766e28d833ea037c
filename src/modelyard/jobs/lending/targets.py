"""Which files a model has, and what they are called in a program's folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from modelyard.catalogue.model import Health, Model
from modelyard.errors import CannotLend, NoSuchFile, UnsafePickle
from modelyard.jobs.stock import Stock
from modelyard.library.names import safe_component
from modelyard.programs.installed.found import Program
from modelyard.values.shards import index_of
from modelyard.values.suffixes import suffix_of

_MOST_FILES = 10_000
GGUF_ONLY = frozenset(("lm-studio", "ollama", "jan", "gpt4all"))
"""Programs that load single GGUF files."""

Files = tuple[tuple[Path, Path], ...]
"""Files of a model as the library shows them, each with what it is when links are resolved."""


def usable(stock: Stock, number: int) -> tuple[Model, Files]:
    """A model that may be lent, with its files.

    Raises:
        NoSuchModel, NoSuchFile, UnsafePath: There is no such model inside the roots.
        UnsafePickle: It would run code when it is loaded.
    """
    model = stock.catalogue.get(number)
    path = Path(model.path)
    if model.gone or not os.path.lexists(path):
        raise NoSuchFile(f"{model.title} is not on the disk any more.", hint="Look what is there: `modelyard scan`.")
    if model.health is Health.UNSAFE:
        raise UnsafePickle(f"{model.title} would run code when a program loads it.")
    roots = stock.roots()
    roots.inside(path)
    known = list(_tree(path)) if path.is_dir() else [Path(one.path) for one in stock.catalogue.files(number)]
    index = path.parent / (index_of(path.name) or "")
    known += [index] if index_of(path.name) and index.is_file() else []
    found = tuple((one, Path(os.path.realpath(one))) for one in known)
    for shown, real in found:
        roots.inside(shown)
        roots.inside(real)
        if not real.is_file():
            raise NoSuchFile(f"{shown} is not a file.", hint="Run `modelyard scan`.")
    return model, found


def _tree(folder: Path) -> Iterator[Path]:
    count = 0
    for above, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for name in sorted(names):
            count += 1
            if count > _MOST_FILES:
                raise CannotLend(f"{folder} has more than {_MOST_FILES:,} files.")
            if not name.startswith("."):
                yield Path(above, name)


def targets_of(model: Model, program: Program, files: Files) -> tuple[Files, tuple[tuple[Path, bytes], ...]]:
    """Files with their places below the program's folder, and small files that we would write there."""
    main = Path(model.path)
    if program.kind == "jan":
        number = _word(main.stem)
        about = {"model_path": f"llamacpp/models/{number}/model.gguf", "name": number, "size_bytes": model.size}
        text = yaml.safe_dump(about, allow_unicode=True)
        return ((files[0][1], Path(number, "model.gguf")),), ((Path(number, "model.yml"), text.encode()),)
    below = Path(*_published(model)) if program.kind == "lm-studio" else Path()
    if main.is_dir():
        parts = [(real, shown.relative_to(main).parts) for shown, real in files]
        return tuple((real, below.joinpath(_name(main), *map(safe_component, names))) for real, names in parts), ()
    ending = ".gguf" if program.kind in GGUF_ONLY else ""
    return tuple((real, below / _named(shown, model, ending)) for shown, real in files), ()


def _named(path: Path, model: Model, ending: str) -> str:
    """A file's name; a blob, which is called by its hash, gets the model's.

    Args:
        ending: The only one that the program knows.
    """
    name = _name(path) if suffix_of(path.name) else f"{_word(model.title)}.{model.format}"
    return name if name.lower().endswith(ending) else f"{name}{ending}"


def _published(model: Model) -> tuple[str, str]:
    """Publisher and repository, as LM Studio sorts them."""
    owner, _, name = model.hub_model.partition("/")
    if model.hub == "huggingface" and owner and name:
        return _word(owner), _word(name)
    main = Path(model.path)
    return _word(model.author or "modelyard"), _word(main.stem if suffix_of(main.name) else model.title)


def ollama_name(title: str) -> str:
    """A name that Ollama takes."""
    return re.sub(r"[^a-z0-9._-]+", "-", title.lower()).strip("-._")[:60] or "model"


def _word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:100] or "model"


def _name(path: Path) -> str:
    return safe_component(path.name)
