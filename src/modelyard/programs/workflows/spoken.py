"""Models that texts name: `embedding:name` and `<lora:name:0.8>` in prompts. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from modelyard.values.untrusted import text

LONGEST_TEXT = 200_000
"""Characters of one text that are looked at."""

LORA = re.compile(r"<(lora|lyco|hypernet):([^:<>\n]{1,300})(?::([^<>\n]{0,60}))?>")
EMBEDDING = re.compile(r"\bembedding:([^\s,():<>]{1,300})")
_FOLDERS = {"lora": "loras", "lyco": "loras", "hypernet": "hypernetworks"}


def in_text(prompt: str) -> list[dict[str, Any]]:
    """Name and folder of each model that a prompt names, once."""
    cut = prompt[:LONGEST_TEXT]
    found = [(text(match[2]).strip(), _FOLDERS[match[1]]) for match in LORA.finditer(cut)]
    found += [(text(match[1]), "embeddings") for match in EMBEDDING.finditer(cut)]
    return [{"name": name, "directory": folder} for name, folder in dict.fromkeys(found) if name]


def mentions(values: Mapping[str, object], node: str, node_type: str) -> list[dict[str, Any]]:
    """What the texts of one node name."""
    return [
        {**told, "used_by": [{"node": node, "type": node_type, "widget": text(name)}]}
        for name, value in values.items()
        if isinstance(value, str) and ("embedding:" in value or "<" in value)
        for told in in_text(value)
    ]
