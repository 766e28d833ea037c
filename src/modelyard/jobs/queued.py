"""Downloads as tasks of the queue: from an address to a draft, and the kind that runs them."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from modelyard.engine.progress import Snapshot
from modelyard.errors import Stopped, YardError
from modelyard.hubs.web.addresses import NAME as WEB
from modelyard.jobs.addressing import KeepKey, read_address
from modelyard.jobs.download import Download
from modelyard.jobs.folders import nearest_folder
from modelyard.jobs.planning import Other
from modelyard.jobs.preflight import Step
from modelyard.jobs.wish import Outcome, Planned, Wish
from modelyard.jobs.workflows.elsewhere import Elsewhere
from modelyard.jobs.workflows.wanted import Wanted, read_row
from modelyard.jobs.yard import Yard
from modelyard.keys.redaction import Redactor
from modelyard.net.stop import Stop
from modelyard.net.url import without_query
from modelyard.tasks.kinds import Ready, Result
from modelyard.tasks.progress import Live
from modelyard.tasks.task import Draft, Priority, Task
from modelyard.values.sizes import parse_rate

KIND = "download"
_NOT_THE_SAME = frozenset(("limit", "hooks", "_within", "_wanted"))
"""Options in which two tasks for the same file may differ."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What can be said about one download; the payload of its task.

    Attributes:
        address: Whole, as it is asked; what is shown of it may have signatures masked.
        to: A folder, or a file when one file is meant; empty is the folder of the settings.
        limit: Speed limit like ``50MB/s``; empty is none.
        hooks: Names of hooks that run for this task only.
        told, within, one: See `jobs.wish.Wish`.
        wanted: The model that a workflow names, see `jobs.workflows.elsewhere.told`: other places may have it.
    """

    address: str = msgspec.field(default="", name="_address")
    to: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    sha256: str | None = None
    replace: bool = False
    companions: bool = False
    unpack: bool = False
    limit: str = ""
    hooks: tuple[str, ...] = ()
    told: bool = False
    within: str = msgspec.field(default="", name="_within")
    one: bool = msgspec.field(default=False, name="_one")
    wanted: Mapping[str, Any] = msgspec.field(default_factory=dict, name="_wanted")

    @property
    def rate(self) -> int | None:
        """The limit in bytes per second."""
        return parse_rate(self.limit) if self.limit else None


def draft(
    yard: Yard,
    text: str,
    options: Options,
    keep_key: KeepKey,
    priority: Priority = Priority.NORMAL,
    size: int | None = None,
) -> Draft:
    """A task for an address as typed or pasted; a key inside goes to the key store first.

    Args:
        size: Bytes, where somebody said so: room is kept for them before a hub was asked.

    Raises:
        BadAddress, UnknownHub, BadValue: The address or the limit cannot be read.
    """
    hub, address = read_address(yard.hubs, text, keep_key)
    _ = options.rate
    whole = hub.show(address)
    shown = Redactor().text(shown_address(hub.name, whole))
    payload = msgspec.to_builtins(msgspec.structs.replace(options, address=whole))
    same = {name: value for name, value in payload.items() if name not in _NOT_THE_SAME}
    return Draft(
        kind=KIND,
        title=shown,
        address=shown,
        hub=hub.name,
        target=options.to,
        payload=payload,
        key=hashlib.sha256(msgspec.json.encode([KIND, same], order="sorted")).hexdigest(),
        priority=priority,
        size=size,
    )


def shown_address(hub: str, address: str) -> str:
    """An address for lists that others may read: of a link on the web what follows `?` may be somebody's secret."""
    return f"{without_query(address)}?…" if hub == WEB and "?" in address else address


class DownloadKind:
    """Runs downloads of the queue."""

    name = KIND

    def __init__(self, yard: Yard, keep_key: KeepKey) -> None:
        self._yard = yard
        self._keep_key = keep_key
        self._lock = threading.Lock()
        self._running: dict[int, Download] = {}
        self._limits: dict[int, int | None] = {}  # told before the task ran

    def prepare(self, task: Task, stop: Stop) -> Ready:
        """Ask the hub, decide what has to be done, see that it fits."""
        download = self._download(task)
        with stop.waking(lambda: download.stop.set(stop.reason)):
            planned = download.plan()
        return Ready(_size(planned), _room(planned), (download, planned), _title(planned))

    def run(self, task: Task, ready: Ready, live: Live, stop: Stop) -> Result:
        """Fetch and prove; the first failure is the task's, every file that arrived stays."""
        download, planned = ready.work
        with self._known(task, download), stop.waking(lambda: download.stop.set(stop.reason)):
            outcomes = download.run(planned, lambda: _tell(live, download, ready.size))
        _raise_first(download, outcomes, stop)
        wanted = read_row(msgspec.convert(task.payload, Options).wanted)
        told = {"files": [self._told(outcome, wanted) for outcome in outcomes]}
        return Result(told, sum(one.size for one in outcomes), sum(one.received for one in outcomes))

    def _told(self, outcome: Outcome, wanted: Wanted) -> dict[str, object]:
        """A file as a task tells it: also whether its hash is the short one that a workflow says."""
        told = outcome.as_dict()
        proof = self._yard.proofs.of(outcome.target) if wanted.hash else None
        agrees = wanted.agrees(proof.measured) if proof else None
        if agrees is False:
            told |= {"verified": False, "how": f"{outcome.how}; its hash is not the one that the workflow says"}
        elif agrees:
            told["verified"] = True
        return told

    def discard(self, task: Task) -> None:
        """Remove the parts of a download; what cannot be found out any more stays as a part."""
        with contextlib.suppress(YardError):
            download = self._download(task)
            download.discard(download.plan())

    def limit(self, number: int, rate: int | None) -> None:
        """Change the speed limit of a task that runs, bytes per second; one that does not run reads its payload."""
        with self._lock:
            download = self._running.get(number)
            if download is None:
                self._limits[number] = rate
        if download is not None:
            download.limit.change(rate)

    def _download(self, task: Task) -> Download:
        options = msgspec.convert(task.payload, Options)
        wish = Wish(
            [options.address or task.address],
            options.to or None,
            options.include,
            options.exclude,
            options.sha256,
            options.replace,
            options.companions,
            options.rate,
            options.unpack,
            options.told,
            options.within,
            options.one,
        )
        return Download(self._yard, wish, self._keep_key, self._other(options))

    def _other(self, options: Options) -> Other | None:
        if not options.wanted:
            return None
        elsewhere = Elsewhere.of(self._yard, options.wanted, options.sha256 or "")
        return lambda _target, address, error, stop: elsewhere(address, error, stop)

    @contextlib.contextmanager
    def _known(self, task: Task, download: Download) -> Iterator[None]:
        with self._lock:
            self._running[task.id] = download
            # It may have changed since the look ahead, and even since the task was read.
            rate = self._limits.pop(task.id, msgspec.convert(task.payload, Options).rate)
        download.limit.change(rate)
        try:
            yield
        finally:
            with self._lock:
                self._running.pop(task.id, None)


def _size(planned: Sequence[Planned]) -> int | None:
    sizes = [one.order.size for one in planned]
    return None if None in sizes else sum(size or 0 for size in sizes)


def _room(planned: Sequence[Planned]) -> dict[str, int]:
    room: dict[str, int] = {}
    for one in planned:
        if one.verdict.step is not Step.HERE and one.order.size:
            folder = str(nearest_folder(one.place.target))
            room[folder] = room.get(folder, 0) + one.order.size - one.verdict.have
    return room


def _title(planned: Sequence[Planned]) -> str:
    """The file's name where one file is meant; the address says enough for many."""
    return planned[0].place.target.name if len(planned) == 1 and not planned[0].offer.name_is_guess else ""


def _tell(live: Live, download: Download, size: int | None) -> None:
    files = download.snapshots()
    ended = list(download.outcomes)
    stages = {one.stage for one in files}
    speed = sum(one.speed for one in files)
    done = sum(one.done for one in files) + sum(one.kept if one.error else one.size for one in ended)
    live.tell(
        done=done,
        received=sum(one.received for one in files) + sum(one.received for one in ended),
        size=size if size is not None else _known_size(files),
        speed=speed,
        eta=(size - done) / speed if size and speed else None,
        stage=_stage(stages),
        note=next((one.note for one in files if one.note), ""),
        connections=sum(one.connections for one in files),
        files=[one.as_dict() for one in files[:20]],
    )


def _known_size(files: Sequence[Snapshot]) -> int | None:
    return files[0].size if len(files) == 1 else None


def _stage(stages: set[str]) -> str:
    """The stage of many files: what moves bytes speaks for all."""
    return next((stage for stage in ("transferring", "proving", "landing", "waiting") if stage in stages), "landing")


def _raise_first(download: Download, outcomes: Sequence[Outcome], stop: Stop) -> None:
    """Raise the failure that speaks for all.

    Raises:
        YardError: The first failure; one among many says how many.
    """
    errors = [one.error for one in outcomes if one.error] + [one.error for one in download.refused]
    if not errors:
        return
    if stop.is_set():
        raise Stopped(stop.reason)
    first = next((error for error in errors if not error.retryable), errors[0])
    count = len(outcomes) + len(download.refused)
    if count == 1:
        raise first
    message = f"{len(errors)} of {count} files failed; {first.message}"
    raise type(first)(message, hint=first.hint, link=first.link, **first.facts)
