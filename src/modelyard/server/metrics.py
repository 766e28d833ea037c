"""What the service counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as MEDIA_TYPE

__all__ = ["MEDIA_TYPE", "Metrics"]

_BUCKETS = (0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 40)


class Metrics:
    """The counters of one service.

    Attributes:
        registry: For collectors of other rooms.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "modelyard_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "modelyard_request_seconds", "Time to an answer.", ["route"], buckets=_BUCKETS, registry=self.registry
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer. Labels are names of ours only, so that no caller can make the table grow."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def gauge(self, name: str, says: str, value: Callable[[], float]) -> None:
        """Show a number, asked for at each look: ``gauge("modelyard_tasks_waiting", "…", queue.waiting)``."""
        Gauge(name, says, registry=self.registry).set_function(value)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry)
