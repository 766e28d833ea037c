"""What only this machine knows, written down and taken back."""

from __future__ import annotations

import time

from modelyard.errors import BadValue, DiskFailed, DiskFull, UnsafePath
from modelyard.jobs.backup.form import LARGEST, read_backup
from modelyard.jobs.backup.restoring import Restored, restore
from modelyard.jobs.backup.writing import backup_json
from modelyard.server.messages import JSON, Answer
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Routes
from modelyard.server.spool import spooled

routes = Routes(tag="backup")

_FILE = "application/octet-stream"


class RestoreQuery(Ask, frozen=True):
    """How it is taken back.

    Attributes:
        replace: Where both have words, a setting or a profile, the backup's stand; else those that are here do.
        dry_run: Change nothing, say what would be.
    """

    replace: bool = False
    dry_run: bool = False


@routes.get("/backup", role=Role.ADMIN, slow=True, media_type=_FILE, gives=bytes, raises=(DiskFailed, DiskFull))
def write_backup(here: Here) -> Answer:
    """Write down what no disk and no hub would tell again: owners' words, uses, hashes, roots, settings. No key."""
    headers = {"Content-Disposition": time.strftime('attachment; filename="modelyard-%Y-%m-%d.json"')}
    return Answer(file=spooled(backup_json(here.app.holdings()), here.app.folder), headers=headers, media_type=_FILE)


@routes.post(
    "/backup/restore",
    role=Role.ADMIN,
    slow=True,
    most=LARGEST,
    takes=(JSON, _FILE),
    raises=(BadValue, UnsafePath),
    example={"modelyard_backup": 1, "made": "2026-11-21T09:00:00Z", "settings": {"tasks.at-once": "6"}, "models": []},
)
def restore_backup(here: Here, query: RestoreQuery, body: bytes) -> Restored:
    """Take a backup back: gaps are filled, nothing is lost, twice is the same as once. Models not here are told."""
    told = restore(here.app.holdings(), read_backup(body), instead=query.replace, dry_run=query.dry_run)
    if not query.dry_run:
        for name in told.settings:
            here.app.events.publish("settings.changed", {"name": name})
        if told.roots and here.service.url:  # a command line without a service scans when it is told to
            here.app.caretaker.roots_changed()
    return told
