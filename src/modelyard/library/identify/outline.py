"""The outline of a model: its tensors' names with block numbers taken out, so that few words stand for thousands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from modelyard.library.formats.header import Tensor

_NUMBER = re.compile(r"(?<=[._\n])\d+(?=[._\n])")
_NUMBERED = re.compile(r"[._]\d+[._]|^\d+\.")
_PREFIXES = ("model.diffusion_model.", "diffusion_model.", "base_model.model.", "model.model.", "_orig_mod.", "module.")
_WRAPPERS = ("model.", "transformer.", "net.", "unet.", "dit.", "language_model.", "params_ema.", "params.", "vae.")
_WRAPPED = 0.8


class Outline:
    """Which kinds of tensors a model has, how many of each, and of what shape.

    A name such as ``blocks.7.attn.weight`` counts as ``blocks.#.attn.weight``. Prefixes that savers add are taken off.

    Attributes:
        shapes: Template to one of the tensors that it stands for.
        counts: Template to how many tensors it stands for.
        prefixed: Whether a diffusion model stands under its own prefix, as in whole checkpoints.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        text = "\n" + "\n".join(tensors) + "\n"
        self.prefixed = "\nmodel.diffusion_model." in text
        for prefix in _PREFIXES:
            if "\n" + prefix in text:
                text = text.replace("\n" + prefix, "\n")
        enough = max(1, int(len(tensors) * _WRAPPED))
        for prefix in (*_WRAPPERS, *_WRAPPERS[:2]):
            if text.count("\n" + prefix) >= enough:
                text = text.replace("\n" + prefix, "\n")
        self._names = text[1:-1].split("\n")
        self._tensors = tensors
        names = _NUMBER.sub("#", text)[1:-1].split("\n")
        self.shapes: dict[str, Tensor] = dict(zip(names, tensors.values(), strict=False))
        self.counts = Counter(names)
        self._exact: dict[str, Tensor] | None = None

    def __contains__(self, template: str) -> bool:
        return template in self.shapes

    def has(self, template: str) -> bool:
        """Whether it has such tensors; ``a|b`` asks for either, a name that ends in ``.`` for anything below it."""
        return any(
            self._below(option) if option.endswith(".") else self._present(option) for option in template.split("|")
        )

    def axis(self, template: str, axis: int) -> int | None:
        """The size of one axis, None when there is no such tensor or axis; packed 4-bit numbers are unpacked."""
        tensor = self.shapes.get(template)
        if tensor is None:
            tensor = self.exactly(template) if "#" not in template else None
        if tensor is None:
            return None
        if tensor.dtype == "U8" and len(tensor.shape) == 2 and tensor.shape[1] == 1:
            return self._unpacked(template, tensor, axis)
        return tensor.shape[axis] if -len(tensor.shape) <= axis < len(tensor.shape) else None

    def exactly(self, name: str) -> Tensor | None:
        """The tensor with exactly this name, prefix taken off."""
        if self._exact is None:
            self._exact = dict(zip(self._names, self._tensors.values(), strict=False))
        return self._exact.get(name)

    def highest(self, start: str) -> int:
        """The highest block number that follows `start` (``blocks.``), -1 for none."""
        found = re.compile(rf"(?:^|(?<=\n)){re.escape(start)}(\d+)").findall("\n".join(self._names))
        return max((int(number[:6]) for number in found), default=-1)

    def _present(self, name: str) -> bool:
        return name in self.shapes or (_NUMBERED.search(name) is not None and self.exactly(name) is not None)

    def _below(self, start: str) -> bool:
        return any(template.startswith(start) for template in self.shapes)

    def _unpacked(self, template: str, tensor: Tensor, axis: int) -> int | None:
        """Of a weight that bitsandbytes packed as [n, 1]: the rows are those of the bias."""
        bias = self.shapes.get(template.removesuffix("weight") + "bias")
        if bias is None or len(bias.shape) != 1 or bias.shape[0] == 0:
            return None
        return bias.shape[0] if axis == 0 else tensor.shape[0] * 2 // bias.shape[0]


def collapsed(name: str) -> str:
    """The template of one name."""
    return _NUMBER.sub("#", f"\n{name}\n")[1:-1]
