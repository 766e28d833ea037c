"""What a file is: which kind of model, of which family, and how sure we are."""

from __future__ import annotations

import msgspec

CERTAIN, LIKELY, ONE_OF, UNKNOWN = "certain", "likely", "one-of", "unknown"
"""How sure an `Identity` is: decided by keys and shapes, told by one weaker source, several fit, nothing fits."""


class Identity(msgspec.Struct, frozen=True):
    """What one model file is. Empty means that nothing in it says so.

    Attributes:
        format: ``safetensors``, ``gguf``, ``torch``, ``onnx``, ``diffusers`` …
        kind: ``checkpoint``, ``diffusion_model``, ``text_encoder``, ``vae``, ``lora``, ``llm`` …
        family: ``sdxl``, ``flux1``, ``t5xxl`` … or ``unknown``.
        candidates: Families that all fit when certainty is ``one-of``.
        certainty: ``certain``, ``likely``, ``one-of`` or ``unknown``.
        reasons: Sentences that say what led to it, strongest first.
        variant: What sets it apart inside its family: ``inpainting``, ``refiner``, ``2b``.
        dtype: The type that most of its numbers have (``BF16``, ``Q4_K``).
        parameters: Numbers in all tensors.
        quantisation: ``fp8-scaled``, ``nf4``, ``svdquant``, ``Q4_K_M``; empty for plain floats.
        network: Of an adapter: ``lora``, ``loha``, ``lokr``, ``oft``, ``dora``, ``glora``, ``full-diff``.
        rank: Of an adapter, the one that most layers have.
        alpha: Of an adapter, as its metadata says.
        base_model: The base for people: ``SDXL 1.0``.
        title: As its metadata names it.
        trained_words: Words that trigger it.
        address: Where its header says it can be had, as it says it; whoever made the header may have copied that.
        safety: ``data`` (cannot hold code), ``only-known`` or ``refused`` (a pickle), ``code``; never "safe".
    """

    format: str = "unknown"
    kind: str = "unknown"
    family: str = "unknown"
    candidates: tuple[str, ...] = ()
    certainty: str = UNKNOWN
    reasons: tuple[str, ...] = ()
    variant: str = ""
    dtype: str = ""
    parameters: int = 0
    quantisation: str = ""
    network: str = ""
    rank: int | None = None
    alpha: float | None = None
    base_model: str = ""
    title: str = ""
    trained_words: tuple[str, ...] = ()
    address: str = ""
    safety: str = "data"
