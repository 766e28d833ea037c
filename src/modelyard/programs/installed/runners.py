"""Programs that run language models: LM Studio, Ollama, llama.cpp, Jan, GPT4All, text-generation-webui, KoboldCpp."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from modelyard.programs.installed.found import LINKS, Folder, Program
from modelyard.programs.installed.machine import Machine
from modelyard.programs.installed.site import Site, once

_TEXTGEN = {
    "user_data/models": "",
    "user_data/loras": "",
    "user_data/image_models": "",
    "user_data/mmproj": "",
    "models": "",
    "loras": "",
}


_MOST_PRESETS = 50
_PRESET_FILES = (
    ("model", "model_param", "mmproj", "lora", "draftmodel", "embeddingsmodel", "whispermodel", "ttsmodel")
    + ("ttswavtokenizer", "sdmodel", "sdvae", "sdlora", "sdt5xxl", "sdclipl", "sdclipg", "sdclip1", "sdclip2")
    + ("sdphotomaker",)
)
"""Names in a preset of KoboldCpp whose values are files: its switches."""


def lm_studio_places(machine: Machine) -> Iterator[Path]:
    """Its folder, and where older ones had it."""
    yield machine.home / ".lmstudio"
    yield machine.home / ".cache" / "lm-studio"


def lm_studio(site: Site) -> Program | None:
    """LM Studio: `publisher/repo/file.gguf` in a folder that its owner may move."""
    if site.path.name not in (".lmstudio", "lm-studio") or not site.has("models"):
        return None
    told = site.settings.json(site.path / "settings.json") if site.has("settings.json") else {}
    moved = site.declared([(told.get("downloadsFolder"), "")], site.path)
    return Program(
        kind="lm-studio",
        name="LM Studio",
        path=site.path,
        folders=once([*moved, *site.own({"models": ""})]),
        means=LINKS,
        why="Models lie as publisher/repo/file.gguf.",
        configs=tuple(site.settings.used),
        notes=tuple(site.settings.notes),
    )


def ollama_places(machine: Machine) -> Iterator[Path]:
    """Where its models are: the variable, the person's own, the service's."""
    if named := machine.named("OLLAMA_MODELS"):
        yield named
    yield machine.home / ".ollama" / "models"
    if machine.system == "linux":
        yield machine.root / "usr" / "share" / "ollama" / ".ollama" / "models"


def ollama(site: Site) -> Program | None:
    """Ollama: blobs named by their hashes, and manifests that name the blobs."""
    if not site.has("blobs", "manifests"):
        return None
    return Program(
        kind="ollama",
        name="Ollama",
        path=site.path,
        folders=once(site.own({"blobs": ""}, "prunes")),
        means=("api", "manifest"),
        why="At its start it removes blobs that no manifest names, so that a manifest is written with each.",
        notes=tuple(site.settings.notes),
    )


def llama_cpp_places(machine: Machine) -> Iterator[Path]:
    """Its cache of old; newer ones use the cache of Hugging Face."""
    if named := machine.named("LLAMA_CACHE"):
        yield named
    yield machine.cache / "llama.cpp"


def llama_cpp(site: Site) -> Program | None:
    """What llama.cpp fetched: GGUF files where it keeps them, or elsewhere the notes that it writes beside them."""
    traces = [".gguf.json", ".gguf.etag"]
    if str(site.path) in map(os.path.realpath, llama_cpp_places(site.machine)):
        traces.append(".gguf")
    if not any(name.endswith(tuple(traces)) for name in site.names) or site.has("blobs"):
        return None
    return Program(
        kind="llama-cpp",
        name="llama.cpp",
        path=site.path,
        folders=once(site.own({".": ""}, "prunes")),
        means=(),
        why="It takes any file by its path: llama-server -m FILE.",
        notes=tuple(site.settings.notes),
    )


def jan_places(machine: Machine) -> Iterator[Path]:
    """Jan's data, by system and version."""
    for base in (machine.data, machine.config):
        yield base / "Jan" / "data"


def jan(site: Site) -> Program | None:
    """Jan: a folder a model, with a `model.yml` in it."""
    if not site.has("llamacpp/models"):
        return None
    return Program(
        kind="jan",
        name="Jan",
        path=site.path,
        folders=once(site.own({"llamacpp/models": ""})),
        means=LINKS,
        why="A model is a folder with model.gguf and model.yml.",
        notes=tuple(site.settings.notes),
    )


def gpt4all_places(machine: Machine) -> Iterator[Path]:
    """GPT4All's data, by system."""
    yield machine.local / "nomic.ai" / "GPT4All"


def gpt4all(site: Site) -> Program | None:
    """GPT4All: one flat folder, which its setting `modelPath` may move."""
    if site.path.name != "GPT4All" or site.path.parent.name != "nomic.ai":
        return None
    said: list[tuple[object, str]] = []
    for config in (site.machine.config / "nomic.ai" / "GPT4All.ini", site.path / "GPT4All.ini"):
        said += [(value, "") for name, value in site.settings.ini(config).items() if name == "modelpath"]
    moved = list(site.declared(said, site.path))
    return Program(
        kind="gpt4all",
        name="GPT4All",
        path=site.path,
        folders=once(moved or site.own({".": ""})),
        means=LINKS,
        why="Models lie in one flat folder.",
        configs=tuple(site.settings.used),
        notes=tuple(site.settings.notes),
    )


def textgen(site: Site) -> Program | None:
    """text-generation-webui; switches of its `CMD_FLAGS.txt` may move its folders."""
    flags = next((one for one in ("user_data/CMD_FLAGS.txt", "CMD_FLAGS.txt") if site.has("server.py", one)), None)
    if flags is None:
        return None
    words = [
        word
        for line in site.settings.text(site.path / flags).splitlines()
        if not line.lstrip().startswith("#")
        for word in line.replace("=", " ", 1).split()
    ]
    said: list[tuple[object, str]] = [
        (value, "")
        for name, value in itertools.pairwise(words)
        if name in ("--model-dir", "--lora-dir", "--image-model-dir")
    ]
    return Program(
        kind="textgen",
        name="text-generation-webui",
        path=site.path,
        folders=once([*site.declared(said, site.path), *site.own(_TEXTGEN)]),
        means=LINKS,
        configs=tuple(site.settings.used),
        notes=tuple(site.settings.notes),
    )


def koboldcpp(site: Site) -> Program | None:
    """KoboldCpp, which keeps no models of its own; its presets beside it say where those lie that it loads."""
    if not any(name in site.names for name in ("koboldcpp.py", "koboldcpp.exe", "koboldcpp", "koboldcpp-linux-x64")):
        return None
    return Program(
        kind="koboldcpp",
        name="KoboldCpp",
        path=site.path,
        folders=once(_of_presets(site)),
        means=(),
        why="It takes any file by its path: koboldcpp --model FILE.",
        configs=tuple(site.settings.used),
        notes=tuple(site.settings.notes),
    )


def _of_presets(site: Site) -> Iterator[Folder]:
    """The folders of the files that its presets name."""
    for name in sorted(name for name in site.names if name.endswith(".kcpps"))[:_MOST_PRESETS]:
        told = site.settings.json(site.path / name)
        for key in _PRESET_FILES:
            value = told.get(key)
            for text in value[:100] if isinstance(value, list) else [value]:
                file = site.machine.path(text) if isinstance(text, str) and text else None
                if file is not None and os.path.isfile(site.path / file):  # noqa: PTH113  # no error, however long
                    yield from site.declared([(str((site.path / file).parent), "")], site.path)
