"""InvokeAI, SwarmUI and StabilityMatrix (facts 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from modelyard.programs.installed.found import LINKS, KeyPlace, Means, Program
from modelyard.programs.installed.site import Site, once

_SWARM_PLACES = {
    "Stable-Diffusion": "checkpoints",
    "Lora": "loras",
    "VAE": "vae",
    "Embeddings": "embeddings",
    "controlnet": "controlnet",
    "model_patches": "model_patches",
    "text_encoders": "text_encoders",
    "clip": "text_encoders",
    "clip_vision": "clip_vision",
    "diffusion_models": "diffusion_models",
    "upscale_models": "upscale_models",
}
_SWARM_KEYS = {
    "checkpoints": "SDModelFolder",
    "loras": "SDLoraFolder",
    "vae": "SDVAEFolder",
    "embeddings": "SDEmbeddingFolder",
    "controlnet": "SDControlNetsFolder",
    "text_encoders": "SDClipFolder",
    "clip_vision": "SDClipVisionFolder",
}
_MATRIX_PLACES = {
    "Models/StableDiffusion": "checkpoints",
    "Models/Lora": "loras",
    "Models/LyCORIS": "loras",
    "Models/VAE": "vae",
    "Models/TextEncoders": "text_encoders",
    "Models/DiffusionModels": "diffusion_models",
    "Models/ControlNet": "controlnet",
    "Models/Embeddings": "embeddings",
    "Models/ESRGAN": "upscale_models",
    "Models/RealESRGAN": "upscale_models",
    "Models/SwinIR": "upscale_models",
    "Models/ApproxVAE": "vae_approx",
    "Models/ClipVision": "clip_vision",
    "Models/Hypernetwork": "hypernetworks",
}
_FDS = re.compile(r"^[\t ]{0,40}([A-Za-z0-9_]{1,80}):([^\r\n]*)", re.MULTILINE)


def invoke(site: Site) -> Program | None:
    """InvokeAI: its models are known to its database alone."""
    if not site.has("invokeai.yaml"):
        return None
    told = site.settings.yaml(site.path / "invokeai.yaml")
    database = site.settings.folder(told.get("db_dir"), site.path) or site.path / "databases"
    models = list(site.declared([(told.get("models_dir"), "")], site.path, "indexed"))
    found = database / "invokeai.db"
    tokens = told.get("remote_api_tokens")
    hubs = (
        {hub for one in tokens[:20] if isinstance(one, dict) for hub in _hubs(one)}
        if isinstance(tokens, list)
        else set()
    )
    return Program(
        kind="invokeai",
        name="InvokeAI",
        path=site.path,
        folders=once([*models, *site.own({"models": ""}, "indexed")]),
        means=(),
        why="It sees only models of its own database: add one in its model manager, by path and in place.",
        version=str(told.get("schema_version", ""))[:40],
        configs=(*site.settings.used, *([found] if found.is_file() else [])),
        keys=tuple(KeyPlace(hub, site.path / "invokeai.yaml", "remote_api_tokens") for hub in sorted(hubs)),
        notes=tuple(site.settings.notes),
    )


def _hubs(one: dict[str, object]) -> Iterator[str]:
    if isinstance(one.get("token"), str):
        yield from (hub for hub in ("civitai", "huggingface") if hub in str(one.get("url_regex", "")).lower())


def swarm(site: Site) -> Program | None:
    """SwarmUI; unless it is told otherwise it writes metadata into the heads of its models."""
    if not (site.has("src", "launch-linux.sh") or site.has("Data/Settings.fds")):
        return None
    settings = fds(site.settings.text(site.path / "Data" / "Settings.fds")) if site.has("Data/Settings.fds") else {}
    careful = settings.get("EditMetadataWriteJSON", "false").lower() == "true"
    roots = [one for one in settings.get("ModelRoot", "Models").split(";") if one][:20]
    places = [(f"{root}/{place}", folder) for root in roots for place, folder in _SWARM_PLACES.items()]
    named = [
        (str(Path(root) / one), folder)  # an absolute one stands for itself
        for folder, key in _SWARM_KEYS.items()
        for one in settings.get(key, "").split(";")
        for root in roots
        if one
    ]
    gentle: tuple[Means, ...] = ("config", *LINKS) if careful else ("reflink", "copy")
    return Program(
        kind="swarmui",
        name="SwarmUI",
        path=site.path,
        folders=once(site.declared([*places, *named], site.path, "free" if careful else "rewrites")),
        means=gentle,
        why="" if careful else "It writes metadata into its files (EditMetadataWriteJSON is off): no link may lead in.",
        configs=tuple(site.settings.used),
        lists=tuple((folder, key) for folder, key in _SWARM_KEYS.items() if key in settings) if careful else (),
        rewrites=not careful,
        notes=tuple(site.settings.notes),
    )


def fds(text: str) -> dict[str, str]:
    """The values of a text in FreneticDataSyntax, by their names, whatever section they are in."""
    return {match[1]: match[2].strip() for match in _FDS.finditer(text)}


def stability_matrix(site: Site) -> Program | None:
    """StabilityMatrix: its own store, which its packages share."""
    data = site.path / "Data" if site.has("Data/Models", "Data/settings.json") else site.path
    if data == site.path and not site.has("settings.json", "Models", "Packages"):
        return None
    below = "Data/" if data != site.path else ""
    site.settings.json(data / "settings.json")
    return Program(
        kind="stability-matrix",
        name="StabilityMatrix",
        path=site.path,
        folders=once(site.own({below + place: folder for place, folder in _MATRIX_PLACES.items()})),
        means=LINKS,
        why="It shares its own store among its packages: what is linked there serves all of them.",
        configs=tuple(site.settings.used),
        notes=tuple(site.settings.notes),
    )
