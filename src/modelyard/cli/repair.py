"""`modelyard repair`: mend what `verify` finds."""

from __future__ import annotations

import click

from modelyard.cli import verify
from modelyard.cli.options import json_option


@click.command()
@click.argument("what", nargs=-1)
@click.option("--library", is_flag=True, help="All models of the library.")
@json_option
@click.pass_context
def command(ctx: click.Context, what: tuple[str, ...], library: bool, as_json: bool) -> int:
    """Read files and fetch what is damaged again, by the block; the same as `verify --repair WHAT`."""
    code: int = ctx.invoke(verify.command, what=what, library=library, days=0, sha256=None, mend=True, as_json=as_json)
    return code
