"""Endings of file names: of models, and of what is written beside them."""

from __future__ import annotations

LISTED = frozenset(
    (".safetensors", ".sft", ".gguf", ".ggml", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".onnx", ".pkl", ".h5")
    + (".tflite", ".engine", ".msgpack", ".nemo")
)
"""What a scan takes for a model by its name; what it really is its bytes say."""

MODELS = LISTED | {".vae", ".t7", ".npy", ".npz", ".keras", ".joblib"}
"""Every ending under which some program loads a model."""

QUARANTINE = ".quarantine"
"""Stands after the name of a file that could run code: no program loads that."""

SIDECARS = ("info", "md", "civitai.info", "metadata.json", "cm-info.json", "swarm.json", "json")
"""The forms of sidecars that can be written; each is the ending of its file's name."""


def suffix_of(name: str) -> str:
    """Lower-case suffix of a file name with its dot."""
    return "." + name.rsplit(".", 1)[-1].lower() if "." in name else ""
