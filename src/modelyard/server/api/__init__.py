"""What the service can do: one file of routes per topic."""

from __future__ import annotations

from modelyard.server.api import description, health
from modelyard.server.routes import Routes

ALL: tuple[Routes, ...] = (health.open_routes, health.routes, description.routes)
"""Every group of routes, in the order of the description."""
