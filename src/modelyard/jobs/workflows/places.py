"""Where a model of a workflow goes: below the root that ComfyUI reads for its folder, under the workflow's name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from modelyard.errors import BadValue, UnsafePath
from modelyard.jobs.workflows.wanted import Wanted
from modelyard.library.names import check_inside, safe_relative
from modelyard.library.roots.comfy import NOT_MODELS, OLD_NAMES, is_comfy
from modelyard.library.roots.entries import Entry
from modelyard.library.roots.roots import Root, Roots, roots_of
from modelyard.values.suffixes import LISTED, suffix_of

_LONGEST = 3_800
"""Bytes of a path; systems stop at 4,096, and parts have longer names."""
_MODELS = ("checkpoints", "loras", "vae")
"""Folders by which a folder of models is told."""


class Places(msgspec.Struct, frozen=True):
    """Finds targets.

    Attributes:
        roots: Where models lie, and are saved.
        known: Whether anybody said where; else `roots` are those of an empty folder of models.
        notes: What could not be looked at.
    """

    roots: Roots
    known: bool = True
    notes: tuple[str, ...] = ()

    def of(self, folder: str) -> Sequence[Root]:
        """The roots that ComfyUI lists for a folder; all of them when nobody says which."""
        return self.roots.by_folder().get(folder, []) if folder else self.roots.all

    def target(self, wanted: Wanted, offered: str = "") -> Path:
        """The file that a model is saved as.

        Args:
            offered: What its hub calls it; counts only where the workflow says no name or no ending.

        Raises:
            UnsafePath: Its name, or a link, leads out of the root, or it is no name of a model.
            BadValue: There is no root for its folder.
        """
        name = wanted.name.replace("\\", "/") or offered
        if wanted.name and not wanted.has_suffix:
            name += suffix_of(offered)
        if suffix_of(name) not in LISTED:
            raise UnsafePath(f"{name[:80]!r} is no name of a model.")
        root = self.root(wanted.folder)
        target = root.path / safe_relative(name)
        if len(os.fsencode(target)) > _LONGEST:
            raise UnsafePath("Its name is too long for a path.")
        check_inside(root.path, target)
        return target

    def root(self, folder: str) -> Root:
        """The root that files of a folder are saved in.

        Raises:
            BadValue: There is none that may be written.
        """
        every = self.roots.by_folder().get(folder, []) if folder else []
        roots = [root for root in every if not root.read_only and (not self.known or _is_there(root))]
        if not roots:
            where = f"No root for {folder[:80]} is known." if folder else "Nobody says which folder it belongs to."
            where = f"No root for {folder[:80]} is there that may be written." if every else where
            raise BadValue(where, hint="Say where such models lie: `modelyard roots add --folder NAME PATH`.")
        first = roots[0]
        if first.path.name in OLD_NAMES:  # ComfyUI reads `unet` before `diffusion_models`; people expect today's name
            return next((root for root in roots if root.path == first.path.parent / folder), first)
        return first


def _is_there(root: Root) -> bool:
    """Whether the place that a person registered is there: nothing is put where a drive is missing."""
    entry = Path(root.entry)
    return not entry.is_absolute() or entry.is_dir()


def listed(path: Path, roots: Sequence[Root]) -> str:
    """The name under which ComfyUI lists a file, empty when it lies in none of these roots."""
    for root in roots:
        if path.is_relative_to(root.path):
            return os.path.relpath(path, root.path)
    return ""


def roots_at(path: Path) -> Roots:
    """The roots of a ComfyUI, or of a folder of models, that a person names.

    A ComfyUI with its `extra_model_paths.yaml`; the folder that one was unpacked into (portable); the folder of
    `--base-directory` (the desktop program); a folder of models itself.

    Raises:
        BadValue: It is none of these.
    """
    home = path.expanduser().absolute()
    for each in (home, home / "ComfyUI"):
        if is_comfy(each):
            return _with_others(roots_of([Entry(path=str(each), comfy=True)]), each / "models")
    if (home / "models").is_dir():
        return _with_others(roots_of([Entry(path=str(home), comfy=True)]), home / "models")
    if home.is_dir() and (home.name == "models" or any((home / name).is_dir() for name in _MODELS)):
        return models_folder(home)
    raise BadValue(f"There is no ComfyUI at {home}.", hint="Name the folder that holds its main.py, or its models.")


def _with_others(roots: Roots, models: Path) -> Roots:
    """The roots, and the folders that other people's nodes made beside them: ComfyUI calls those by their names."""
    known = {root.path for root in roots.all} | {models / name for name in NOT_MODELS}
    others = sorted(each for each in models.iterdir() if each.is_dir()) if models.is_dir() else []
    more = [each for each in others if each not in known and not each.name.startswith(".")]
    return Roots((*roots.all, *(Root(each.name, 0, each, str(models)) for each in more)), roots.problems)


def models_folder(folder: Path) -> Roots:
    """The roots of a folder that is laid out as ComfyUI's `models`; it need not be there yet."""
    return roots_of([Entry(path=str(folder), comfy=True, models=str(folder))])
