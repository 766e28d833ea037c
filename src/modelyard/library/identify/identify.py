"""What a file is, by all that is known of it: one hub's record, its metadata, its keys and shapes, its name."""

from __future__ import annotations

import os
import re
from pathlib import PurePath

import msgspec
from msgspec.structs import replace

from modelyard.library.formats.header import Code, Header
from modelyard.library.identify import gguf_models
from modelyard.library.identify.quantised import counted, quantisation
from modelyard.library.identify.structure import Found, structure
from modelyard.library.identify.told import Told, family_of, told
from modelyard.values.about import About
from modelyard.values.identity import CERTAIN, LIKELY, ONE_OF, UNKNOWN, Identity

_HUMAN = {
    "sd15": "SD 1.5",
    "sd21": "SD 2.1",
    "sdxl": "SDXL 1.0",
    "sdxl-refiner": "SDXL refiner",
    "flux1": "Flux.1 D",
    "flux1-schnell": "Flux.1 S",
    "flux1-fill": "Flux.1 Fill",
    "flux2": "Flux.2 D",
    "sd3-medium": "SD 3",
    "sd3.5-large": "SD 3.5 Large",
    "sd3.5-medium": "SD 3.5 Medium",
    "qwen-image": "Qwen-Image",
    "z-image": "Z-Image",
    "chroma": "Chroma",
    "lumina2": "Lumina 2",
    "hunyuan-video": "Hunyuan Video",
    "ltxv": "LTXV",
    "wan-14b-t2v": "Wan 14B T2V",
    "wan2.1-14b-i2v": "Wan 2.1 14B I2V",
    "wan2.2-5b": "Wan 2.2 5B",
    "pixart-sigma": "PixArt Sigma",
    "pixart-alpha": "PixArt Alpha",
    "hidream": "HiDream",
}
_VARIANTS = (
    "kontext",
    "krea",
    "schnell",
    "turbo",
    "lightning",
    "high_noise",
    "low_noise",
    "edit-2511",
    "edit-2509",
    "edit",
    "pony",
    "illustrious",
    "noobai",
    "distilled",
    "canny",
    "depth",
    "union",
    "inpaint",
)
_DIFFUSERS_TWINS = frozenset(
    {"qwen-image", "qwen-image-layered", "hidream", "omnigen2", "kandinsky5", "ernie-image", "qwen-image-2.1"}
)
_HUB_KINDS = {
    "lora": "lora",
    "locon": "lora",
    "dora": "lora",
    "checkpoint": "checkpoint",
    "textualinversion": "embedding",
    "hypernetwork": "hypernetwork",
    "vae": "vae",
    "controlnet": "controlnet",
    "upscaler": "upscaler",
}
"""CivitAI's words for kinds, believed only where the tensors say nothing."""

_CODE = {"torch": "only-known", "torch-legacy": "only-known", "pickle": "only-known", "torchscript": "code"}


class _Verdict(msgspec.Struct, frozen=True):
    family: str
    certainty: str
    candidates: tuple[str, ...]
    reasons: tuple[str, ...]


class Measured(msgspec.Struct, frozen=True):
    """What the tensors alone say; the same for every file with the same tensors."""

    found: Found
    dtype: str
    parameters: int
    quantisation: str


def measured(header: Header) -> Measured:
    """Look at tensors, and in a GGUF file at its architecture."""
    dtype, parameters = counted(header)
    found = gguf_models.read(header) or structure(header.tensors)
    return Measured(found, dtype, parameters, quantisation(header, dtype))


def identify(
    header: Header, name: str = "", hub_record: About | None = None, measure: Measured | None = None
) -> Identity:
    """Weigh what is known; keys and shapes decide, and nobody's words override them.

    Args:
        header: What the file says about itself.
        name: Its file name or path; the weakest evidence.
        hub_record: What a hub says of exactly these bytes, found by their hash.
        measure: What `measured` said of a header with the same tensors; measured now when None.
    """
    said = told(header.metadata)
    measure = measure or measured(header)
    found = measure.found
    verdict = _weighed(found, said, name, hub_record)
    kind = _kind(found, verdict.family, name)
    if kind == "unknown" and hub_record is not None:
        kind = _HUB_KINDS.get(hub_record.kind.lower(), kind)
    if _is_twin(found, verdict, kind, name):
        reason = "Diffusers' own files have the same names and shapes, and its name does not say which it is."
        verdict = replace(verdict, certainty=LIKELY, reasons=(*verdict.reasons, reason))
    return Identity(
        format=header.format,
        kind=kind,
        family=verdict.family,
        candidates=verdict.candidates,
        certainty=verdict.certainty,
        reasons=verdict.reasons,
        variant=found.variant or _variant(name),
        dtype=measure.dtype,
        parameters=measure.parameters,
        quantisation=measure.quantisation,
        network=found.network or (said.network if kind == "lora" else ""),
        rank=found.rank or said.rank,
        alpha=said.alpha,
        base_model=(hub_record.base_model if hub_record else "") or _HUMAN.get(verdict.family, ""),
        title=(hub_record.name if hub_record else "") or said.title,
        trained_words=(hub_record.trained_words if hub_record else ()) or said.trained_words,
        address=said.address,
        safety=_safety(header),
    )


def _weighed(found: Found, said: Told, name: str, record: About | None) -> _Verdict:
    """One after the other the weaker sources choose among what the stronger ones left open."""
    claims = []
    if record and record.base_model:
        claims.append((family_of(record.base_model), f"A hub says of these bytes: {record.base_model[:80]}."))
    if said.family:
        claims.append((said.family, f"Its metadata says {said.source}."))
    verdict = _Verdict(found.family, found.certainty, found.candidates, (found.reason,))
    for family, reason in claims:
        verdict = _with(verdict, family, reason)
    if verdict.certainty in (ONE_OF, UNKNOWN):
        verdict = _named(verdict, PurePath(name).name, found.kind)
    return verdict


def _with(verdict: _Verdict, family: str, reason: str) -> _Verdict:
    if not family:
        return verdict
    if verdict.certainty == UNKNOWN:
        return _Verdict(family, LIKELY, (), (reason, *verdict.reasons))
    if verdict.certainty == ONE_OF:
        fitting = tuple(one for one in verdict.candidates if one == family) or tuple(
            one for one in verdict.candidates if kin(one, family)
        )
        if len(fitting) == 1:
            return _Verdict(fitting[0], LIKELY, (), (*verdict.reasons, reason))
        if not fitting:
            return _Verdict(
                verdict.family, ONE_OF, verdict.candidates, (*verdict.reasons, f"{reason} Its tensors say otherwise.")
            )
        return _Verdict(fitting[0], ONE_OF, fitting, (*verdict.reasons, reason))
    if not kin(verdict.family, family):
        return _Verdict(verdict.family, LIKELY, (), (*verdict.reasons, f"{reason} Its tensors say otherwise."))
    return _Verdict(verdict.family, verdict.certainty, verdict.candidates, (*verdict.reasons, reason))


def kin(one: str, other: str) -> bool:
    """Whether two names mean a family and its branch (``flux1`` and ``flux1-fill``, ``wan`` and ``wan2.2-5b``)."""
    return (
        one == other
        or one.split("-", maxsplit=1)[0] == other.split("-", maxsplit=1)[0]
        or one.startswith(other)
        or other.startswith(one)
    )


def _named(verdict: _Verdict, name: str, kind: str) -> _Verdict:
    """The weakest evidence: a name may choose among candidates, or give a hint where nothing else is known."""
    low = re.sub(r"[^a-z0-9.]+", "-", name.lower())
    if verdict.certainty == ONE_OF:
        fitting = tuple(one for one in verdict.candidates if _in(one, low, verdict.candidates))
        if len(fitting) == 1:
            return _Verdict(
                fitting[0], LIKELY, (), (*verdict.reasons, f"Its name, {name[:80]!r}, speaks for {fitting[0]}.")
            )
        return verdict
    family = family_of(low) if kind == "lora" or kind == "unknown" else ""
    if family and kind == "lora":
        return _Verdict(family, LIKELY, (), (*verdict.reasons, f"Only its name, {name[:80]!r}, speaks for {family}."))
    return verdict


def _in(family: str, name: str, candidates: tuple[str, ...]) -> bool:
    """Whether a name holds the words that set one candidate apart from the others."""
    others = {word for one in candidates if one != family for word in one.split("-")}
    words = [word for word in family.split("-") if word not in others] or [family]
    return all(word in name for word in words)


def _kind(found: Found, family: str, name: str) -> str:
    if found.kind != "diffusion_model" or family not in _DIFFUSERS_TWINS:
        return found.kind
    path = PurePath(name)
    marks = (
        path.name.startswith("diffusion_pytorch_model") or "diffusers" in path.name or path.parent.name == "transformer"
    )
    return "diffusers_transformer" if marks else found.kind


def _is_twin(found: Found, verdict: _Verdict, kind: str, name: str) -> bool:
    """Whether it may as well be the other kind: nothing in the name speaks for either."""
    if kind != "diffusion_model" or verdict.family not in _DIFFUSERS_TWINS or verdict.certainty != CERTAIN:
        return False
    return found.kind == kind and verdict.family.partition("-")[0] not in PurePath(name).name.lower()


def _variant(name: str) -> str:
    low = os.path.basename(name).lower()
    return next((variant for variant in _VARIANTS if variant in low), "")


def _safety(header: Header) -> str:
    codes = {problem.code for problem in header.findings}
    if header.format in _CODE or Code.UNSAFE_PICKLE in codes:
        return (
            "refused"
            if codes & {Code.UNSAFE_PICKLE, Code.BAD_PICKLE, Code.BAD_ARCHIVE, Code.ENCRYPTED, Code.HOLDS_ARCHIVE}
            else _CODE[header.format]
        )
    return "code" if Code.HOLDS_CODE in codes else "data"
