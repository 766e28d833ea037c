"""What a file's own metadata says: SAI's modelspec, kohya's ss_ fields, GGUF's general fields."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

_WORDS = (
    (r"stable-diffusion-xl-v1-refiner|sdxl.?refiner", "sdxl-refiner"),
    (r"stable-diffusion-xl|sdxl", "sdxl"),
    (r"stable-diffusion-3-?[.5v]*5?-large|sd3\.?5.?large", "sd3.5-large"),
    (r"stable-diffusion-3-?5-medium|sd3\.?5.?medium", "sd3.5-medium"),
    (r"stable-diffusion-v?3|^sd3", "sd3-medium"),
    (r"stable-diffusion-v2|^sd_v2|sd_?2\.|^sd 2|^sd2", "sd21"),
    (r"stable-diffusion-v1|^sd_v1|^sd 1|^sd1|^sd15", "sd15"),
    (r"flux[-_. ]?2[-_. ]?klein.*9b", "flux2-klein-9b"),
    (r"flux[-_. ]?2[-_. ]?klein.*4b", "flux2-klein-4b"),
    (r"flux[-_. ]?2", "flux2"),
    (r"flux[-_. ]?1?.*schnell|flux.1 s$", "flux1-schnell"),
    (r"flux", "flux1"),
    (r"chroma", "chroma"),
    (r"hunyuan.?video|hyvid", "hunyuan-video"),
    (r"qwen.?image", "qwen-image"),
    (r"z.?image", "z-image"),
    (r"lumina", "lumina2"),
    (r"wan", "wan"),
    (r"ltx.?v?.?2", "ltx2"),
    (r"ltx", "ltxv"),
    (r"pony|illustrious|noobai|animagine", "sdxl"),
    (r"hidream", "hidream"),
    (r"anima\b", "anima"),
    (r"aura", "auraflow"),
    (r"kolors", "kolors"),
    (r"pixart", "pixart"),
    (r"svd|stable-video", "svd"),
)
_LONGEST = 1 << 20
_REPO = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)


class Told(msgspec.Struct, frozen=True):
    """What metadata claims; empty for nothing."""

    family: str = ""
    source: str = ""
    title: str = ""
    network: str = ""
    rank: int | None = None
    alpha: float | None = None
    trained_words: tuple[str, ...] = ()
    address: str = ""


def told(metadata: Mapping[str, object]) -> Told:
    """Read the fields that people fill in."""
    if not metadata:
        return Told()
    family, source = "", ""
    for key in ("modelspec.architecture", "ss_base_model_version", "ss_sd_model_name"):
        family = family_of(_text(metadata, key))
        if family:
            source = f"{key} = {_text(metadata, key)[:80]}"
            break
    title = next(
        (t for key in ("modelspec.title", "ss_output_name", "general.name") if (t := _text(metadata, key))), ""
    )
    return Told(
        family, source, title[:200], _network(metadata), _whole(metadata, "ss_network_dim"),
        _number(metadata, "ss_network_alpha"), _words(metadata), _address(metadata),
    )  # fmt: skip


def family_of(text: str) -> str:
    """The family that a text names, empty when it names none."""
    low = text[:200].lower()
    return next((family for pattern, family in _WORDS if re.search(pattern, low)), "") if low else ""


def _text(metadata: Mapping[str, object], key: str) -> str:
    value = metadata.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or value == "None":
        return ""
    return value if value.isascii() else value.encode(errors="replace").decode()


def _number(metadata: Mapping[str, object], key: str) -> float | None:
    text = _text(metadata, key)[:20]
    return float(text) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text) else None


def _whole(metadata: Mapping[str, object], key: str) -> int | None:
    number = _number(metadata, key)
    return int(number) if number is not None else None


def _network(metadata: Mapping[str, object]) -> str:
    found = re.search(r'"algo"\s*:\s*"(\w{1,20})"', _text(metadata, "ss_network_args")[:10_000])
    algorithm = found.group(1).lower() if found else ""
    return {"locon": "lora", "lora": "lora", "diag-oft": "oft", "full": "full-diff"}.get(algorithm, algorithm)


def _address(metadata: Mapping[str, object]) -> str:
    """Where it can be had, by the keys that ComfyUI's assets and GGUF's specification know.

    `general.source.*` of a GGUF names what it was made of, which is another model.
    """
    air = _text(metadata, "air")
    if air.lower().startswith("urn:air:"):
        return air[:300]
    repo = _text(metadata, "repo_id")
    if _REPO.fullmatch(repo):
        return f"hf:{repo}"
    urls = (_text(metadata, key) for key in ("source_url", "general.repo_url", "general.url"))
    return next((url for url in urls if url.startswith("https://") and len(url) <= 300), "")


def _words(metadata: Mapping[str, object]) -> tuple[str, ...]:
    """Trigger words: the author's own; else the tags that every training picture of a folder had."""
    phrase = _text(metadata, "modelspec.trigger_phrase") or _text(metadata, "trigger_words")
    if phrase:
        return tuple(word.strip()[:200] for word in phrase[:4000].split(",") if word.strip())[:50]
    frequency = _text(metadata, "ss_tag_frequency")
    if not frequency or len(frequency) > _LONGEST:
        return ()
    try:
        folders = msgspec.json.decode(frequency, type=dict[str, dict[str, int]])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ()
    common = [max(tags, key=lambda tag: tags[tag]).strip()[:200] for tags in folders.values() if tags]
    return tuple(dict.fromkeys(word for word in common if word))[:10]
