"""Examples of what the routes of ComfyUI-Model-Manager tell its page and its scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.server.api import ancestor_shapes
from modelyard.server.api.answers.facts import INK, SHA256

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
_FOLDERS = {"success": True, "data": {"loras": ["/models/loras"]}}
_ADDED = {"success": True, "data": {"taskId": "7"}}
_MODEL = {
    "type": "loras",
    "subFolder": "",
    "isFolder": False,
    "basename": "blue-ink",
    "extension": ".safetensors",
    "pathIndex": 0,
    "sizeBytes": 151108832,
    "preview": "/model-manager/preview/loras/0/blue-ink.webp",
    "previewType": "image",
    "createdAt": 1763715600000,
    "updatedAt": 1763715600000,
}
_REFRESHED = {
    "status": "updated",
    "path": INK,
    "hash": SHA256,
    "old_completeness": "minimal",
    "new_completeness": "complete",
    "found_info": True,
}
_COMPLETE = {"status": "already_complete", "path": "/models/loras/known.safetensors", "completeness": "complete"}
_NONE = {"path": "/models/x.safetensors", "status": "error", "error": "There is no model at /models/x.safetensors."}

ANCESTOR: Mapping[Any, Any] = {
    ancestor_shapes.Downloads: {"success": True, "data": [_OLD]},
    ancestor_shapes.OneDownload: {"success": True, "data": _OLD},
    ancestor_shapes.Told: {"success": True},
}

ANCESTOR_BY_ROUTE: Mapping[str, Any] = {
    "ancestor_add_task": _ADDED,
    "ancestor_add_download": _ADDED,
    "ancestor_add_model": _ADDED,
    "ancestor_cleanup": {"success": True, "data": {"removed": 3}},
    "ancestor_websocket_status": {
        "success": True,
        "data": {"server_clients": 0, "plugin_clients": 1, "total_clients": 1},
    },
    "ancestor_websocket_messages": {
        "success": True,
        "data": {"connected": True, "server_clients": 0, "plugin_clients": 1},
    },
    "ancestor_folders": _FOLDERS,
    "ancestor_base_folders": _FOLDERS,
    "ancestor_models_of": {"success": True, "data": [_MODEL]},
    "ancestor_model": {
        "success": True,
        "data": {
            "metadata": {"name": "Blue ink", "baseModel": "SDXL 1.0", "trainedWords": ["blue ink"]},
            "description": "Strong lines.",
        },
    },
    "ancestor_refresh": {"success": True, "data": _REFRESHED},
    "ancestor_refresh_many": {
        "success": True,
        "data": {
            "processed": 3,
            "updated": 1,
            "already_complete": 1,
            "not_found": 0,
            "errors": 1,
            "details": [_REFRESHED, _COMPLETE, _NONE],
        },
    },
    "ancestor_maintenance": {
        "success": True,
        "data": {
            "total_incomplete": 1,
            "models": [
                {
                    "path": INK,
                    "filename": "blue-ink.safetensors",
                    "type": "loras",
                    "pathIndex": 0,
                    "completeness": "minimal",
                    "has_preview": False,
                    "size": 151108832,
                    "issues": ["missing_description", "missing_preview"],
                }
            ],
            "scanned_types": ["loras"],
        },
    },
    "ancestor_regenerate": {
        "success": True,
        "data": {
            "processed": 2,
            "generated": 1,
            "already_exists": 0,
            "no_source": 0,
            "errors": 1,
            "details": [{"path": INK, "status": "generated"}, _NONE],
        },
    },
}
