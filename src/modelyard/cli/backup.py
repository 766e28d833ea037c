"""`modelyard backup`: what only this machine knows, written into a file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from modelyard.app import App
from modelyard.cli.options import json_option, opened
from modelyard.cli.paths import put
from modelyard.cli.yard import asking
from modelyard.jobs.saving import BACKUP


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@json_option
def command(file: Path, as_json: bool) -> None:
    """Write to FILE (- is stdout) what no disk and no hub would tell again; `modelyard restore` takes it back.

    Your words on every model, uses, ignored versions, hashes, searches, roots, settings, profiles. No key, no model.
    """
    to_stdout = str(file) == "-"
    with opened(as_json=as_json and not to_stdout) as (app, teller), _pieces(app) as pieces:
        size = put(file, pieces, BACKUP)
        if to_stdout:
            return
        teller.data({"file": str(file), "size": size})
        teller.note(f"{size:,} bytes written to {file}. It holds no key: keep those apart.")


@contextlib.contextmanager
def _pieces(app: App) -> Iterator[Iterable[bytes]]:
    """The backup: from the service where one runs, which knows its database; else as it is read."""
    from modelyard.jobs.backup.writing import backup_json

    with asking(app) as yard:
        yield [yard("GET", "/backup")] if yard.lasts else backup_json(app.holdings())
