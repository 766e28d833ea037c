"""`modelyard backup`: what only this machine knows, written into a file."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from modelyard.app import App
from modelyard.cli.options import json_option, opened
from modelyard.cli.yard import asking
from modelyard.errors import TargetExists
from modelyard.store.disk_gate import disk_errors
from modelyard.store.opened import Opened, pinned

_BEGIN = b'{"modelyard_backup":'


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@json_option
def command(file: Path, as_json: bool) -> None:
    """Write to FILE (- is stdout) what no disk and no hub would tell again; `modelyard restore` takes it back.

    Your words on every model, uses, ignored versions, hashes, searches, roots, settings, profiles. No key, no model.
    """
    to_stdout = str(file) == "-"
    with opened(as_json=as_json and not to_stdout) as (app, teller), _pieces(app) as pieces:
        if to_stdout:
            sys.stdout.buffer.writelines(pieces)
            return
        size = _put(file.absolute(), pieces)
        teller.data({"file": str(file), "size": size})
        teller.note(f"{size:,} bytes written to {file}. It holds no key: keep those apart.")


@contextlib.contextmanager
def _pieces(app: App) -> Iterator[Iterable[bytes]]:
    """The backup: from the service where one runs, which knows its database; else as it is read."""
    from modelyard.jobs.backup.writing import backup_json
    from modelyard.server.api.backup import holdings

    with asking(app) as yard:
        yield [yard("GET", "/backup")] if yard.lasts else backup_json(holdings(app))


def _put(path: Path, pieces: Iterable[bytes]) -> int:
    """Write a file that only its owner may read, whole or not at all; gives its bytes.

    Raises:
        TargetExists: Something that is no backup stands there.
        DiskError: The disk says no; what stood there stays.
    """
    name = f".modelyard-{uuid.uuid4().hex[:12]}.tmp"
    with disk_errors(path), pinned(path.parent) as folder:
        _check(folder, path)
        try:
            descriptor = folder.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as out:
                out.writelines(pieces)
                size = out.tell()
                out.flush()
                os.fsync(descriptor)
            _check(folder, path)
            folder.replace(name, path.name)
            folder.sync()
        finally:
            with contextlib.suppress(OSError):
                folder.unlink(name)
    return size


def _check(folder: Opened, path: Path) -> None:
    """Only an older backup may go for a newer one.

    Raises:
        TargetExists: Something else stands there.
    """
    there = folder.stat(path.name)
    if there is None:
        return
    plain = stat.S_ISREG(there.st_mode)
    if plain:
        with os.fdopen(folder.open(path.name), "rb") as found:
            plain = found.read(len(_BEGIN)) == _BEGIN
    if not plain:
        raise TargetExists(f"{path} is there already, and is no backup.", hint="Choose another name.")
