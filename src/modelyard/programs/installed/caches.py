"""What libraries fetched: the caches of Hugging Face, ModelScope and older diffusers (facts 4)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from modelyard.programs.installed.found import KeyPlace, Program
from modelyard.programs.installed.machine import Machine
from modelyard.programs.installed.site import Site, once

_WHY = "Its library looks for repositories and commits, and may remove what it does not know: nothing is lent to it."


def hf_home(machine: Machine) -> Path:
    """Where Hugging Face's libraries keep cache and token."""
    return machine.named("HF_HOME") or (machine.named("XDG_CACHE_HOME") or machine.home / ".cache") / "huggingface"


def hf_places(machine: Machine) -> Iterator[Path]:
    """The caches that its libraries and llama.cpp use, by the order of their variables."""
    for name in ("LLAMA_CACHE", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE"):
        if named := machine.named(name):
            yield named
    yield hf_home(machine) / "hub"


def hf_cache(site: Site) -> Program | None:
    """The cache of Hugging Face: `models--OWNER--NAME/snapshots/COMMIT`, links to blobs."""
    if not any(name.startswith("models--") for name in site.names):
        return None
    token = site.machine.named("HF_TOKEN_PATH") or hf_home(site.machine) / "token"
    return Program(
        kind="hf-cache",
        name="Hugging Face cache",
        path=site.path,
        folders=once(site.own({".": ""}, "prunes")),
        means=(),
        why=_WHY,
        keys=(KeyPlace("huggingface", token),) if token.is_file() else (),
        notes=tuple(site.settings.notes),
    )


def diffusers_places(machine: Machine) -> Iterator[Path]:
    """The cache of diffusers before it took the common one."""
    yield hf_home(machine) / "diffusers"


def diffusers_cache(site: Site) -> Program | None:
    """The old cache of diffusers, of the same shape."""
    if site.path.name != "diffusers" or not any(name.startswith("models--") for name in site.names):
        return None
    return Program(
        kind="diffusers-cache",
        name="diffusers cache",
        path=site.path,
        folders=once(site.own({".": ""}, "prunes")),
        means=(),
        why=_WHY,
        notes=tuple(site.settings.notes),
    )


def modelscope_places(machine: Machine) -> Iterator[Path]:
    """ModelScope's cache, new and old."""
    if named := machine.named("MODELSCOPE_CACHE"):
        yield named
    yield machine.home / ".cache" / "modelscope" / "hub"
    yield machine.home / ".cache" / "modelscope"


def modelscope_cache(site: Site) -> Program | None:
    """The cache of ModelScope: `models/OWNER/NAME` with the files themselves."""
    if not site.has("models") or ("modelscope" not in site.path.parts[-2:] and not site.has("models/._____temp")):
        return None
    token = site.machine.home / ".modelscope" / "credentials" / "git_token"
    return Program(
        kind="modelscope-cache",
        name="ModelScope cache",
        path=site.path,
        folders=once(site.own({"models": ""}, "prunes")),
        means=(),
        why=_WHY,
        keys=(KeyPlace("modelscope", token),) if token.is_file() else (),
        notes=tuple(site.settings.notes),
    )
