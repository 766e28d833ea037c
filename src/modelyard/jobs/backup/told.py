"""What of a data folder's files is written down: roots, settings, profiles, periodic downloads.

Hooks are not: one may be a command, and no file shall be able to make this machine run one.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from modelyard.hubs.web.addresses import NAME as WEB
from modelyard.jobs.backup.form import PeriodicRecord
from modelyard.jobs.backup.holdings import Holdings, masked
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
    """Periodic downloads whose addresses hold no secret: of a link on the web, what follows `?` may be one."""
    for entry in entries(held.queue):
        told = {name: value for name, value in entry.draft.payload.items() if name != "_wanted"}
        address = str(told.get("_address", ""))
        signed = "?" in address and entry.draft.hub == WEB
        if entry.draft.kind != KIND or signed or masked(held.redactor, told) != told:
            left.append(f"the periodic download {entry.name}")
            continue
        options = msgspec.convert(told, Options)
        yield PeriodicRecord(name=entry.name, cron=entry.cron, options=options, priority=entry.draft.priority)


def kept_apart(held: Holdings) -> Iterator[str]:
    """What is never written down: hooks, and who vouches for hubs of the local network. Keys are nobody's business."""
    yield from (f"the hook {hook.name}" for hook in held.hooks.list())
    yield from (f"the hub {origin} of the local network" for origin in held.lan_hubs.list())
