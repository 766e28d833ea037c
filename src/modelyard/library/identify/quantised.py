"""How a model's numbers are stored: their dominant type, and which quantisation packed them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import compress
from math import prod

from modelyard.library.formats.header import Header, Tensor
from modelyard.library.formats.safetensors import BITS

_MARKS = (
    ("svdquant", (".wscales", ".smooth_factor", ".proj_down")),
    ("nf4", (".quant_state.bitsandbytes__nf4",)),
    ("fp4", (".quant_state.bitsandbytes__fp4",)),
    ("int8", (".SCB", ".weight_format")),
    ("gptq", (".g_idx", ".qzeros")),
)


def counted(header: Header) -> tuple[str, int]:
    """The type that most numbers have, and how many numbers there are."""
    values = list(header.tensors.values())
    if header.format == "safetensors" and values and not header.findings:
        only = values[0].dtype
        if all(map(only.__eq__, [tensor.dtype for tensor in values])):
            return only, max([tensor.data_offsets for tensor in values])[1] * 8 // BITS[only]
    elements = list(map(prod, [tensor.shape for tensor in values]))
    dtypes = [tensor.dtype for tensor in values]
    kinds = set(dtypes)
    if len(kinds) > 1:
        sums = {kind: sum(compress(elements, map(kind.__eq__, dtypes))) for kind in sorted(kinds)}
        return max(sums, key=lambda kind: sums[kind]), sum(elements)
    return (kinds.pop() if kinds else ""), sum(elements)


def quantisation(header: Header, dtype: str) -> str:
    """The name of the quantisation, empty for plain numbers."""
    if header.format == "gguf":
        kind = header.metadata.get("general.file_type")
        return str(kind) if isinstance(kind, str) else dtype
    if dtype in ("F16", "BF16", "F32", "F64", ""):
        return ""
    return _marked(header.tensors, dtype)


def _marked(tensors: Mapping[str, Tensor], dtype: str) -> str:
    for name, marks in _MARKS:
        if any(tensor.endswith(marks) for tensor in tensors):
            return name
    scaled = any(
        name.endswith((".scale_weight", ".weight_scale", "scaled_fp8", ".comfy_quant", ".scale_input"))
        for name in tensors
    )
    if dtype.startswith("F8"):
        return "fp8-scaled" if scaled else "fp8"
    if dtype in ("F4", "U8") and scaled:
        return "nvfp4"
    return {"I8": "int8", "F4": "fp4"}.get(dtype, "")
