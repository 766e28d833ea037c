"""A process that does one request with an Idempotency-Key and is killed in its transaction, or just after it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

from modelyard.app import App
from modelyard.server.inside import router
from modelyard.server.messages import Asked, Reply
from modelyard.server.once_kept import OnceKept
from modelyard.server.roles import OWNER
from modelyard.server.service import Service


def once_more(app: App, path: str, body: str) -> Reply:
    """Send the request; each time with the same key."""
    service = Service(app, once=OnceKept(app.queue.database, app.clock.wall))
    asked = Asked("POST", path, "", {"idempotency-key": "the same"}, body.encode(), OWNER)
    return asyncio.run(router().answer(service, asked))


def main(where: str, path: str, body: str) -> None:
    """Do it until the cut."""
    whole = getattr(OnceKept, where)

    def cut(*given: Any, **how: Any) -> None:
        if where == "keep_within":
            whole(*given, **how)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(OnceKept, where, cut)
    with App(os.environ) as app:
        once_more(app, path, body)


if __name__ == "__main__":
    main(*sys.argv[1:])
