"""`modelyard hash`: measure the hashes of files."""

from __future__ import annotations

from pathlib import Path

import click

from modelyard.cli.options import json_option, opened
from modelyard.errors import YardError
from modelyard.jobs.measure import ALL, measure


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
def command(paths: tuple[Path, ...], as_json: bool) -> int:
    """Measure every hash that a hub may know the files by: SHA-256, BLAKE3, CRC32, AutoV1-3."""
    code = 0
    with opened(as_json=as_json) as (app, teller):
        for path in paths:
            try:
                measured = measure(path, app.stop, ALL)
            except YardError as error:
                teller.error(error)
                code = code or error.exit_code
                continue
            digests = {name: value for name, value in measured.digests.items() if value}
            teller.data({"path": str(path), "size": measured.stamp.size, **digests})
            for name, value in digests.items():
                teller.result(f"{value}  {name:13}  {path}")
    return code
