"""Examples of what is told of the queue, history and what comes again and again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelyard.jobs.profiles import Profile
from modelyard.server.api import history, schedule, tasks, views
from modelyard.server.api.answers.facts import AT, DONE, FLUX, TASK
from modelyard.tasks.queue import Step

_BAD = {
    "code": "bad-address",
    "message": "'nonsense' is no address that a hub knows.",
    "hint": "Paste a model page, a file link, hf:owner/repo, civitai:MODEL@VERSION, ms:owner/repo or a URL.",
    "retryable": False,
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

QUEUE: Mapping[Any, Any] = {
    tasks.TaskPage: {
        "tasks": [TASK],
        "next": None,
        "counts": {"queued": 0, "waiting": 0, "running": 1, "verifying": 0, "paused": 0, "done": 0, "failed": 0}
        | {"cancelled": 0},
    },
    views.TaskView: TASK,
    views.AnswerView: {"id": 7, "task": TASK | {"state": "paused", "reason": "Paused.", "live": None}},
    tasks.Added: {"ids": [7], "refused": [{"address": "nonsense", "error": _BAD}]},
    tasks.BatchAnswer: {
        "ids": [7],
        "entries": [
            {"line": 1, "text": FLUX, "became": "address", "address": FLUX, "id": 7},
            {"line": 2, "text": "and some words", "became": "nothing"},
        ],
    },
    tasks.Cleared: {"count": 12},
    Step: {"at": AT, "before": "queued", "after": "running", "reason": "", "exchange": None},
    history.HistoryPage: {"tasks": [DONE], "next": None},
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
        "next": AT,
    },
    schedule.HookView: {"name": "index", "on": ["task-done"], "way": "run", "what": "python3 index.py"},
    Profile: {"to": "/models/loras/", "priority": "low", "limit": "5MB/s"},
}

QUEUE_BY_ROUTE: Mapping[str, Any] = {
    "list_profiles": {"loras": {"to": "/models/loras/", "priority": "low"}},
    "try_hook": {"hook": "index", "event": "task-done", "seconds": 0.31, "output": "indexed"},
}
EXPORTED = [DONE]
