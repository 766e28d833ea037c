"""Looking for programs: in the places they are known for, and one or two folders below where people unpack things."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec.structs import replace

from modelyard.programs.installed import caches, comfy, runners, studios, web_ui
from modelyard.programs.installed.configs import Settings
from modelyard.programs.installed.found import Program
from modelyard.programs.installed.machine import Machine
from modelyard.programs.installed.site import Site, site_of

MOST_FOLDERS = 4000
"""Folders that one search looks into."""

Finder = Callable[[Site], Program | None]

BY_MARKER: tuple[Finder, ...] = (
    comfy.comfy,
    comfy.desktop,
    web_ui.sdnext,
    web_ui.web_ui,
    web_ui.fooocus,
    studios.invoke,
    studios.swarm,
    studios.stability_matrix,
    runners.textgen,
    runners.koboldcpp,
    runners.ollama,
    runners.jan,
    runners.gpt4all,
    runners.lm_studio,
    caches.diffusers_cache,
    caches.hf_cache,
    caches.modelscope_cache,
    runners.llama_cpp,
)
"""Each says whether a folder is its program's; the first that does is right."""

_KNOWN: tuple[Callable[[Machine], Iterator[Path]], ...] = (
    comfy.desktop_home,
    runners.lm_studio_places,
    runners.ollama_places,
    runners.llama_cpp_places,
    runners.jan_places,
    runners.gpt4all_places,
    caches.hf_places,
    caches.diffusers_places,
    caches.modelscope_places,
)
_PARENTS = (
    ".",
    "AI",
    "ai",
    "apps",
    "Apps",
    "git",
    "src",
    "code",
    "projects",
    "Documents",
    "Desktop",
    "Downloads",
    "Pinokio",
) + ("StabilityMatrix", "StabilityMatrix/Packages", "StabilityMatrix/Data/Packages")
_INNER = {"stability-matrix": ("Packages", "Data/Packages"), "swarmui": ("dlbackend", "dlbackend/comfy")}
"""Where programs keep others that they installed themselves."""
_SYSTEM = ("opt", "workspace", "srv", "data", "app")


def search(machine: Machine, named: Iterable[Path] = ()) -> list[Program]:
    """Every program that is found, each folder once.

    Args:
        named: Further folders: a program's own, or one above some programs.
    """
    return _search_in(machine, _candidates(machine, named))


def search_near(machine: Machine, place: Path) -> list[Program]:
    """The programs of one folder, and of those one and two below."""
    return _search_in(machine, _near(place))


def _search_in(machine: Machine, places: Iterable[Path]) -> list[Program]:
    found: dict[Path, Program] = {}
    for place in _once(places):
        program = recognise(place, machine) if place not in found else None
        if program is None:
            continue
        found.setdefault(program.path, program)
        for below in (one for inner in _INNER.get(program.kind, ()) for one in _below(program.path / inner)):
            inside = recognise(below, machine)
            if inside is not None:
                found.setdefault(inside.path, inside)
    return sorted(found.values(), key=lambda one: (one.name.lower(), str(one.path)))


def recognise(path: Path, machine: Machine) -> Program | None:
    """The program whose folder this is, by its own files; None when it is none's."""
    site = site_of(path, machine)
    if site is None:
        return None
    for finder in BY_MARKER:
        program = finder(replace(site, settings=Settings(machine)))
        if program is not None:
            return program
    return None


def _once(places: Iterable[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    left = MOST_FOLDERS
    for place in places:
        real = Path(os.path.realpath(place))
        if real in seen:
            continue
        seen.add(real)
        left -= 1
        if left < 0:
            return
        yield real


def _candidates(machine: Machine, named: Iterable[Path]) -> Iterator[Path]:
    for place in named:
        yield from _near(place)
    for known in _KNOWN:
        yield from known(machine)
    if root := machine.named("INVOKEAI_ROOT"):
        yield root
    yield machine.home / "invokeai"
    yield from (machine.data / "StabilityMatrix", machine.config / "StabilityMatrix")
    bases = [machine.home, *machine.drives, *(machine.root / one for one in _SYSTEM if machine.system == "linux")]
    for base in bases:
        for parent in _PARENTS:
            yield from _unpacked(base / parent)


def _unpacked(folder: Path) -> Iterator[Path]:
    """The folders in a folder, and those of a portable build, which keeps its program one deeper."""
    for below in _below(folder):
        yield below
        if "portable" in below.name.lower():
            yield from _below(below)


def _near(place: Path) -> Iterator[Path]:
    yield place
    for below in _below(place):
        yield below
        yield from _below(below)


def _below(folder: Path) -> Iterator[Path]:
    """The folders in a folder; hidden ones and links are passed over."""
    try:
        with os.scandir(folder) as entries:
            for entry, _ in zip(entries, range(1000), strict=False):
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                    yield Path(entry.path)
    except OSError:
        return
