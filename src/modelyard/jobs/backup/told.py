"""What of a data folder's files is written down: roots, settings, profiles, what is periodic.

Hooks are not: one may be a command, and no file shall be able to make this machine run one.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from modelyard.hubs.web.addresses import NAME as WEB
from modelyard.jobs.backup.form import PeriodicRecord
from modelyard.jobs.backup.holdings import Holdings, masked
from modelyard.jobs.household import PERIODIC
from modelyard.jobs.profiles import Profile
from modelyard.jobs.queued import KIND, Options
from modelyard.settings import Settings
from modelyard.tasks.periodic import entries


def changed_settings(held: Holdings, left: list[str]) -> dict[str, str]:
    """What the file of settings says, as text; what may hold a password is named in `left`."""
    found = {}
    for row in Settings(held.stock.folder, {}).describe():
        if row.origin != "file" or row.value is None:
            continue
        text = str(row.value).lower() if isinstance(row.value, bool) else str(row.value)
        if row.secret or masked(held.redactor, text) != text:
            left.append(f"the setting {row.name}")
        else:
            found[row.name] = text
    return found


def plain_profiles(held: Holdings, left: list[str]) -> dict[str, Profile]:
    """Profiles in which no key stands."""
    found = {}
    for name, profile in held.profiles.list().items():
        told = msgspec.to_builtins(profile)
        if masked(held.redactor, told) == told:
            found[name] = profile
        else:
            left.append(f"the profile {name}")
    return found


def plain_schedule(held: Holdings, left: list[str]) -> Iterator[PeriodicRecord]:
    """What is periodic and holds no secret: of a link on the web, what follows `?` may be one.

    Chores that name models by their numbers are left out: these mean others in another database.
    """
    for entry in entries(held.queue):
        task = entry.draft
        told = {name: value for name, value in task.payload.items() if name != "_wanted"}
        signed = "?" in str(told.get("_address", "")) and task.hub == WEB
        known = task.kind == KIND or (task.kind in PERIODIC and not told.get("ids"))
        if not known or signed or masked(held.redactor, told) != told:
            left.append(f"the periodic task {entry.name}")
        elif task.kind == KIND:
            options = msgspec.convert(told, Options)
            yield PeriodicRecord(name=entry.name, cron=entry.cron, options=options, priority=task.priority)
        else:
            yield PeriodicRecord(name=entry.name, cron=entry.cron, chore=task.kind, said=told, priority=task.priority)


def kept_apart(held: Holdings) -> Iterator[str]:
    """What is never written down: hooks, and who vouches for hubs of the local network. Keys are nobody's business."""
    yield from (f"the hook {hook.name}" for hook in held.hooks.list())
    yield from (f"the hub {origin} of the local network" for origin in held.lan_hubs.list())
