"""What keys and shapes alone say a file is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from modelyard.library.formats.header import Tensor
from modelyard.library.identify import adapter
from modelyard.library.identify.outline import Outline
from modelyard.library.identify.tables import TABLE
from modelyard.values.identity import CERTAIN, LIKELY, ONE_OF, UNKNOWN

_PARTS = ("first_stage_model.", "cond_stage_model.", "conditioner.", "text_encoders.", "vae.", "text_encoder.")


@dataclass(frozen=True, slots=True)
class Found:
    """What the structure says; `network`, `rank` and `alpha` are those of an adapter."""

    kind: str = "unknown"
    family: str = "unknown"
    certainty: str = UNKNOWN
    candidates: tuple[str, ...] = ()
    variant: str = ""
    reason: str = "No table knows its tensors."
    network: str = ""
    rank: int | None = None


def _shared_prefix(tensors: Mapping[str, Tensor]) -> str:
    """What all names begin with, up to a dot."""
    first, last = min(tensors), max(tensors)
    same = next((place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    return first[: first.rfind(".", 0, same) + 1]


def structure(tensors: Mapping[str, Tensor]) -> Found:
    """Compare the tensors with the tables; adapters of weights first, since they name every block of their base."""
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
    if row is None:
        return Found()
    kind = row.kind
    if kind in ("diffusion_model", "diffusers_unet") and any(outline.has(part) for part in _PARTS):
        kind = "checkpoint"
    certainty = UNKNOWN if row.family == "unknown" else ONE_OF if row.among else CERTAIN
    return Found(kind, row.family, certainty, row.among, row.variant, row.reason)
