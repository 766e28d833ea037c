"""Examples of what is told of other programs: what they have, what is lent to them, what their workflows need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.jobs.lending.returning import LoanView, Returned
from modelyard.server.api import comfyui, links, scripts, workflows
from modelyard.server.api.answers.facts import AT

_VAE = {"name": "ae.safetensors", "directory": "vae"}
_PLAN = {
    "format": "api",
    "container": "json",
    "needed": [_VAE],
    "declared_not_needed": [],
    "mentioned": [],
    "problems": [],
    "models": [
        _VAE
        | {
            "state": "found",
            "target": "/models/vae/ae.safetensors",
            "address": "hf:Comfy-Org/Lumina_Image_2.0_Repackaged/split_files/vae/ae.safetensors",
            "hub": "huggingface",
            "size": 335304388,
            "why": "ComfyUI's own templates use it",
        }
    ],
    "bytes": 335304388,
    "unknown_sizes": 0,
    "room": [{"folder": "/models/vae", "needed": 335304388, "free": 812345679872, "fits": True}],
    "complete": False,
    "notes": [],
}
_EXTENSION = {
    "state": "current",
    "path": "/opt/ComfyUI/custom_nodes/modelyard",
    "version": "0.1.0",
    "hosts": ["gpu.example.org"],
    "restart": False,
}
_COMFYUI = {
    "id": "comfyui-1",
    "kind": "comfyui",
    "name": "ComfyUI",
    "path": "/opt/ComfyUI",
    "version": "0.3.75",
    "folders": [
        {
            "path": "/opt/ComfyUI/models/loras",
            "folder": "loras",
            "care": "free",
            "declared": False,
            "registered": True,
        }
    ],
    "models": 12,
    "bytes": 1813305984,
    "shared": 151108832,
    "frees": 151108832,
    "imported": True,
    "means": ["config", "hardlink", "copy"],
    "why": "",
    "configs": [],
    "keys": [{"hub": "civitai", "path": "/opt/ComfyUI/user/default/comfy.settings.json"}],
    "proxy": "",
    "notes": [],
    "extension": _EXTENSION,
}

PROGRAMS: Mapping[Any, Any] = {
    LoanView: {
        "id": "3f2a",
        "model": 1,
        "title": "Blue ink",
        "program": "a1111-1",
        "name": "AUTOMATIC1111",
        "means": "hardlink",
        "state": "stands",
        "paths": ["/opt/webui/models/Lora/blue-ink.safetensors"],
        "file": "",
        "made": AT,
    },
    scripts.ScriptView: {"name": "fetch.sh", "text": "#!/bin/sh\n…", "files": 1, "left": []},
    comfyui.Downloads: {
        "batch_id": "eJyrVkrLz1eyUlBKSixSqgUAJhkEPQ",
        "models": [{"name": "ae.safetensors", "directory": "vae", "status": "running", "bytes_downloaded": 1048576}],
    },
    comfyui.Inserted: {"pages": 1},
    comfyui.Listening: {"pages": 1},
    links.Linking: {"id": 8, "results": []},
    Returned: {"id": "3f2a", "title": "Blue ink", "program": "a1111-1", "means": "hardlink"},
    workflows.WorkflowView: _PLAN,
    workflows.WorkflowTasks: {
        "plan": _PLAN,
        "tasks": [{"id": 8, "name": "ae.safetensors", "target": "/models/vae/ae.safetensors"}],
    },
}

PROGRAMS_BY_ROUTE: Mapping[str, Any] = {
    "list_programs": {
        "programs": [_COMFYUI],
        "places": ["/opt"],
        "shared": 151108832,
        "frees": 151108832,
        "unmeasured": 0,
    },
    "lay_extension_in": _EXTENSION | {"restart": True},
    "take_extension_out": {"state": "absent", "path": _EXTENSION["path"], "restart": True},
    "keep_program_place": {"programs": ["comfyui-1"]},
    "take_program_settings": {
        "keys": [{"hub": "civitai", "path": "/opt/webui/config.json", "shown": "…k3Qz", "kept": True}],
        "proxy": "",
    },
}
