"""The family of web UIs for Stable Diffusion: AUTOMATIC1111, Forge, reForge, SD.Next, Fooocus (facts 4)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from modelyard.programs.installed.found import LINKS, KeyPlace, Program
from modelyard.programs.installed.site import Site, once
from modelyard.values.proxy import without_password

_UPSCALERS = ("ESRGAN", "RealESRGAN", "SwinIR", "DAT", "HAT", "LDSR", "ScuNET")
_PLACES = {
    "models/Stable-diffusion": "checkpoints",
    "models/VAE": "vae",
    "models/VAE-approx": "vae_approx",
    "models/Lora": "loras",
    "models/LyCORIS": "loras",
    "models/hypernetworks": "hypernetworks",
    "models/ControlNet": "controlnet",
    "models/text_encoder": "text_encoders",
    "models/GFPGAN": "",
    "models/Codeformer": "",
    "embeddings": "embeddings",
    **{f"models/{name}": "upscale_models" for name in _UPSCALERS},
}
_SWITCHES = {
    "--ckpt-dir": "checkpoints",
    "--vae-dir": "vae",
    "--text-encoder-dir": "text_encoders",
    "--lora-dir": "loras",
    "--embeddings-dir": "embeddings",
    "--hypernetwork-dir": "hypernetworks",
    "--controlnet-dir": "controlnet",
    "--esrgan-models-path": "upscale_models",
    "--realesrgan-models-path": "upscale_models",
    "--swinir-models-path": "upscale_models",
}
_NEXT_PLACES = {
    "models/Stable-diffusion": "checkpoints",
    "models/Diffusers": "diffusers",
    "models/VAE": "vae",
    "models/UNET": "diffusion_models",
    "models/Text-encoder": "text_encoders",
    "models/Lora": "loras",
    "models/embeddings": "embeddings",
    "models/control": "controlnet",
    "models/yolo": "",
    "models/ESRGAN": "upscale_models",
}
_NEXT_KEYS = {
    "ckpt_dir": "checkpoints",
    "diffusers_dir": "diffusers",
    "vae_dir": "vae",
    "unet_dir": "diffusion_models",
    "te_dir": "text_encoders",
    "lora_dir": "loras",
    "embeddings_dir": "embeddings",
}
_FOOOCUS_PLACES = {
    "models/checkpoints": "checkpoints",
    "models/loras": "loras",
    "models/embeddings": "embeddings",
    "models/vae": "vae",
    "models/vae_approx": "vae_approx",
    "models/upscale_models": "upscale_models",
    "models/controlnet": "controlnet",
    "models/clip_vision": "clip_vision",
    "models/inpaint": "",
    "models/sam": "",
}
_FOOOCUS_KEYS = {
    "path_checkpoints": "checkpoints",
    "path_loras": "loras",
    "path_embeddings": "embeddings",
    "path_vae_approx": "vae_approx",
    "path_vae": "vae",
    "path_upscale_models": "upscale_models",
    "path_controlnet": "controlnet",
    "path_clip_vision": "clip_vision",
}
_KEYS = {
    "civitai_token": "civitai",
    "custom_api_key": "civitai",
    "ch_civiai_api_key": "civitai",
    "huggingface_token": "huggingface",
}
"""Names under which settings and known extensions keep keys of hubs."""
_ONE_FOLDER = "Its settings take one folder of a kind, which would hide its own: files are linked."
_ASSIGNED = re.compile(r"^[ \t]{0,40}(?:(?:export|set)[ \t]{1,9})?([A-Za-z_]{1,60})=(.*)$", re.MULTILINE)


def web_ui(site: Site) -> Program | None:
    """AUTOMATIC1111, Forge or reForge."""
    if not site.has("webui.py", "launch.py", "modules"):
        return None
    if site.has("modules_forge"):
        kind, name = ("reforge", "reForge") if site.has("ldm_patched") else ("forge", "Forge")
    else:
        kind, name = "a1111", "AUTOMATIC1111"
    said = _said(site)
    switches = dict(_switches(said.get("COMMANDLINE_ARGS", "")))
    declared = [(switches[one], folder) for one, folder in _SWITCHES.items() if one in switches]
    for switch, above in (("--data-dir", ""), ("--models-dir", "models/")):
        base = site.settings.folder(switches.get(switch), site.path)
        if base is not None:
            declared += [(str(base / place.removeprefix(above)), folder) for place, folder in _PLACES.items()]
    settings = site.settings.json(site.path / "config.json") if site.has("config.json") else {}
    return Program(
        kind=kind,
        name=name,
        path=site.path,
        folders=once([*site.declared(declared, site.path), *site.own(_PLACES)]),
        means=LINKS,
        why=_ONE_FOLDER,
        configs=tuple(site.settings.used),
        keys=_keys(site.path / "config.json", settings),
        proxy=without_password(_proxy(said)),
        notes=tuple(site.settings.notes),
    )


def sdnext(site: Site) -> Program | None:
    """SD.Next."""
    if not site.has("webui.py", "installer.py", "modules"):
        return None
    settings = site.settings.json(site.path / "config.json") if site.has("config.json") else {}
    declared = [(settings.get(key), folder) for key, folder in _NEXT_KEYS.items()]
    models = site.settings.folder(settings.get("models_dir"), site.path)
    below = (
        [(str(models / place.removeprefix("models/")), folder) for place, folder in _NEXT_PLACES.items()]
        if models
        else []
    )
    return Program(
        kind="sdnext",
        name="SD.Next",
        path=site.path,
        folders=once([*site.declared([*declared, *below], site.path), *site.own(_NEXT_PLACES)]),
        means=LINKS,
        why=_ONE_FOLDER,
        configs=tuple(site.settings.used),
        keys=_keys(site.path / "config.json", settings),
        notes=tuple(site.settings.notes),
    )


def fooocus(site: Site) -> Program | None:
    """Fooocus; its `config.txt` is JSON, and takes lists of folders for two kinds."""
    if not site.has("entry_with_update.py", "modules/config.py"):
        return None
    config = site.path / "config.txt"
    settings = site.settings.json(config) if site.has("config.txt") else {}
    declared = [(settings.get(key), folder) for key, folder in _FOOOCUS_KEYS.items()]
    lists = {"checkpoints": "path_checkpoints", "loras": "path_loras"} if settings else {}
    return Program(
        kind="fooocus",
        name="Fooocus",
        path=site.path,
        folders=once([*site.declared(declared, site.path), *site.own(_FOOOCUS_PLACES)]),
        means=("config", *LINKS),
        why="Its settings take further folders of checkpoints and LoRAs; it sees them after a restart.",
        configs=tuple(site.settings.used),
        lists=tuple(lists.items()),
        notes=tuple(site.settings.notes),
    )


def _keys(path: Path, settings: dict[str, Any]) -> tuple[KeyPlace, ...]:
    return tuple(
        KeyPlace(hub, path, name)
        for name, hub in _KEYS.items()
        if isinstance(settings.get(name), str) and settings[name]
    )


def proxy_of(site: Site) -> str:
    """The proxy that its start scripts name, with its password: for when its owner says to take it."""
    return _proxy(_said(site))


def _proxy(said: Mapping[str, str]) -> str:
    return next((said[one] for one in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY") if said.get(one)), "")


def _said(site: Site) -> dict[str, str]:
    return {key: value for file in ("webui-user.sh", "webui-user.bat") for key, value in _assigned(site, file)}


def _assigned(site: Site, name: str) -> Iterator[tuple[str, str]]:
    """What a start script sets; it is read, never run."""
    for key, value in _ASSIGNED.findall(site.settings.text(site.path / name)) if site.has(name) else ():
        text = value.strip()
        yield key, text[1:-1] if text[:1] == text[-1:] and text[:1] in ("'", '"') and len(text) > 1 else text


def _switches(text: str) -> Iterator[tuple[str, str]]:
    try:
        words = shlex.split(text, posix="\\" not in text)
    except ValueError:
        return
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name.startswith("--"):
            following = words[at + 1] if at + 1 < len(words) else ""
            yield name, (value if equals else following).strip("\"'")
