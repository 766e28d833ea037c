"""Snapshots and lock files of ComfyUI-Manager and comfy-cli: the models of an installation, where they say any. Pure.

Manager's snapshot (JSON, or YAML by comfy-cli) names custom nodes only. comfy-cli's `comfy-lock.yaml` has `models`:
`model`, `url`, `paths` of `path`, `hashes` of `hash` and `type` (or one `hash`), `type`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.errors import BadValue
from modelyard.programs.workflows.gathering import unsafe
from modelyard.programs.workflows.references import Workflow
from modelyard.values.plain_yaml import LARGEST, read_yaml
from modelyard.values.untrusted import record, records, text

_NODES = ("git_custom_nodes", "cnr_custom_nodes", "file_custom_nodes")
_FOLDERS = {
    "checkpoint": "checkpoints",
    "diffuser": "diffusers",
    "lora": "loras",
    "embedding": "embeddings",
    "textualinversion": "embeddings",
    "hypernetwork": "hypernetworks",
}
"""Types that comfy-cli writes and that are not the folder's own name."""

_SHA256, _AUTOV2 = 64, 10


def read_yaml_snapshot(raw: bytes) -> Workflow | None:
    """The models of a snapshot or lock file in YAML, None when it is none."""
    if len(raw) > LARGEST or not any(key in raw for key in (b"custom_nodes", b"models:")):
        return None
    try:
        return of_snapshot(record(read_yaml(raw.decode("utf-8"))))
    except (BadValue, UnicodeDecodeError):
        return None


def of_snapshot(told: Mapping[str, Any]) -> Workflow | None:
    """The models of a snapshot or lock file, None when it is none."""
    nodes = {**record(told.get("custom_nodes")), **told}
    models = [row for each in records(told.get("models")) if "model" in each and (row := _row(each))]
    if models:
        return Workflow("comfy-lock", models, [], [], unsafe(models))
    if any(isinstance(nodes.get(key), dict | list) for key in _NODES):
        problem = "A snapshot names the custom nodes of an installation; it names no models."
        return Workflow("snapshot", [], [], [], [problem])
    return None


def _row(model: Mapping[str, Any]) -> dict[str, Any] | None:
    paths = [where for each in records(model.get("paths")) if (where := text(each.get("path")))]
    folder, name = _placed(paths[0].replace("\\", "/")) if paths else ("", text(model.get("model")))
    if not name:
        return None
    folder = folder or _FOLDERS.get(text(model.get("type")).lower(), text(model.get("type")))
    row: dict[str, Any] = {"name": name, "directory": folder or None, "used_by": []}
    if url := text(model.get("url")):
        row["url"] = url
    hashes = [*records(model.get("hashes")), {"hash": model.get("hash")}]
    digests = [digest.lower() for each in hashes if (digest := text(each.get("hash"))).isalnum()]
    for length, kind in ((_SHA256, "sha256"), (_AUTOV2, "autov2")):
        if found := [digest for digest in digests if len(digest) == length]:
            return row | {"hash": found[0], "hash_type": kind}
    return row


def _placed(path: str) -> tuple[str, str]:
    """Folder key and name of a path such as `models/loras/mine/x.safetensors`, which may begin further up."""
    below = f"/{path}".rpartition("/models/")[2] if "/models/" in f"/{path}" else path.lstrip("/")
    folder, slash, name = below.partition("/")
    return (folder, name) if slash else ("", below)
