"""ComfyUI: from git, portable for Windows, and its desktop program (facts 1.3, 1.6).

Its folders are read by `library.roots`, which knows its switches and its `extra_model_paths.yaml`; here it is only
found, with the files that it reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from modelyard.programs.installed.configs import Settings
from modelyard.programs.installed.found import LINKS, KeyPlace, Program
from modelyard.programs.installed.machine import Machine
from modelyard.programs.installed.site import Site

MARKERS = ("main.py", "folder_paths.py", "comfy")
EXTRA = "extra_model_paths.yaml"
DESKTOP = "extra_models_config.yaml"
_VERSION = re.compile(r"__version__ = \"([0-9A-Za-z.+-]{1,40})\"")


def comfy(site: Site) -> Program | None:
    """A ComfyUI that somebody unpacked or cloned."""
    if not site.has(*MARKERS):
        return None
    portable = (site.path.parent / "python_embeded").is_dir()
    told = (
        _VERSION.search(site.settings.text(site.path / "comfyui_version.py"))
        if site.has("comfyui_version.py")
        else None
    )
    desktop = _desktop_config(site.machine)
    extra = (desktop,) if desktop and str(site.path) in Settings(site.machine).text(desktop) else ()
    config = site.path / EXTRA
    return Program(
        kind="comfyui",
        name="ComfyUI portable" if portable else "ComfyUI",
        path=site.path,
        folders=(),
        means=("config", *LINKS),
        why="Its settings name whole folders; it sees them after a restart.",
        version=told[1] if told else "",
        configs=(config,) if config.is_file() else (),
        extra=extra,
        keys=tuple(_keys(site)),
        notes=tuple(site.settings.notes),
    )


def desktop_home(machine: Machine) -> Iterator[Path]:
    """Where ComfyUI's desktop program keeps its models: the `base_path` of the file that it writes."""
    config = _desktop_config(machine)
    if config is None:
        return
    for group in Settings(machine).yaml(config).values():
        base = group.get("base_path") if isinstance(group, dict) else None
        named = machine.path(base) if isinstance(base, str) else None
        if named is not None and named.is_absolute():
            yield named


def desktop(site: Site) -> Program | None:
    """The folder of ComfyUI's desktop program: models, and no program code in it."""
    config = _desktop_config(site.machine)
    if (
        config is None
        or not site.has("models")
        or site.has("main.py")
        or site.path not in {one.resolve() for one in desktop_home(site.machine)}
    ):
        return None
    return Program(
        kind="comfyui-desktop",
        name="ComfyUI Desktop",
        path=site.path,
        folders=(),
        means=("config", *LINKS),
        why="Its settings name whole folders; it sees them after a restart.",
        configs=(config,),
        extra=(config,),
        notes=tuple(site.settings.notes),
    )


def _desktop_config(machine: Machine) -> Path | None:
    places = [machine.data / "ComfyUI" / DESKTOP, machine.config / "ComfyUI" / DESKTOP]
    return next((one for one in places if one.is_file() and not one.is_symlink()), None)


def _keys(site: Site) -> Iterator[KeyPlace]:
    nodes = site.path / "custom_nodes"
    if not site.has("custom_nodes"):
        return
    for name in ("ComfyUI-Lora-Manager", "comfyui-lora-manager"):
        path = nodes / name / "settings.json"
        if site.settings.json(path).get("civitai_api_key") if path.is_file() else False:
            yield KeyPlace("civitai", path, "civitai_api_key")
