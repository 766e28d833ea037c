"""Which other files of a repository belong with a chosen weight file. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from modelyard.values.offers import Offer

_WEIGHTS = (".safetensors", ".sft", ".gguf", ".bin", ".pt", ".pth", ".ckpt", ".onnx")
_SHARD = re.compile(r"(.+?)-\d{5}-of-(\d{5})(\.[a-z]+)")
_INDEX = ".index.json"
_CONFIGS = (
    "config.json",
    "generation_config.json",
    "model_index.json",
    "tokenizer*",
    "vocab.*",
    "merges.txt",
    "special_tokens_map.json",
    "added_tokens.json",
    "*processor_config.json",
    "chat_template*",
    "spiece.model",
    "sentencepiece.bpe.model",
)
"""Names that transformers, diffusers and their kin look for beside weights."""


def companions(chosen: Sequence[Offer], others: Sequence[Offer]) -> Iterable[Offer]:
    """The offers among `others` that belong with the chosen ones.

    Shards and their index belong to each other; config and tokenizer files in the same folder belong to
    any weights; a projector (``mmproj``) belongs to the GGUF files beside it.
    """
    weights = [offer for offer in chosen if offer.path.endswith((*_WEIGHTS, _INDEX))]
    return [other for other in others if any(_belongs(offer.path, other.path) for offer in weights)]


def is_one_of_several(path: str) -> bool:
    """Whether a file is useless without others of its model: a shard or an index of shards."""
    return bool(_SHARD.fullmatch(path)) or path.endswith(_INDEX)


def _belongs(path: str, other: str) -> bool:
    if (family := _family(path)) and family == _family(other):
        return True
    folder, name = _split(other)
    if folder != _split(path)[0]:
        return False
    if path.endswith(".gguf"):
        return name.endswith(".gguf") and "mmproj" in name.lower() and "mmproj" not in path.lower()
    return any(fnmatchcase(name, pattern) for pattern in _CONFIGS)


def _family(path: str) -> tuple[str, str] | None:
    """What shards and their index share: ``("a/model", ".safetensors")``."""
    if shard := _SHARD.fullmatch(path):
        return shard[1], shard[3]
    if path.endswith(_INDEX):
        stem, dot, suffix = path.removesuffix(_INDEX).rpartition(".")
        return (stem, dot + suffix) if dot else None
    return None


def _split(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return folder, name
