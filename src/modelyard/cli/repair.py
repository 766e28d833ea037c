"""`modelyard repair`: mend what `verify` finds."""

from __future__ import annotations

from pathlib import Path

import click

from modelyard.cli import verify
from modelyard.cli.options import json_option


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--library", is_flag=True, help="All models of the library.")
@json_option
@click.pass_context
def command(ctx: click.Context, paths: tuple[Path, ...], library: bool, as_json: bool) -> int:
    """Read files and fetch what is damaged again, by the block; the same as `verify --repair`."""
    code: int = ctx.invoke(
        verify.command, paths=paths, library=library, days=0, sha256=None, mend=True, as_json=as_json
    )
    return code
