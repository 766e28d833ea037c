"""`modelyard stop`: ends the running service; what it was doing goes on at its next start."""

from __future__ import annotations

import os
import signal
import time

import click

from modelyard.errors import Busy
from modelyard.settings import data_folder

_PATIENCE = 15.0


@click.command()
def command() -> None:
    """End the running service. Downloads keep their bytes and go on when it is started again."""
    from modelyard.server.folder import read_note
    from modelyard.store.folder_lock import held_by

    folder = data_folder(os.environ)
    note = read_note(folder)
    if note is None or held_by(folder) != note.pid:  # a stale note names a process that is somebody else's by now
        click.echo("No service runs.", err=True)
        return
    os.kill(note.pid, signal.SIGTERM)
    until = time.monotonic() + _PATIENCE
    while held_by(folder) == note.pid:
        if time.monotonic() > until:
            raise Busy(
                f"The service (process {note.pid}) does not end.", hint=f"`kill -9 {note.pid}` loses nothing either."
            )
        time.sleep(0.05)
    click.echo("Stopped. Downloads go on when it is started again.")
