"""Taking back what of a backup is no model: roots, settings, profiles, what is periodic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from modelyard.errors import BadValue, YardError
from modelyard.jobs.addressing import forget
from modelyard.jobs.backup.form import Backup, PeriodicRecord
from modelyard.jobs.backup.holdings import Holdings
from modelyard.jobs.household import PERIODIC
from modelyard.jobs.profiles import check
from modelyard.jobs.queued import draft
from modelyard.settings import Settings, Value, setting
from modelyard.tasks.periodic import entries, keep
from modelyard.tasks.task import Draft
from modelyard.tasks.timetable import check_cron


@dataclass
class Settled:
    """What became of it.

    Attributes:
        left: What was not taken over, and why.
    """

    roots: list[str] = field(default_factory=list)
    settings: list[str] = field(default_factory=list)
    profiles: list[str] = field(default_factory=list)
    schedule: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


class _Step(msgspec.Struct, frozen=True):
    """One thing to take over: what tries it without a trace, and what does it; both may raise `YardError`."""

    name: str
    tried: Callable[[], object]
    done: Callable[[], object]


def settle(held: Holdings, backup: Backup, *, instead: bool, dry_run: bool) -> Settled:
    """Take over what is lacking here; what cannot be taken is told. Each is written whole or not at all.

    Args:
        instead: Where both have something, the backup's stands.
        dry_run: Say what would be done.
    """
    told = Settled()
    for names, steps in (
        (told.roots, _roots(held, backup, instead)),
        (told.settings, _settings(held, backup, instead)),
        (told.profiles, _profiles(held, backup, instead)),
        (told.schedule, _schedule(held, backup, instead)),
    ):
        _take(steps, names, told.left, dry_run)
    return told


def _take(steps: Iterable[_Step], names: list[str], left: list[str], dry_run: bool) -> None:
    for step in steps:
        try:
            step.tried()
            if not dry_run:
                step.done()
            names.append(step.name)
        except YardError as error:
            left.append(f"{step.name[:200]}: {error.message}")


def _roots(held: Holdings, backup: Backup, instead: bool) -> Iterator[_Step]:
    known = {entry.path: entry for entry in held.stock.entries.all()}
    for entry in backup.roots:
        if entry != known.get(entry.path) and (instead or entry.path not in known):
            yield _Step(entry.path, partial(_folder, entry.path), partial(held.stock.entries.keep, entry))


def _folder(path: str) -> None:
    if "\0" in path or not Path(path).is_dir():
        raise BadValue("There is no such folder here.")


def _settings(held: Holdings, backup: Backup, instead: bool) -> Iterator[_Step]:
    rows = {row.name: row for row in Settings(held.stock.folder, {}).describe()}
    for name, text in backup.settings.items():
        row = rows.get(name)
        if row is None or row.origin == "default" or (instead and not row.secret and _value(name, text) != row.value):
            yield _Step(name, partial(_value, name, text), partial(held.stock.yard.settings.set, name, text))


def _value(name: str, text: str) -> Value:
    row = setting(name)
    if row.secret:
        raise BadValue("It may hold a password and is set by hand.")
    return row.read(text)


def _profiles(held: Holdings, backup: Backup, instead: bool) -> Iterator[_Step]:
    known = held.profiles.list()
    for name, profile in backup.profiles.items():
        if profile != known.get(name) and (instead or name not in known):
            yield _Step(name, partial(check, name, profile), partial(held.profiles.keep, name, profile))


def _schedule(held: Holdings, backup: Backup, instead: bool) -> Iterator[_Step]:
    known = {entry.name: (entry.cron, entry.draft.payload, entry.draft.priority) for entry in entries(held.queue)}
    for record in backup.schedule:
        payload = record.said if record.options is None else record.options
        said = (record.cron, msgspec.json.decode(msgspec.json.encode(payload)), record.priority)
        if said != known.get(record.name) and (instead or record.name not in known):
            yield _Step(record.name, partial(_draft, held, record), partial(_periodic, held, record))


def _draft(held: Holdings, record: PeriodicRecord) -> Draft:
    check_cron(record.cron)
    if record.options is not None:
        options = msgspec.structs.replace(record.options, wanted={})
        made = draft(held.stock.yard, options.address, options, forget, record.priority)
        return msgspec.structs.replace(made, key=None)  # whatever else fetches it, this runs again
    if record.chore not in PERIODIC or record.said.get("ids"):
        raise BadValue("That is nothing that a backup may have done again and again.")
    chore = PERIODIC[record.chore]
    return chore.draft(chore.read(record.said), record.priority)


def _periodic(held: Holdings, record: PeriodicRecord) -> None:
    made = _draft(held, record)
    keep(held.queue, record.name, record.cron, made, made.key)
