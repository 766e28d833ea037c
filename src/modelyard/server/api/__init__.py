"""What the service can do: one file of routes per topic.

A file is imported when one of its routes is wanted: most commands of the command line need one topic and would wait
for all of them.
"""

from __future__ import annotations

import functools
from importlib import import_module

from modelyard.server.routes import API, Routes

FILES: dict[str, tuple[str, ...]] = {
    "health": ("healthz", "health"),
    "metrics": ("metrics",),
    "session": ("session", "login", "logout"),
    "tasks": ("tasks",),
    "history": ("history", "statistics"),
    "hubs": ("hubs", "keys"),
    "library": ("roots", "library"),
    "models": ("models", "searches"),
    "compare": ("compare",),
    "refresh": ("models",),
    "upkeep": ("library", "maintenance"),
    "shifting": ("models", "trash"),
    "space": ("library", "models", "room", "space"),
    "quarantine": ("models", "quarantine"),
    "previews": ("models",),
    "lockfile": ("lockfile",),
    "backup": ("backup",),
    "versions": ("library", "models", "newer"),
    "ensuring": ("ensure",),
    "workflows": ("workflows",),
    "programs": ("programs",),
    "links": ("links",),
    "scripts": ("scripts",),
    "comfyui": ("comfyui",),
    "lan_hubs": ("lan-hubs",),
    "settings": ("settings", "limits"),
    "schedule": ("schedule", "hooks"),
    "profiles": ("profiles",),
    "events": ("events",),
    "tokens": ("tokens", "link"),
    "ancestor": ("model-manager", "api"),
    "ancestor_models": ("model-manager", "api"),
    "ancestor_refreshing": ("model-manager", "api"),
    "description": ("openapi.json",),
}
"""Files in the order of the description, and the first parts of their paths: below /api/v1, else of all."""


def first_part(path: str) -> str:
    """The part of a path that says which files may have a route for it."""
    return path.removeprefix(API).removeprefix("/").split("/", 1)[0]


@functools.cache
def routes_of(file: str) -> tuple[Routes, ...]:
    """The groups of routes in a file."""
    module = import_module(f"{__name__}.{file}")
    return tuple(getattr(module, name) for name in ("open_routes", "routes") if hasattr(module, name))


def routes_for(path: str) -> tuple[Routes, ...]:
    """The groups that may have a route for a path."""
    part = first_part(path)
    return tuple(group for file, parts in FILES.items() if part in parts for group in routes_of(file))


def every() -> tuple[Routes, ...]:
    """Every group of routes, in the order of the description."""
    return tuple(group for file in FILES for group in routes_of(file))
