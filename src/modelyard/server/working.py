"""What a service does beside answering: runs the queue, keeps the database fit, counts, remembers.

Start and stop in one place, in one order; whoever holds the data folder's lock calls it.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import logging
import threading
from collections.abc import Iterator
from typing import Any

import msgspec

from modelyard.app import App
from modelyard.errors import YardError
from modelyard.server.api.views import live_of, view
from modelyard.server.once_kept import OnceKept
from modelyard.server.service import Service
from modelyard.tasks.again import prune
from modelyard.tasks.listing import Filter, queue_page
from modelyard.tasks.queue import Queue
from modelyard.tasks.states import OPEN, State

_SHOWN = 500
_LOOK = 2.0
_HOUSEKEEPING = 1800
_WARM = 15
"""The round of every hour in which garbage is looked for everywhere: half a minute after the start all is loaded."""
_log = logging.getLogger("modelyard.queue")


@contextlib.contextmanager
def working(service: Service) -> Iterator[None]:
    """Run the queue for the length of a block. The data folder must be held.

    Raises:
        DiskError, NotSupported: The database cannot be opened.
    """
    app = service.app
    service.snapshot = snapshot
    service.once = OnceKept(app.queue.database, app.clock.wall)
    service.checks["database"] = _database_works
    service.checks["runner"] = lambda app: app.runner.well
    _count(service)
    stopped = threading.Event()
    keeper = threading.Thread(target=_keep_house, args=(app, stopped), name="housekeeping", daemon=True)
    try:
        app.runner.start()
        counts = app.queue.counts()
        app.hooks.start(sum(counts[state] for state in OPEN))
        keeper.start()
        app.caretaker.start()
        yield
    finally:
        stopped.set()
        app.caretaker.close()
        app.runner.close()
        app.hooks.close(1.0)
        gc.unfreeze()


def snapshot(app: App) -> dict[str, Any]:
    """The state of the queue: counts, the first tasks in order, and how far the running ones are."""
    with app.queue.database.reading() as db:
        page = queue_page(db, Filter(listed=True), None, _SHOWN)
    live = live_of(app)
    shown = [msgspec.to_builtins(view(task, live)) for task in page.tasks]
    return {"counts": app.queue.counts(), "tasks": shown, "next": page.next}


def _database_works(app: App) -> bool:
    app.queue.counts()
    return True


def _count(service: Service) -> None:
    queue, runner = service.app.queue, service.app.runner
    for state in State:
        name = f"modelyard_tasks_{state}"
        service.metrics.gauge(name, f"Listed tasks that are {state}.", functools.partial(_counted, queue, state))
    service.metrics.gauge(
        "modelyard_bytes_per_second", "Bytes that arrive now.", lambda: sum(_speed(one) for one in runner.live())
    )


def _counted(queue: Queue, state: State) -> float:
    return queue.counts()[state]


def _speed(one: dict[str, object]) -> float:
    return float(str(one.get("speed") or 0))


def _keep_house(app: App, stopped: threading.Event) -> None:
    """See changes of the settings file within two seconds; once an hour clean up and settle."""
    rounds = 0
    gc.freeze()
    while not stopped.wait(_LOOK):
        try:
            app.settings.look_again()
            if rounds % _HOUSEKEEPING == 0:
                _clean(app)
        except YardError as error:
            _log.warning("housekeeping: %s", error.message)
        if rounds % _HOUSEKEEPING == _WARM:
            settle()
        rounds += 1


def settle() -> None:
    """What stands is not gone through for garbage again: 100,000 objects take 75 ms, and no page is answered then."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _clean(app: App) -> None:
    """Forget old history, take back room that a full disk had needed."""
    gone = prune(app.queue, app.settings["history.keep"])
    app.queue.database.refill()
    if gone:
        _log.info("%d tasks of the history were older than %s days", gone, app.settings["history.keep"])
