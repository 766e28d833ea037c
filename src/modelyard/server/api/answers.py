"""An example of each type of answer that has a natural one, for the API's description.

Tests read every one of them into its type; the examples of bodies stand at their routes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args, get_origin

from modelyard.catalogue.model import Model
from modelyard.catalogue.pages import Page
from modelyard.catalogue.views import Facets
from modelyard.jobs.ensuring import Ensured
from modelyard.jobs.lending.returning import LoanView
from modelyard.jobs.lockfile import Lock
from modelyard.jobs.profiles import Profile
from modelyard.jobs.quarantine import Kept
from modelyard.jobs.upkeep import Advice
from modelyard.library.roots.entries import Entry
from modelyard.server.api import (
    ancestor_shapes,
    comfyui,
    health,
    history,
    hubs,
    lan_hubs,
    library,
    lockfile,
    models,
    previews,
    quarantine,
    schedule,
    scripts,
    session,
    settings,
    shifting,
    tasks,
    tokens,
    views,
)
from modelyard.server.api.words import EventPage
from modelyard.server.routes import Route
from modelyard.settings.kept import Row
from modelyard.tasks.queue import Step
from modelyard.values.offers import KeyReport

_AT = 1763715600.0
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_FLUX = "hf:Comfy-Org/flux1-schnell/flux1-schnell-fp8.safetensors"
_INK = "/models/loras/blue-ink.safetensors"
_BAD = {
    "code": "bad-address",
    "message": "'nonsense' is no address that a hub knows.",
    "hint": "Paste a model page, a file link, hf:owner/repo, civitai:MODEL@VERSION, ms:owner/repo or a URL.",
    "retryable": False,
}
_TASK = {
    "id": 7,
    "kind": "download",
    "title": "flux1-schnell-fp8.safetensors",
    "address": _FLUX,
    "hub": "huggingface",
    "target": "/models/checkpoints/",
    "options": {"to": "/models/checkpoints/"},
    "priority": "normal",
    "position": 7.0,
    "state": "running",
    "reason": "",
    "until": None,
    "follows": None,
    "run": 1,
    "attempts": 0,
    "error": None,
    "result": None,
    "size": 17246524772,
    "done": 5368709120,
    "received": 0,
    "seconds": 0.0,
    "created": _AT,
    "started": _AT + 1,
    "ended": None,
    "favourite": False,
    "live": {"speed": 94371840, "eta": 125.9, "stage": "transferring", "connections": 4},
}
_DONE = _TASK | {
    "state": "done",
    "done": 17246524772,
    "received": 17246524772,
    "seconds": 182.4,
    "ended": _AT + 183.4,
    "result": {"files": [{"path": "/models/checkpoints/flux1-schnell-fp8.safetensors", "sha256": _SHA256}]},
    "live": None,
}
_MODEL = {
    "id": 1,
    "path": _INK,
    "root": "/models/loras",
    "folder": "loras",
    "place": "blue-ink.safetensors",
    "name": "blue-ink",
    "title": "Blue ink",
    "size": 151108832,
    "modified": _AT,
    "added": _AT,
    "gone": 0.0,
    "format": "safetensors",
    "kind": "lora",
    "family": "sdxl",
    "certainty": "sure",
    "base": "SDXL 1.0",
    "dtype": "F16",
    "quantisation": "",
    "parameters": 75464704,
    "hub": "civitai",
    "hub_model": "123",
    "hub_version": "456",
    "author": "somebody",
    "licence": "",
    "nsfw": 0,
    "completeness": "full",
    "preview": "/models/loras/blue-ink.png",
    "picture": "167cd55552fe",
    "health": "good",
    "problems": [],
    "sha256": _SHA256,
    "checked": _AT,
    "asked": _AT,
    "favourite": True,
    "rating": 4,
    "team": "",
    "notes": "",
    "uses": 12,
    "used": _AT,
}
_ROW = {
    "name": "tasks.at-once",
    "value": 6,
    "default": 4,
    "kind": "whole",
    "says": "Tasks of the queue that run at the same time.",
    "origin": "file",
    "variable": "MODELYARD_TASKS_AT_ONCE",
    "restart": False,
    "secret": False,
    "trouble": "",
}
_TOKEN = {
    "id": 1,
    "name": "gpu-7",
    "role": "operator",
    "created": _AT,
    "expires": _AT + 7776000,
    "ended": False,
}
_ROOT = {"path": "/models/loras", "folder": "loras"}
_NAS = {"origin": "https://nas.local:8443", "pin": "8b1a" + "0" * 60, "authorities": [], "token": "…k3Qz"}
_VERDICT = {
    "title": "Blue ink",
    "folder": "loras",
    "place": "blue-ink.safetensors",
    "state": "missing",
    "size": 238,
    "sha256": _SHA256,
    "target": _INK,
    "address": "civitai:123@456",
}
_OLD = {
    "id": "7",
    "taskId": "7",
    "type": "loras",
    "fullname": "ink.safetensors",
    "preview": None,
    "status": "doing",
    "platform": "web",
    "downloadedSize": 1048576,
    "totalSize": 4194304,
    "progress": 25.0,
    "bps": 524288.0,
    "error": None,
    "createdAt": "2026-11-21T09:00:00+00:00",
    "updatedAt": "2026-11-21T09:00:01+00:00",
    "params": {
        "downloadUrl": "https://example.org/ink",
        "type": "loras",
        "pathIndex": 0,
        "filename": "ink.safetensors",
    },
}
_DAY = {
    "day": "2026-11-21",
    "hub": "huggingface",
    "kind": "download",
    "done": 3,
    "failed": 1,
    "cancelled": 0,
    "bytes": 51739574316,
    "seconds": 547.2,
}
_EVENT = {"number": 1763715600000001, "at": _AT, "kind": "task.added", "data": {"ids": [7]}}

PROBLEM = {
    "type": "urn:modelyard:no-such-task",
    "title": "A task id that the queue does not have.",
    "status": 404,
    "detail": "There is no task 99.",
    "code": "no-such-task",
    "hint": "List them: `modelyard queue`, or `modelyard history` for ended ones.",
    "retryable": False,
    "request_id": "5f0c2b7a9d3e4816",
}
"""Every error has this shape."""

ANSWERS: Mapping[Any, Any] = {
    health.Alive: {"ok": True},
    health.Health: {
        "ok": True,
        "version": "0.1.0",
        "pid": 4711,
        "uptime": 86400.5,
        "data_folder": "/home/me/.local/share/modelyard",
        "checks": {"proofs": True, "database": True, "runner": True},
        "newest": 1763715600000001,
    },
    session.Opened: {"token": "yard_0yxMSfgKaLJzTzU-76tY3bu32bJ0Mhp5bJHMSKWfg7c"},
    session.Who: {"name": "owner", "role": "admin"},
    session.LoggedIn: {"csrf": "q2mHhL0o0nYc7m1rWvXk5Q"},
    # the queue
    tasks.TaskPage: {
        "tasks": [_TASK],
        "next": None,
        "counts": {"queued": 0, "waiting": 0, "running": 1, "verifying": 0, "paused": 0, "done": 0, "failed": 0}
        | {"cancelled": 0},
    },
    views.TaskView: _TASK,
    views.AnswerView: {"id": 7, "task": _TASK | {"state": "paused", "reason": "Paused.", "live": None}},
    tasks.Added: {"ids": [7], "refused": [{"address": "nonsense", "error": _BAD}]},
    tasks.BatchAnswer: {
        "ids": [7],
        "entries": [
            {"line": 1, "text": _FLUX, "became": "address", "address": _FLUX, "id": 7},
            {"line": 2, "text": "and some words", "became": "nothing"},
        ],
    },
    tasks.Cleared: {"count": 12},
    Step: {"at": _AT, "before": "queued", "after": "running", "reason": "", "exchange": None},
    history.HistoryPage: {"tasks": [_DONE], "next": None},
    history.Queued: {"ids": [8, 9]},
    history.Statistics: {
        "days": [_DAY],
        "done": 3,
        "failed": 1,
        "cancelled": 0,
        "bytes": 51739574316,
        "seconds": 547.2,
        "speed": 94553315.6,
    },
    schedule.PeriodicView: {
        "name": "weekly",
        "cron": "30 4 * * sun",
        "kind": "download",
        "address": "hf:owner/repo",
        "options": {"to": "/models/repo/"},
        "last": None,
        "next": _AT,
    },
    schedule.HookView: {"name": "index", "on": ["task-done"], "way": "run", "what": "python3 index.py"},
    Profile: {"to": "/models/loras/", "priority": "low", "limit": "5MB/s"},
    # hubs and keys
    hubs.HubView: {
        "name": "huggingface",
        "title": "Hugging Face",
        "prefixes": ["hf", "huggingface"],
        "key": True,
        "settings_page": "https://huggingface.co/settings/tokens",
    },
    hubs.FoundModels: {
        "models": [
            {"hub": "huggingface", "address": "hf:Comfy-Org/flux1-schnell", "title": "flux1-schnell", "likes": 58},
        ],
        "problems": {},
    },
    hubs.ModelView: {
        "hub": "huggingface",
        "address": "hf:Comfy-Org/flux1-schnell",
        "title": "Comfy-Org/flux1-schnell",
        "facts": {"licence": "apache-2.0"},
        "files": [
            {
                "address": _FLUX,
                "path": "flux1-schnell-fp8.safetensors",
                "size": 17246524772,
                "claimed": {"sha256": _SHA256},
                "access": "open",
                "licence": "apache-2.0",
                "role": "weights",
            }
        ],
        "companions": [],
    },
    hubs.Located: {"hub": "huggingface", "address": _FLUX, "path": "flux1-schnell-fp8.safetensors"},
    hubs.KeyView: {"hub": "huggingface", "place": "keyring", "shown": "hf_…k3Qz", "used": True, "trouble": None},
    hubs.KeyPlace: {"place": "keyring"},
    KeyReport: {"hub": "huggingface", "valid": True, "owner": "somebody", "kind": "read", "scopes": ["read"]},
    lan_hubs.LanHubView: _NAS,
    lan_hubs.LanHubLook: {
        "origin": "https://nas.local:8443",
        "reachable": True,
        "certificate": None,
        "status": 200,
        "token": "taken",
        "error": None,
    },
    lan_hubs.LanHubList: {"origins": [_NAS["origin"]], "hubs": [_NAS]},
    # the library
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
    Model: _MODEL,
    Page: {"models": [_MODEL], "next": None},
    Facets: {
        "total": 1,
        "size": 151108832,
        "counts": {"folder": {"loras": 1}, "kind": {"lora": 1}},
        "tags": {"ink": 1},
    },
    models.Tagged: {"unwritten": []},
    models.Counted: {"known": 3},
    models.Search: {"text": "ink", "times": 2, "at": _AT},
    models.UsesOf: {
        "id": 1,
        "title": "Blue ink",
        "uses": 12,
        "used": _AT,
        "days": [{"day": "2026-11-21", "times": 12}],
    },
    Advice: {
        "code": "unmeasured",
        "count": 1,
        "message": "One model is not measured, so that no hub can be asked by hash.",
        "command": "modelyard measure",
        "route": "POST /api/v1/library/measure",
        "body": {},
    },
    shifting.Results: {"results": [{"id": 1, "path": _INK, "trash": "20261121-090000-934e52cb"}]},
    shifting.TrashView: {
        "entries": [
            {
                "id": "20261121-090000-934e52cb",
                "at": _AT,
                "title": "Blue ink",
                "path": _INK,
                "size": 151108832,
                "model": 1,
                "root": "/models/loras",
            }
        ],
        "size": 151108832,
    },
    shifting.BackView: {"id": "20261121-090000-934e52cb", "path": _INK},
    shifting.Forecast: {
        "results": [
            {
                "id": 1,
                "path": "/models/loras/ink/blue-ink.safetensors",
                "files": [
                    {
                        "source": _INK,
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
    Kept: {"path": "/models/embeddings/old.pt.quarantined", "size": 5120, "words": "It would run posix.system."},
    quarantine.HeldDigest: {"sha256": _SHA256, "opinion": ""},
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
        "made": _AT,
    },
    scripts.ScriptView: {"name": "fetch.sh", "text": "#!/bin/sh\n…", "files": 1, "left": []},
    # ComfyUI
    comfyui.Downloads: {
        "batch_id": "eJyrVkrLz1eyUlBKSixSqgUAJhkEPQ",
        "models": [{"name": "ae.safetensors", "directory": "vae", "status": "running", "bytes_downloaded": 1048576}],
    },
    comfyui.Inserted: {"pages": 1},
    # the service
    Row: _ROW,
    settings.Limits: {"limits": {"total": "20MB/s", "schedule": "", "huggingface": "off", "civitai": "5MB/s"}},
    EventPage: {"events": [_EVENT], "newest": 1763715600000001, "gap": False},
    tokens.TokenList: {"tokens": [_TOKEN]},
    tokens.MadeToken: {"token": "yard_0yxMSfgKaLJzTzU-76tY3bu32bJ0Mhp5bJHMSKWfg7c", "about": _TOKEN},
    tokens.Link: {"url": "http://127.0.0.1:7980/#code=Zk3…", "seconds": 60.0},
    # the ancestor
    ancestor_shapes.Downloads: {"success": True, "data": [_OLD]},
    ancestor_shapes.OneDownload: {"success": True, "data": _OLD},
    ancestor_shapes.Told: {"success": True},
}


def example_of(route: Route) -> Any:
    """An answer of a route, or None; of a list one with one element."""
    if get_origin(route.gives) is list:
        one = ANSWERS.get(get_args(route.gives)[0])
        return None if one is None else [one]
    return ANSWERS.get(route.gives)
