"""What the service can do: one file of routes per topic."""

from __future__ import annotations

from modelyard.server.api import (
    ancestor,
    ancestor_models,
    description,
    ensuring,
    events,
    health,
    history,
    hubs,
    lan_hubs,
    library,
    lockfile,
    metrics,
    models,
    previews,
    profiles,
    refresh,
    schedule,
    session,
    settings,
    shifting,
    tasks,
    tokens,
    versions,
)
from modelyard.server.routes import Routes

ALL: tuple[Routes, ...] = (
    health.open_routes,
    health.routes,
    metrics.routes,
    session.routes,
    tasks.routes,
    history.routes,
    hubs.routes,
    library.routes,
    models.routes,
    refresh.routes,
    shifting.routes,
    previews.routes,
    lockfile.routes,
    versions.routes,
    ensuring.routes,
    lan_hubs.routes,
    settings.routes,
    schedule.routes,
    profiles.routes,
    events.routes,
    tokens.routes,
    ancestor.routes,
    ancestor_models.routes,
    description.routes,
)
"""Every group of routes, in the order of the description."""
