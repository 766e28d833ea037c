"""Numbers for a monitoring system."""

from __future__ import annotations

from modelyard.server.messages import Answer
from modelyard.server.roles import Role
from modelyard.server.routes import Here, Routes

routes = Routes(tag="health", prefix="")
_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@routes.get("/metrics", role=Role.VIEWER, media_type="text/plain")
def metrics(here: Here) -> Answer:
    """Counters and gauges in Prometheus' text format."""
    return Answer(here.service.metrics.text(), media_type=_MEDIA_TYPE)
