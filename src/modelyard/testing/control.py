"""The control port: what a hub in another process is told, never on the protocol ports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from modelyard.testing.wire import Answer, Request, as_json

if TYPE_CHECKING:
    from modelyard.testing.hub import PracticeHub


def control(hub: PracticeHub, request: Request) -> Answer:
    """``GET /__hub/state`` and ``log``; ``POST /__hub/reset``, ``clock?advance=`` and ``faults``."""
    what = (request.method, request.path)
    if what == ("GET", "/__hub/state"):
        return as_json(200, state(hub))
    if what == ("GET", "/__hub/log"):
        return as_json(200, [json.loads(line) for line in hub.log.jsonl().splitlines()])
    if what == ("POST", "/__hub/reset"):
        hub.reset()
    elif what == ("POST", "/__hub/clock"):
        hub.clock.advance(float(request.query.get("advance", 0)))
    elif what == ("POST", "/__hub/faults"):
        return _use(hub, json.loads(request.body or b"{}"))
    else:
        return as_json(404, {"error": "state, log, reset, clock?advance=SECONDS or faults"})
    return as_json(200, state(hub))


def _use(hub: PracticeHub, wish: dict[str, Any]) -> Answer:
    """``{"name": "cut_once", "path": "*", ...}``; ``speed`` and ``latency`` may come alone."""
    if "speed" in wish:
        hub.faults.speed = wish.pop("speed")
    if "latency" in wish:
        hub.faults.latency = wish.pop("latency")
    if wish and wish.get("name") not in hub.faults.scenarios:
        return as_json(400, {"error": "unknown scenario", "known": list(hub.faults.scenarios)})
    if wish:
        hub.faults.use(wish.pop("name"), wish.pop("path", "*"), **wish)
    return as_json(200, state(hub))


def state(hub: PracticeHub) -> dict[str, Any]:
    """Where the hub is and what it has seen."""
    counts = {"requests": len(hub.log), "bytes_sent": hub.log.bytes_sent(), "links": hub.signer.issued}
    pace = {"speed": hub.faults.speed, "latency": hub.faults.latency}
    return {"url": hub.url, "cdn_url": hub.cdn_url, "now": hub.clock.now(), **counts, **pace}
