"""What a service does for the library by itself: watches the roots, measures gently, looks again."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from modelyard.errors import NotSupported, Stopped, YardError
from modelyard.events.log import Event
from modelyard.jobs.adopting import adopt
from modelyard.jobs.carrying import recover
from modelyard.jobs.checking import due, verify_models
from modelyard.jobs.dedupe import recover_shares
from modelyard.jobs.drives import on_network
from modelyard.jobs.importing import IMPORT
from modelyard.jobs.lending.returning import recover as recover_loans
from modelyard.jobs.measuring import idle
from modelyard.jobs.queued import KIND as DOWNLOAD
from modelyard.jobs.refresh import REFRESH, RefreshOptions
from modelyard.jobs.scan import SCAN, Scan, ScanOptions
from modelyard.jobs.stock import Stock
from modelyard.jobs.trash import empty_old
from modelyard.jobs.upkeep import MARK, UPKEEP, UpkeepOptions
from modelyard.jobs.watch import watch
from modelyard.net.stop import Stop
from modelyard.tasks.states import ACTIVE
from modelyard.tasks.task import Draft, Priority

_log = logging.getLogger("modelyard.library")
_LOOK = 2.0
_IDLE = 30.0
_ROUND = 600.0
"""Seconds between two rounds of the health monitor, and between two looks whether upkeep is due."""
_NETWORK = 300.0
"""Seconds between two scans of drives that tell nobody about changes."""


class Caretaker:
    """The threads of one library.

    Args:
        add: Puts a task into the queue.
        take_in: Puts what commands fetched into history.
        parent: Set when the service ends.
    """

    def __init__(
        self, stock: Stock, add: Callable[[Draft], object], take_in: Callable[[], object], parent: Stop
    ) -> None:
        self._stock = stock
        self._add = add
        self._take_in = take_in
        self._stop = Stop(parent)
        self._again = Stop(self._stop)
        self._threads: list[threading.Thread] = []
        self._todo: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._scans = _Scans()
        self._leave: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Look at everything once, then keep watch."""
        settings = self._stock.yard.settings
        self._leave = self._stock.catalogue.events.listen(self._hear)
        if self._stock.entries.all():
            recover(self._stock)
            recover_shares(self._stock)
            recover_loans(self._stock)
            self.scan()
        jobs = [
            (self._welcoming, True),
            (self._watching, settings["library.watch"]),
            (self._measuring, True),
            (self._verifying, True),
            (self._keeping_up, True),
            (self._network, True),
            (self._remembering, True),
        ]
        for job, wanted in jobs:
            if wanted:
                thread = threading.Thread(target=self._guarded, args=(job,), name=job.__name__.strip("_"), daemon=True)
                self._threads.append(thread)
                thread.start()

    def scan(self, *roots: str) -> None:
        """Ask for a scan. One that waits already does; one that runs may be past what changed: then again after it."""
        draft = SCAN.draft(ScanOptions(roots=roots))
        self.scan_asked(draft)
        self._add(draft)

    def scan_asked(self, draft: Draft) -> None:
        """Somebody asks for a scan; where the queue lets it follow a running one, another comes after that."""
        self._scans.asked(draft.payload)

    def roots_changed(self) -> None:
        """Watch the new roots, and look at them."""
        self._again.set("The roots changed.")
        self.scan()

    def close(self) -> None:
        """End the threads."""
        self._stop.set("The service ends.")
        self._leave()
        self._todo.put(lambda: None)
        for thread in self._threads:
            thread.join(5.0)

    def _guarded(self, job: Callable[[], None]) -> None:
        """A trouble of the disk or the database is told, and tried again; stopping ends it."""
        while not self._stop.is_set():
            try:
                job()
            except Stopped:
                continue
            except YardError as error:
                _log.warning("%s: %s", job.__name__.strip("_"), error.message)
            except Exception:  # noqa: BLE001  # a thread that ends silently would leave the library unwatched
                _log.exception("%s", job.__name__.strip("_"))
            if job != self._welcoming and self._wait(_LOOK):
                return

    def _watching(self) -> None:
        """Watch the roots; where the system does not tell of changes, scan every few minutes and try again."""
        self._again = Stop(self._stop)
        try:
            watch(self._stock, self._again, self._watched)
        except NotSupported as error:
            if not self._stock.unwatched:
                _log.warning("%s", error.message)
            self._stock.unwatched = error.message
            self.scan()
            self._again.wait(_NETWORK)

    def _watched(self) -> None:
        self._stock.unwatched = ""
        self.scan()

    def _hear(self, event: Event) -> None:
        """A download that is done: its files are models of ours now. An import brought new roots to watch.

        After a scan somebody may look: the first answer about 100,000 models would take a second.
        """
        if event.kind == "task.moved" and event.data["to"] == "done" and event.data["kind"] == IMPORT.name:
            self._again.set("The roots changed.")
        if event.kind == "task.moved" and event.data["to"] == "done" and event.data["kind"] == DOWNLOAD:
            told = event.data.get("result") or {}
            paths = [str(file["path"]) for file in told.get("files", ()) if not file.get("error")]
            self._todo.put(lambda: self._welcome(paths))
        if event.kind == "task.moved" and event.data["kind"] == SCAN.name and self._scans.moved(event.data):
            roots = event.data["options"].get("roots", ())
            self._todo.put(lambda: self.scan(*roots))
        if event.kind == "task.moved" and event.data["kind"] == SCAN.name and event.data["to"] == "done":
            self._todo.put(self._stock.catalogue.count_ahead)

    def _welcoming(self) -> None:
        """What cannot be done where events are heard: whoever publishes them holds the database."""
        self._todo.get()()

    def _welcome(self, paths: list[str]) -> None:
        """What arrived is listed at once, and its hub is asked what it is, while a person still looks."""
        if adopt(self._stock, paths):
            self.roots_changed()
        numbers = Scan(self._stock, self._stop).files(paths) if paths else []
        if numbers and self._stock.yard.settings["library.upkeep"]:
            self._add(REFRESH.draft(RefreshOptions(ids=tuple(numbers)), Priority.HIGH))

    def _measuring(self) -> None:
        if self._stock.yard.settings["library.measure"]:
            for _ in idle(self._stock, self._stop, _IDLE):
                if not self._stock.yard.settings["library.measure"]:
                    return
        self._stop.wait(_IDLE)

    def _verifying(self) -> None:
        """The health monitor: a few models a round, the valuable and the longest unseen first."""
        self._stop.wait(_ROUND)
        settings = self._stock.yard.settings
        for options in due(self._stock, settings["library.verify"], measures=settings["library.measure"]):
            told = verify_models(self._stock, options, self._stop, lambda _: None)
            if told["findings"]:
                self._stock.catalogue.events.publish("library.damaged", {"findings": told["findings"][:100]})

    def _keeping_up(self) -> None:
        """A round of upkeep when the last one is long enough ago; the first one a while after the first start."""
        self._stop.wait(_ROUND)
        empty_old(self._stock)
        hours = self._stock.yard.settings["library.upkeep"]
        since = self._stock.wall() - self._stock.catalogue.marked(MARK)
        if hours and since >= hours * 3600 and self._stock.entries.all():
            self._add(UPKEEP.draft(UpkeepOptions(), Priority.LOW))

    def _network(self) -> None:
        self._stop.wait(_NETWORK)
        far = [str(root.path) for root in self._stock.roots().all if on_network(root.path)]
        if far:
            self.scan(*far)

    def _remembering(self) -> None:
        """What commands of this machine fetch meanwhile belongs to history too."""
        self._take_in()

    def _wait(self, seconds: float) -> bool:
        try:
            self._stop.wait(seconds)
        except Stopped:
            return True
        return False


class _Scans:
    """Knows which scans run, and which of them were asked again meanwhile: the queue lets these follow the running."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[int, bytes] = {}
        self._again: set[int] = set()

    def asked(self, options: Mapping[str, Any]) -> None:
        """A scan is about to be asked for."""
        same = _encoded(options)
        with self._lock:
            self._again |= {number for number, running in self._running.items() if running == same}

    def moved(self, told: Mapping[str, Any]) -> bool:
        """A scan went to another state; whether it ended and was asked again while it ran."""
        number = int(told["id"])
        with self._lock:
            if told["to"] in ACTIVE:
                self._running[number] = _encoded(told["options"])
                return False
            self._running.pop(number, None)
            again = number in self._again
            self._again.discard(number)
            return again


def _encoded(options: Mapping[str, Any]) -> bytes:
    """Options as the queue compares them: its database knows lists only."""
    return msgspec.json.encode(options, order="sorted")
