"""How a model would get into a program: decided from what is known of both, before anything is touched."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from modelyard.catalogue.model import Health, Model
from modelyard.errors import BadValue, CannotLend, NoSuchFile, UnsafePickle
from modelyard.jobs.lending.loans import Listed
from modelyard.jobs.stock import Stock
from modelyard.library.names import safe_component
from modelyard.programs.installed.comfy import EXTRA
from modelyard.programs.installed.found import Folder, Means, Program
from modelyard.values.shards import index_of
from modelyard.values.suffixes import suffix_of

_MOST_FILES = 10_000
_FOLDERS = {
    "checkpoint": "checkpoints",
    "lora": "loras",
    "vae": "vae",
    "diffusion_model": "diffusion_models",
    "text_encoder": "text_encoders",
    "controlnet": "controlnet",
    "upscaler": "upscale_models",
    "latent_upscaler": "latent_upscale_models",
    "embedding": "embeddings",
    "clip_vision": "clip_vision",
    "style_model": "style_models",
    "hypernetwork": "hypernetworks",
    "model_patch": "model_patches",
    "gligen": "gligen",
    "photomaker": "photomaker",
    "background_removal": "background_removal",
    "frame_interpolation": "frame_interpolation",
}
"""ComfyUI's folder of a kind of model, for those that lie in a mixed folder."""
_INSTEAD = {"forge": {"diffusion_models": "checkpoints"}, "reforge": {"diffusion_models": "checkpoints"}}
"""Where programs read what they have no folder of its own for (facts 4)."""
_LANGUAGE = frozenset(("lm-studio", "ollama", "jan", "gpt4all", "textgen"))
_GGUF_ONLY = frozenset(("lm-studio", "ollama", "jan", "gpt4all"))


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done.

    Attributes:
        means: Tried in this order.
        there: Where the program sees the model already; empty when it does not.
        base: The program's folder that the files would go below.
        files: The model's files, links resolved, with their places below `base`.
        small: Small files that we would write, with their places.
        listed: The line of its settings that `config` would add.
    """

    model: Model
    program: Program
    means: tuple[Means, ...]
    there: str = ""
    base: Path = Path()
    files: tuple[tuple[Path, Path], ...] = ()
    small: tuple[tuple[Path, bytes], ...] = ()
    listed: Listed | None = None


def plan(
    stock: Stock,
    number: int,
    program: Program,
    wanted: str = "",
    *,
    copying: bool = False,
    rewriting: Sequence[Path] = (),
) -> Plan:
    """Decide how a model gets into a program.

    Args:
        wanted: Only this means; empty is the gentlest that works.
        copying: A copy may be made where nothing else works.
        rewriting: Folders whose program writes into its files: no hard link leads out of them, and no link into them.

    Raises:
        NoSuchModel, NoSuchFile, UnsafePath: There is no such model here.
        UnsafePickle: It would run code when it is loaded.
        CannotLend: The program takes no such file, or not by these means.
        BadValue: There are no such means.
    """
    model, files = _usable(stock, number)
    means = _allowed(program, wanted, copying=copying)
    if program.kind in _GGUF_ONLY and (model.format != "gguf" or len(files) != 1):
        raise CannotLend(
            f"{program.name} loads single GGUF files; {model.title} is none.", hint="Look for a GGUF of it."
        )
    folder = _folder_of(model, program)
    there = _there(program, files, folder)
    changing = any(real.is_relative_to(one) for _, real in files for one in rewriting)
    if changing and program.kind == "ollama":
        raise CannotLend(
            f"A program writes into {files[0][0]}; Ollama names its files by their bytes.", hint="Move it."
        )
    if there or program.kind == "ollama":
        return Plan(model, program, means, there, program.path, tuple((real, Path(real.name)) for _, real in files))
    listed = _listed(stock, model, program, folder) if "config" in means else None
    if listed is None:
        means = tuple(one for one in means if one != "config")
        if not means:
            raise CannotLend(
                f"The settings of {program.name} cannot name this folder alone.",
                hint="They name whole folders of one kind; leave out --by, and the file is linked.",
            )
    if changing:
        means = tuple(one for one in means if one != "hardlink")
        if not means:
            raise CannotLend(f"A program writes into {files[0][0]}: no hard link may share it.", hint="Leave out --by.")
    place = _place(program, folder)
    if place is None:
        if listed is None:
            raise CannotLend(f"{program.name} has no folder for {folder or 'it'} at {program.path}.")
        return Plan(model, program, ("config",), listed=listed)
    means = _kept_apart(means, place, rewriting)
    targets, small = _targets(model, program, files)
    same = all(_is_same(source, place.path / target) for source, target in targets)
    there = str(place.path / targets[0][1]) if same else ""
    return Plan(model, program, means, there, place.path, targets, small, listed)


def _kept_apart(means: tuple[Means, ...], place: Folder, rewriting: Sequence[Path]) -> tuple[Means, ...]:
    """Without links where another program writes into the files of this folder: it would write into ours.

    Raises:
        CannotLend: Nothing else is left.
    """
    folder = Path(os.path.realpath(place.path))
    if not any(folder.is_relative_to(one) or one.is_relative_to(folder) for one in rewriting):
        return means
    kept = tuple(one for one in means if one not in ("hardlink", "symlink"))
    if not kept:
        raise CannotLend(
            f"Another program writes into the files of {folder}: no link may lead there.", hint="Say --copy."
        )
    return kept


Files = tuple[tuple[Path, Path], ...]
"""Files of a model as the library shows them, each with what it is when links are resolved."""


def _usable(stock: Stock, number: int) -> tuple[Model, Files]:
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


def _allowed(program: Program, wanted: str, *, copying: bool) -> tuple[Means, ...]:
    if not program.means:
        raise CannotLend(f"Nothing can be lent to {program.name}. {program.why}".strip())
    if wanted and wanted not in program.means:
        known = ", ".join(program.means)
        raise CannotLend(f"{program.name} takes no {wanted}. {program.why}".strip(), hint=f"It takes {known}.")
    means = tuple(one for one in program.means if (one == wanted if wanted else one != "copy" or copying))
    if not means:
        raise BadValue(f"Only a copy would do for {program.name}. {program.why}".strip(), hint="Say --copy.")
    return means


def _folder_of(model: Model, program: Program) -> str:
    if program.kind in _LANGUAGE:
        return ""
    folder = model.folder or ("diffusers" if model.format == "diffusers" else _FOLDERS.get(model.kind, ""))
    if not folder:
        raise CannotLend(
            f"Nobody knows which folder of {program.name} is for {model.title} ({model.kind}).",
            hint="Move it into a root of its kind: `modelyard move`.",
        )
    return folder


def _place(program: Program, folder: str) -> Folder | None:
    instead = _INSTEAD.get(program.kind, {}).get(folder, folder)
    free = program.place(folder) or program.place(instead)
    if free is not None or "reflink" not in program.means:
        return free
    independent = set(program.means) <= {"reflink", "copy"}  # what it rewrites there is no file of ours
    return next((one for one in program.folders if one.folder == folder and independent), None)


def _there(program: Program, files: Files, folder: str) -> str:
    """Where the program sees these very files already."""
    for one in program.folders:
        if one.folder in ("", folder) and all(real.is_relative_to(one.path) for _, real in files):
            return str(files[0][1])
    return ""


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _listed(stock: Stock, model: Model, program: Program, folder: str) -> Listed | None:
    """The line of a program's settings that would make it see the model's root; None when it would show more."""
    root = stock.roots().holding(Path(model.path))
    if root is None or root.folder != folder:
        return None
    path = os.path.realpath(root.path)
    if program.kind.startswith("comfyui"):
        file = program.configs[0] if program.configs else program.path / EXTRA
        return Listed(file=str(file), key=folder, path=path)
    key = dict(program.lists).get(folder)
    if key is None:
        return None
    file = next(one for one in program.configs if one.name in ("config.txt", "Settings.fds"))
    return Listed(file=str(file), key=key, path=path)


def _targets(model: Model, program: Program, files: Files) -> tuple[Files, tuple[tuple[Path, bytes], ...]]:
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
    ending = ".gguf" if program.kind in _GGUF_ONLY else ""
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


def told(one: Plan) -> dict[str, Any]:
    """What a dry run says."""
    if one.program.kind == "ollama":
        return {"path": one.there or f"{ollama_name(one.model.title)}:latest"}
    first = one.listed if "config" in one.means and one.listed else None
    path = first.path if first else str(one.base / one.files[0][1]) if one.files else ""
    return {"path": one.there or path, "file": first.file if first else ""}
