"""Names with their block numbers taken out, remembered: a library's files share most of their tensors' names."""

from __future__ import annotations

import re

_MOST = 60_000
_PREFIXES = (
    "base_model_model_",
    "model_diffusion_model_",
    "diffusion_model_",
    "lora_unet_",
    "lora_transformer_",
    "lora_prior_unet_",
    "lycoris_",
    "transformer_",
    "unet_",
    "model_",
    "dit_",
)


class Templates(dict[str, str]):
    """Name to template, worked out once for each name; forgotten when it grows too large.

    Args:
        dotted: Whether names keep their dots; else they are written with ``_`` and without the prefixes that trainers
            add, so that kohya's names and PEFT's become the same.
    """

    def __init__(self, *, dotted: bool) -> None:
        super().__init__()
        edge = r"[._]" if dotted else "_"
        self._dotted = dotted
        self._number = re.compile(rf"(?:(?<={edge})|^)\d+(?={edge}|$)")

    def __missing__(self, name: str) -> str:
        template = self._number.sub("#", name if self._dotted else _bare(name))
        if len(self) >= _MOST:
            self.clear()
        if len(name) <= 200:
            self[name] = template
        return template


def _bare(name: str) -> str:
    name = name.replace(".", "_").replace("_processor_", "_")
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name


DOTTED, JOINED = Templates(dotted=True), Templates(dotted=False)
"""One for models, one for adapters."""
