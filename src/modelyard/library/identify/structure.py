"""What keys and shapes alone say a file is."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from modelyard.library.formats.header import Tensor
from modelyard.library.identify import adapter
from modelyard.library.identify.outline import Outline
from modelyard.library.identify.tables import TABLE
from modelyard.values.identity import CERTAIN, LIKELY, ONE_OF, UNKNOWN

_PARTS = ("first_stage_model.", "cond_stage_model.", "conditioner.", "text_encoders.", "vae.", "text_encoder.")


class Found(msgspec.Struct, frozen=True):
    """What the structure says; `network` and `rank` are those of an adapter."""

    kind: str = "unknown"
    family: str = "unknown"
    certainty: str = UNKNOWN
    candidates: tuple[str, ...] = ()
    variant: str = ""
    reason: str = "No table knows its tensors."
    network: str = ""
    rank: int | None = None


def _lone(tensors: Mapping[str, Tensor]) -> Found:
    """A file of one matrix that is as wide as a text encoder's words is an embedding, whatever its name."""
    shape = next(iter(tensors.values())).shape if len(tensors) == 1 else ()
    if not shape or len(shape) > 2 or (len(shape) == 2 and shape[0] > 256):
        return Found()
    family = {768: "sd15", 1024: "sd21"}.get(shape[-1])
    if family is None:
        return Found()
    return Found("embedding", family, LIKELY, (), "", f"It holds one matrix of words {shape[-1]} wide.")


def _shared_prefix(tensors: Mapping[str, Tensor]) -> str:
    """What all names begin with, up to a dot."""
    first, last = min(tensors), max(tensors)
    same = next((place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    return first[: first.rfind(".", 0, same) + 1]


def structure(tensors: Mapping[str, Tensor]) -> Found:
    """Compare the tensors with the tables; adapters of weights first, since they name every block of their base."""
    if not tensors:
        return Found(reason="It names no tensor.")
    found = adapter.read(tensors)
    if found is not None:
        family, candidates = found.family, found.candidates
        certainty = UNKNOWN if family == "unknown" else ONE_OF if candidates else CERTAIN if found.sized else LIKELY
        return Found("lora", family, certainty, candidates, "", found.reason, found.network, found.rank)
    outline = Outline(tensors)
    row = TABLE.first(outline)
    if row is None and (shared := _shared_prefix(tensors)):
        outline = Outline({name[len(shared) :]: tensor for name, tensor in tensors.items()})
        row = TABLE.first(outline)
    if row is None and any(name.startswith("model.") for name in tensors):
        # a checkpoint of several parts, where less than most names have the prefix
        outline = Outline({name.removeprefix("model."): tensor for name, tensor in tensors.items()})
        row = TABLE.first(outline)
    if row is None:
        return _lone(tensors)
    kind = row.kind
    if kind in ("diffusion_model", "diffusers_unet") and any(outline.has(part) for part in _PARTS):
        kind = "checkpoint"
    certainty = UNKNOWN if row.family == "unknown" else ONE_OF if row.among else CERTAIN
    return Found(kind, row.family, certainty, row.among, row.variant, row.reason)
