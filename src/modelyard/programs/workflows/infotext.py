"""A1111's generation parameters: the text below a picture's prompt, with names and hashes of models. Pure.

Prompt, `Negative prompt:`, then a line of pairs: `Steps: 20, Model hash: 31e35c80fc, Model: sd_xl_base_1.0,
Lora hashes: "name: hash, other: hash", Hashes: {"model": "…", "lora:name": "…"}, Civitai resources: […]`.
"""

from __future__ import annotations

import json
import re
from typing import Any

from modelyard.programs.workflows import spoken
from modelyard.programs.workflows.gathering import unsafe
from modelyard.programs.workflows.references import Workflow
from modelyard.values.untrusted import number, record, records, text

LONGEST_TEXT = 1_000_000
"""Characters that are looked at."""

_PAIR = re.compile(r'[ \t]*([A-Za-z][\w \-/.]{0,80}):[ \t]*("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)')
_HASH = re.compile(r"(?:0x)?([0-9A-Fa-f]{8,64})")
_AIR = re.compile(r"urn:air:[\w\-.]{1,40}:[\w\-.]{1,40}:civitai:[0-9]{1,18}@[0-9]{1,18}")
_FOLDERS = {"model": "checkpoints", "vae": "vae", "lora": "loras", "lyco": "loras", "embed": "embeddings"}
_TYPES = {"checkpoint": "checkpoints", "model": "checkpoints", "lora": "loras", "embed": "embeddings", "vae": "vae"}
_JSON = {"Hashes": "{", "Civitai resources": "["}
_WIDEST = {8: "autov1", 10: "autov2", 12: "autov3", 64: "sha256"}


def read_infotext(told: str) -> Workflow | None:
    """The models that generation parameters name, None when the text is no such thing.

    Rows have a `hash` where one is told, with `hash_type` by its length: `autov1`, `autov2`, `autov3` or `sha256`.
    """
    told = text(told, LONGEST_TEXT)
    start = max(told.rfind("\nSteps: "), 0 if told.startswith("Steps: ") else -1)
    if start < 0:
        return None
    pairs, blocks = _parsed(told[start:].strip())
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    _plain(rows, pairs)
    _hashes(rows, blocks.get("Hashes"))
    _resources(rows, blocks.get("Civitai resources"))
    for air in dict.fromkeys(_AIR.findall(told)):
        rows.setdefault(("", air), {"name": None, "directory": None, "address": air, "used_by": []})
    mentioned = []
    for spoken_of in spoken.in_text(told[:start]):
        key = (spoken_of["directory"], spoken_of["name"])
        if spoken_of["directory"] == "loras":
            _row(rows, *key)
        elif key not in rows:
            mentioned.append(spoken_of)
    needed = list(rows.values())
    return Workflow("a1111", needed, [], mentioned, unsafe(needed))


def _parsed(line: str) -> tuple[dict[str, str], dict[str, object]]:
    """The pairs of the last line, and its JSON values, which hold commas of their own."""
    blocks: dict[str, object] = {}
    for name, opening in _JSON.items():
        at = line.find(f"{name}: {opening}")
        if at < 0:
            continue
        begin = at + len(name) + 2
        try:
            blocks[name], used = json.JSONDecoder().raw_decode(line[begin:])
        except (ValueError, RecursionError):
            continue
        line = line[:at] + line[begin + used :].lstrip(", ")
    pairs = {match[1].strip(): _unquoted(match[2].strip()) for match in _PAIR.finditer(line)}
    return pairs, blocks


def _unquoted(value: str) -> str:
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    try:
        plain = json.loads(value)
    except ValueError:
        plain = value[1:-1]
    return plain if isinstance(plain, str) else value


def _plain(rows: dict[tuple[str, str], dict[str, Any]], pairs: dict[str, str]) -> None:
    if model := pairs.get("Model"):
        _row(rows, "checkpoints", model, pairs.get("Model hash", ""))
    elif digest := pairs.get("Model hash"):
        _row(rows, "checkpoints", digest, digest)
    if (vae := pairs.get("VAE")) and vae.lower() not in ("none", "automatic"):
        _row(rows, "vae", vae, pairs.get("VAE hash", ""))
    for name, folder in (("Lora hashes", "loras"), ("TI hashes", "embeddings")):
        for entry in pairs.get(name, "").split(","):
            model, _, digest = entry.rpartition(":")
            if model.strip():
                _row(rows, folder, model.strip(), digest.strip())
    for name, model in pairs.items():
        if match := re.fullmatch(r"Lora_(\d{1,4}) Model name", name):
            _row(rows, "loras", model, pairs.get(f"Lora_{match[1]} Model hash", ""))


def _hashes(rows: dict[tuple[str, str], dict[str, Any]], block: object) -> None:
    for key, digest in record(block).items():
        kind, _, name = key.partition(":")
        folder = _FOLDERS.get(kind)
        if folder and name:
            _row(rows, folder, text(name), text(digest))
        elif folder in ("checkpoints", "vae"):
            same = [row for (where, _), row in rows.items() if where == folder]
            if same:
                _put_hash(same[0], text(digest))
            elif text(digest):
                _row(rows, folder, text(digest), text(digest))


def _resources(rows: dict[tuple[str, str], dict[str, Any]], block: object) -> None:
    """CivitAI's own list: versions by number."""
    for entry in records(block):
        if version := number(entry.get("modelVersionId")):
            folder = _TYPES.get(text(entry.get("type")).lower())
            row: dict[str, Any] = {"name": text(entry.get("modelName")) or None, "directory": folder, "used_by": []}
            rows.setdefault(("version", version), {**row, "address": f"civitai:@{version}"})


def _row(rows: dict[tuple[str, str], dict[str, Any]], folder: str, name: str, digest: str = "") -> None:
    name = text(name)
    row = rows.setdefault((folder, name), {"name": name, "directory": folder, "used_by": []})
    _put_hash(row, digest)


def _put_hash(row: dict[str, Any], digest: str) -> None:
    """Keep a well-formed hash; the first told stays. Values may be empty."""
    match = _HASH.fullmatch(digest.strip())
    if match and not row.get("hash") and len(match[1]) in _WIDEST:
        row["hash"], row["hash_type"] = match[1].lower(), _WIDEST[len(match[1])]
