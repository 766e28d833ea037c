"""How a model would get into a program: decided from what is known of both, before anything is touched."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from modelyard.catalogue.model import Model
from modelyard.errors import BadValue, CannotLend
from modelyard.jobs.lending.loans import Listed
from modelyard.jobs.lending.targets import GGUF_ONLY, Files, ollama_name, targets_of, usable
from modelyard.jobs.stock import Stock
from modelyard.programs.installed.comfy import EXTRA
from modelyard.programs.installed.found import Folder, Means, Program

KIND_FOLDERS = {
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


class Plan(msgspec.Struct, frozen=True):
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
        BadValue: Only a copy would do, and none is allowed.
    """
    model, files = usable(stock, number)
    means = _allowed(program, wanted, copying=copying)
    if program.kind in GGUF_ONLY and (model.format != "gguf" or len(files) != 1):
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
    targets, small = targets_of(model, program, files)
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
    folder = model.folder or ("diffusers" if model.format == "diffusers" else KIND_FOLDERS.get(model.kind, ""))
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


def told(one: Plan) -> dict[str, Any]:
    """What a dry run says."""
    if one.program.kind == "ollama":
        return {"path": one.there or f"{ollama_name(one.model.title)}:latest"}
    first = one.listed if "config" in one.means and one.listed else None
    path = first.path if first else str(one.base / one.files[0][1]) if one.files else ""
    return {"path": one.there or path, "file": first.file if first else ""}
