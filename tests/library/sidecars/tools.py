"""Sidecars byte by byte as the tools themselves write them: their serializers' spacing, escapes and ends of lines.

What each tool writes is a fact, looked up in its source; the values are ours. LoRA-Manager: two spaces, letters as
they are. Civitai Helper: four spaces, ASCII only. Stability Matrix: .NET's own serializer, one line, everything but
plain letters escaped, nulls written. SwarmUI: Newtonsoft, two spaces, the system's ends of lines. A1111 and Forge: four
spaces, letters as they are. ComfyUI-Model-Manager: front matter, then headings.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

SHA = "ab" * 32
VERSION: dict[str, Any] = {
    "id": 222,
    "modelId": 111,
    "name": "v2.0",
    "createdAt": "2025-02-01T04:05:06.789Z",
    "trainingStatus": None,
    "baseModel": "SDXL 1.0",
    "description": "<p>Bessere Hände & mehr</p>",
    "trainedWords": ["inkwash", "brush stroke"],
    "model": {"name": "Tusche 墨 Ink", "type": "LORA", "nsfw": False, "poi": False},
    "files": [
        {
            "id": 9,
            "sizeKB": 223103.6015625,
            "name": "ink.safetensors",
            "metadata": {"format": "SafeTensor"},
            "hashes": {"SHA256": SHA.upper(), "AutoV2": "ABABABABAB"},
            "primary": True,
            "downloadUrl": "https://civitai.com/api/download/models/222",
        }
    ],
    "images": [
        {"url": "https://image.civitai.com/x/1.jpeg", "nsfwLevel": 2, "width": 832, "height": 1216, "type": "image"}
    ],
    "stats": {"downloadCount": 12345, "rating": 4.98},
}


@dataclass(frozen=True, slots=True)
class Sidecar:
    """One file of a tool.

    Attributes:
        form: The ending of its name.
        data: All of it.
        foreign: Bytes in it that we have no use for; they stay as they stand.
    """

    form: str
    data: bytes
    foreign: tuple[bytes, ...]


def _dotnet(told: Any) -> bytes:
    text = json.dumps(told, ensure_ascii=True, separators=(",", ":"))
    text = re.sub(r"\\u([0-9a-f]{4})", lambda found: f"\\u{found[1].upper()}", text)
    for letter in "<>&+'":
        text = text.replace(letter, f"\\u{ord(letter):04X}")
    return text.encode()


def _foreign(data: bytes, *beginnings: str) -> tuple[bytes, ...]:
    """The lines of a text that begin with these words, as they stand in it."""
    lines = [line for line in data.split(b"\n") if line.strip().startswith(tuple(one.encode() for one in beginnings))]
    assert len(lines) == len(beginnings), "each stands in it once"
    return tuple(lines)


_LORA_MANAGER = {
    "file_name": "ink",
    "model_name": "Tusche 墨 Ink",
    "file_path": "/models/loras/ink.safetensors",
    "size": 228458088,
    "modified": 1760000000.1234567,
    "sha256": SHA,
    "base_model": "SDXL 1.0",
    "preview_url": "/models/loras/ink.webp",
    "preview_nsfw_level": 2,
    "notes": "weak at 0.5",
    "from_civitai": True,
    "civitai": VERSION | {"creator": {"username": "mo", "image": None}, "customImages": []},
    "tags": ["style", "墨"],
    "modelDescription": "<p>Tusche</p>",
    "civitai_deleted": False,
    "favorite": True,
    "exclude": False,
    "db_checked": False,
    "skip_metadata_refresh": False,
    "metadata_source": "civitai_api",
    "last_checked_at": 1760000001.5,
    "hash_status": "completed",
    "usage_tips": '{"strength": 0.8, "clip_skip": 2}',
    "autov3": "",
}
_STABILITY_MATRIX = {
    "ModelId": 111,
    "ModelName": "Tusche 墨 Ink",
    "ModelDescription": "<p>d + 'e' & f</p>",
    "Nsfw": False,
    "Tags": ["style"],
    "ModelType": "LORA",
    "VersionId": 222,
    "VersionName": "v2.0",
    "VersionDescription": None,
    "AuthorUsername": "mo",
    "BaseModel": "SDXL 1.0",
    "RemoteFileName": "ink.safetensors",
    "RemoteFileId": 9,
    "FileMetadata": {"fp": "fp16", "size": "full", "format": "SafeTensor"},
    "ImportedAt": "2025-10-09T08:53:20.1234567+02:00",
    "Hashes": {"SHA256": SHA.upper(), "CRC32": "01020304", "BLAKE3": "EF" * 32},
    "TrainedWords": ["inkwash", "brush stroke"],
    "Stats": {"favoriteCount": 1, "commentCount": 2, "downloadCount": 3, "ratingCount": 4, "rating": 4.98},
    "UserTitle": None,
    "ThumbnailImageUrl": "https://image.civitai.com/x/1.jpeg",
    "InferenceDefaults": None,
    "Source": 0,
}
_SWARM = {
    "modelspec.sai_model_spec": "1.0.0",
    "modelspec.title": "Tusche 墨 Ink",
    "modelspec.architecture": "stable-diffusion-xl-v1-base/lora",
    "modelspec.author": "mo",
    "modelspec.description": "<p>d</p>",
    "modelspec.thumbnail": "data:image/jpeg;base64,AAAA",
    "modelspec.license": None,
    "modelspec.usage_hint": "weak at 0.5",
    "modelspec.trigger_phrase": "inkwash",
    "modelspec.tags": "style,ink",
    "modelspec.date": "2025-02-03",
    "modelspec.resolution": "1024x1024",
    "modelspec.lora_default_weight": "0.75",
    "modelspec.hash_sha256": "0x" + "cd" * 32,
}
_WEB_UI = {
    "description": "Tusche 墨",
    "sd version": "SDXL",
    "activation text": "inkwash, brush",
    "preferred weight": 0.7,
    "negative text": "photo",
    "notes": "weak\nat 0.5",
    "sd_checkpoint": "mine",
}
_MARKDOWN = """---
website: Civitai
modelPage: https://civitai.com/models/111?modelVersionId=222
author: mo
baseModel: SDXL 1.0
hashes:
  AutoV2: ABABABABAB
  SHA256: {sha}
metadata:
  fp: fp16
  size: full
  format: SafeTensor
preview:
  - https://image.civitai.com/x/1.jpeg
---

# Trigger Words

inkwash, brush stroke

# About this version

Better hands.

# Tusche 墨 Ink

All of it, *told* by its author.
"""


def _made() -> dict[str, Sidecar]:
    lora_manager = json.dumps(_LORA_MANAGER, indent=2, ensure_ascii=False).encode()
    helper = json.dumps(VERSION, indent=4).encode()
    matrix = _dotnet(_STABILITY_MATRIX)
    swarm = json.dumps(_SWARM, indent=2, ensure_ascii=False).encode()
    web_ui = json.dumps(_WEB_UI, indent=4, ensure_ascii=False).encode()
    markdown = _MARKDOWN.replace("{sha}", SHA.upper()).encode()
    spec = _foreign(
        swarm, '"modelspec.arch', '"modelspec.thumb', '"modelspec.reso', '"modelspec.lora', '"modelspec.hash'
    )
    windows = swarm.replace(b"\n", b"\r\n")
    return {
        "LoRA-Manager": Sidecar(
            "metadata.json",
            lora_manager,
            _foreign(
                lora_manager,
                *(
                    '"preview_nsfw_level"',
                    '"exclude"',
                    '"db_checked"',
                    '"usage_tips"',
                    '"hash_status"',
                    '"last_checked_at"',
                ),
                *('"preview_url"', '"customImages"', '"trainingStatus"', '"sizeKB"', '"rating"'),
            ),
        ),
        "Civitai Helper": Sidecar(
            "civitai.info", helper, _foreign(helper, '"createdAt"', '"trainingStatus"', '"sizeKB"', '"poi"', '"rating"')
        ),
        "Stability Matrix": Sidecar(
            "cm-info.json",
            matrix,
            (
                b'"FileMetadata":{"fp":"fp16","size":"full","format":"SafeTensor"}',
                b'"ImportedAt":"2025-10-09T08:53:20.1234567\\u002B02:00"',
                b'"CRC32":"01020304"',
                b'"VersionDescription":null',
                b'"InferenceDefaults":null',
                b'"RemoteFileId":9',
                b'"rating":4.98}',
            ),
        ),
        "SwarmUI": Sidecar("swarm.json", swarm, spec),
        "SwarmUI on Windows": Sidecar("swarm.json", windows, tuple(one + b"\r\n" for one in spec[:-1])),
        "A1111 and Forge": Sidecar("json", web_ui, _foreign(web_ui, '"sd_checkpoint"')),
        "A1111, with a byte order mark": Sidecar(
            "json", b"\xef\xbb\xbf" + web_ui, (b"\xef\xbb\xbf{", *_foreign(web_ui, '"sd_checkpoint"'))
        ),
        "ComfyUI-Model-Manager": Sidecar(
            "md",
            markdown,
            (
                b"\nmetadata:\n  fp: fp16\n  size: full\n  format: SafeTensor\n",
                b"\nwebsite: Civitai\n",
                b"\n# About this version\n\nBetter hands.\n",
                b"\n# Tusche \xe5\xa2\xa8 Ink\n\nAll of it, *told* by its author.\n",
            ),
        ),
    }


TOOLS = _made()
"""By who writes it."""
