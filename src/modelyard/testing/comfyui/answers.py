"""What the front end asks at its start, answered as by an empty ComfyUI."""

from __future__ import annotations

from typing import Any

STATIC: dict[str, Any] = {
    "/users": {"storage": "server", "migrated": True},
    "/settings": {"Comfy.TutorialCompleted": True, "Comfy.Workflow.ShowMissingModelsWarning": True},
    "/features": {"supports_preview_metadata": True, "max_upload_size": 2**20, "assets": False},
    "/i18n": {},
    "/node_replacements": {},
    "/global_subgraphs": {},
    "/jobs": {"jobs": [], "pagination": {"offset": 0, "limit": 200, "total": 0, "has_more": False}},
    "/queue": {"queue_running": [], "queue_pending": []},
    "/embeddings": [],
    "/system_stats": {
        "system": {
            "os": "linux",
            "ram_total": 2**34,
            "ram_free": 2**33,
            "comfyui_version": "0.33.0",
            "required_frontend_version": "",
            "python_version": "3.11",
            "pytorch_version": "2.0",
            "embedded_python": False,
            "argv": ["main.py"],
        },
        "devices": [],
    },
}
"""Answers that never change, by path."""
