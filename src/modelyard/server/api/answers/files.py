"""Examples of what is told of folders of models, and of files that are moved, held or locked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.jobs.backup.restoring import Restored
from modelyard.jobs.dedupe import Duplicates
from modelyard.jobs.ensuring import Ensured
from modelyard.jobs.lockfile import Lock
from modelyard.jobs.quarantine import Kept
from modelyard.jobs.space import Proposals, Space
from modelyard.library.roots.entries import Entry
from modelyard.server.api import library, lockfile, previews, quarantine, shifting, space
from modelyard.server.api.answers.facts import AT, INK, SHA256

_ROOT = {"path": "/models/loras", "folder": "loras"}
_VERDICT = {
    "title": "Blue ink",
    "folder": "loras",
    "place": "blue-ink.safetensors",
    "state": "missing",
    "size": 238,
    "sha256": SHA256,
    "target": INK,
    "address": "civitai:123@456",
}
_COPIES = [
    {"model": 1, "title": "Blue ink", "path": INK, "state": "kept"},
    {"model": 9, "title": "Blue ink", "path": "/models/loras/old/blue-ink.safetensors", "state": "double"},
]
_PART = {"name": "loras", "models": 1, "size": 151108832}

FILES: Mapping[Any, Any] = {
    library.Begun: {"id": 8},
    Entry: _ROOT,
    library.Places: {
        "entries": [_ROOT],
        "roots": [
            {
                "folder": "loras",
                "index": 0,
                "path": "/models/loras",
                "entry": "/models/loras",
                "read_only": False,
                "there": True,
                "models": 1,
                "problems": [],
            }
        ],
        "problems": [],
    },
    space.Destination: {"path": "/models/loras", "free": 812345679872},
    shifting.Results: {"results": [{"id": 1, "path": INK, "trash": "20261121-090000-934e52cb"}]},
    shifting.TrashView: {
        "entries": [
            {
                "id": "20261121-090000-934e52cb",
                "at": AT,
                "title": "Blue ink",
                "path": INK,
                "size": 151108832,
                "model": 1,
                "root": "/models/loras",
            }
        ],
        "size": 151108832,
    },
    shifting.BackView: {"id": "20261121-090000-934e52cb", "path": INK},
    shifting.Forecast: {
        "results": [
            {
                "id": 1,
                "path": "/models/loras/ink/blue-ink.safetensors",
                "files": [
                    {
                        "source": INK,
                        "target": "/models/loras/ink/blue-ink.safetensors",
                        "size": 151108832,
                        "how": "rename",
                        "stays": False,
                    }
                ],
            }
        ]
    },
    previews.PreviewView: {"preview": "/models/loras/blue-ink.png"},
    Kept: {"path": "/models/embeddings/old.pt.quarantine", "size": 5120, "words": "It would run posix.system."},
    quarantine.HeldDigest: {"sha256": SHA256, "opinion": ""},
    quarantine.HeldPath: {"path": "/models/embeddings/old.pt"},
    Lock: lockfile.EXAMPLE,
    lockfile.SyncAnswer: {"complete": False, "files": [_VERDICT], "ids": [8], "left": []},
    Ensured: {
        "state": "downloading",
        "path": "/models/vae/ae.safetensors",
        "name": "ae.safetensors",
        "task": 8,
        "done": 1048576,
        "size": 335304388,
        "speed": 94371840.0,
    },
    Duplicates: {
        "groups": [{"sha256": SHA256, "size": 151108832, "frees": 151108832, "files": _COPIES}],
        "alike": [],
        "frees": 151108832,
        "unmeasured": 0,
    },
    Space: {
        "models": 1,
        "size": 151108832,
        "kind": [_PART | {"name": "lora"}],
        "folder": [_PART],
        "root": [_PART | {"name": "/models/loras"}],
        "hub": [_PART | {"name": "civitai"}],
        "family": [_PART | {"name": "sdxl"}],
        "program": [_PART | {"name": ""}],
        "duplicates": 0,
        "trash": 0,
        "unused": {"name": "", "models": 0, "size": 0},
        "unused_days": 180,
        "uses_known": True,
        "drives": [
            {
                "path": "/models/loras",
                "roots": ["/models/loras"],
                "total": 2000398934016,
                "free": 812345679872,
                "models": 151108832,
            }
        ],
    },
    Proposals: {
        "proposals": [
            {
                "id": 1,
                "title": "Blue ink",
                "path": INK,
                "size": 151108832,
                "uses": 0,
                "used": 0.0,
                "last": AT,
                "source": "access-time",
                "action": "offer",
                "reason": "fetched-again",
                "words": "It can be fetched again from CivitAI.",
            }
        ],
        "uses_known": True,
        "next": "",
    },
    Restored: {
        "dry_run": False,
        "models": 812,
        "changed": 40,
        "words": 31,
        "hashes": 6,
        "uses": 12,
        "ignored": 0,
        "searches": 3,
        "missing": 1,
        "gone": 0,
        "unknown": ["loras/lost.safetensors"],
        "roots": ["/models/loras"],
        "settings": ["tasks.at-once"],
        "profiles": [],
        "schedule": ["weekly"],
        "left": [],
        "left_out": ["keys"],
    },
}
