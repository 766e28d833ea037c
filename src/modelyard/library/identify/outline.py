"""The outline of a model: its tensors' names with block numbers taken out, so that few words stand for thousands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from modelyard.library.formats.header import Tensor
from modelyard.library.identify.templates import DOTTED

_NUMBERED = re.compile(r"(?:[._]|^)\d+[._]")
_PREFIXES = ("model.diffusion_model.", "diffusion_model.", "base_model.model.", "model.model.", "_orig_mod.", "module.")
_WRAPPERS = ("model.", "transformer.", "net.", "unet.", "dit.", "language_model.", "params_ema.", "params.", "vae.")
_WRAPPED = 0.8


class Outline:
    """Which kinds of tensors a model has, how many of each, and of what shape.

    A name such as ``blocks.7.attn.weight`` counts as ``blocks.#.attn.weight``. Prefixes that savers add are taken off.

    Attributes:
        shapes: Template to one of the tensors that it stands for.
        counts: Template to how many tensors it stands for.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        names = list(map(DOTTED.__getitem__, tensors))
        self.shapes: dict[str, Tensor] = dict(zip(names, tensors.values(), strict=True))
        self.counts: Mapping[str, int] = Counter(names)
        self._tensors = tensors
        self._prefixes = [""]
        for prefix in _PREFIXES:
            self._strip(prefix, 1)
        enough = max(1, int(len(tensors) * _WRAPPED))
        for prefix in (*_WRAPPERS, *_WRAPPERS[:2]):
            self._strip(prefix, enough)

    def __contains__(self, template: str) -> bool:
        return template in self.shapes

    def has(self, template: str) -> bool:
        """Whether it has such tensors; ``a|b`` asks for either, a name that ends in ``.`` for anything below it."""
        return any(
            self._below(option) if option.endswith(".") else self._present(option) for option in template.split("|")
        )

    def axis(self, template: str, axis: int) -> int | None:
        """The size of one axis, None when there is no such tensor or axis; packed 4-bit numbers are unpacked."""
        tensor = self.shapes.get(template) or self.exactly(template)
        if tensor is None:
            return None
        if tensor.dtype == "U8" and len(tensor.shape) == 2 and tensor.shape[1] == 1:
            return self._unpacked(template, tensor, axis)
        return tensor.shape[axis] if -len(tensor.shape) <= axis < len(tensor.shape) else None

    def exactly(self, name: str) -> Tensor | None:
        """The tensor with exactly this name, prefix taken off."""
        return next((self._tensors[start + name] for start in self._prefixes if start + name in self._tensors), None)

    def _strip(self, prefix: str, enough: int) -> None:
        """Take a prefix off when at least `enough` tensors have it."""
        prefixed = [template for template in self.shapes if template.startswith(prefix)]
        if not prefixed or sum(self.counts[template] for template in prefixed) < enough:
            return
        cut = len(prefix)
        names = {template: template[cut:] if template.startswith(prefix) else template for template in self.shapes}
        counts: Counter[str] = Counter()
        for template, name in names.items():
            counts[name] += self.counts[template]
        self.shapes = {name: self.shapes[template] for template, name in names.items()}
        self.counts = counts
        self._prefixes += [start + prefix for start in self._prefixes]

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
