"""Models in GGUF files: language models by their architecture, the others by their tensors."""

from __future__ import annotations

from modelyard.library.formats.header import Header
from modelyard.library.identify.structure import Found, structure
from modelyard.values.identity import CERTAIN, LIKELY, ONE_OF

_DIFFUSION = {
    "flux": "flux1",
    "flux2": "flux2",
    "sd1": "sd15",
    "sdxl": "sdxl",
    "sd3": "sd3-medium",
    "aura": "auraflow",
    "ltxv": "ltxv",
    "hyvid": "hunyuan-video",
    "wan": "wan",
    "hidream": "hidream",
    "cosmos": "cosmos-predict2",
    "qwen_image": "qwen-image",
    "lumina2": "lumina2",
    "pixart": "pixart-sigma",
    "chroma": "chroma",
    "z_image": "z-image",
}
_T5 = {4096: "t5xxl", 2048: "t5xl", 768: "t5base"}


def read(header: Header) -> Found | None:
    """What a GGUF file is; None for other formats."""
    if header.format != "gguf":
        return None
    architecture = header.metadata.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        return structure(header.tensors)
    reason = f"Its general.architecture is {architecture[:40]}."
    if architecture in _DIFFUSION:
        found = structure(header.tensors)
        if found.family != "unknown":
            return found
        return Found("diffusion_model", _DIFFUSION[architecture], LIKELY, (), "", reason)
    if architecture in ("t5", "t5encoder"):
        return _t5(header, architecture, reason)
    if architecture == "clip":
        return Found("clip_vision", "mmproj", CERTAIN, (), "", reason)
    if architecture in ("bert", "nomic-bert", "jina-bert-v2"):
        return Found("text_encoder", architecture, CERTAIN, (), "", reason)
    if architecture == "whisper":
        return Found("audio_encoder", "whisper", CERTAIN, (), "", reason)
    return Found("llm", architecture[:40], CERTAIN, (), "", reason)


def _t5(header: Header, architecture: str, reason: str) -> Found:
    width = header.metadata.get(f"{architecture}.embedding_length")
    tokens = header.tensors.get("token_embd.weight")
    if width == 4096 and tokens is None:
        return Found("text_encoder", "t5xxl", ONE_OF, ("t5xxl", "umt5_xxl"), "", reason)
    if width == 4096 and tokens is not None and 256_000 < max(tokens.shape, default=0) < 257_000:
        return Found("text_encoder", "umt5_xxl", CERTAIN, (), "", reason)
    family = _T5.get(width) if isinstance(width, int) else None
    return Found("text_encoder", family or "t5", CERTAIN, (), "", reason)
