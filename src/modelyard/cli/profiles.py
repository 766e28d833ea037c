"""`modelyard profiles`: named sets of options for downloads."""

from __future__ import annotations

from urllib.parse import quote

import click

from modelyard.cli.options import json_option
from modelyard.cli.paths import absolute
from modelyard.cli.yard import reached


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Show or change named sets of options; use one with `get --detach --profile NAME`."""
    if ctx.invoked_subcommand is not None:
        return
    with reached(as_json=as_json) as (yard, teller):
        found = yard("GET", "/profiles")
        teller.data(found)
        for name, options in found.items():
            said = ", ".join(f"{key}: {value}" for key, value in options.items())
            teller.result(f"{name:20} {said}")
        if not found:
            teller.note("No profiles. Make one: modelyard profiles set loras --to models/loras/ --limit 20MB/s")


@command.command(name="set")
@click.argument("name")
@click.option("--to", metavar="PATH", help="A folder.")
@click.option("--priority", type=click.Choice(["low", "normal", "high"]), default="normal")
@click.option("--include", multiple=True, metavar="GLOB", help="Only files that match.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="No files that match.")
@click.option("--with-companions", is_flag=True, help="Also what belongs with them.")
@click.option("--unpack", is_flag=True, help="Unpack archives as they arrive.")
@click.option("--limit", metavar="RATE", default="", help="Speed limit, like 50MB/s.")
@click.option("--hook", "hooks", multiple=True, metavar="NAME", help="A hook that runs for these tasks.")
def set_(
    name: str,
    to: str | None,
    priority: str,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    with_companions: bool,
    unpack: bool,
    limit: str,
    hooks: tuple[str, ...],
) -> None:
    """Make or replace the profile NAME."""
    body = {
        "to": absolute(to) if to else "",
        "priority": priority,
        "include": include,
        "exclude": exclude,
        "companions": with_companions,
        "unpack": unpack,
        "limit": limit,
        "hooks": hooks,
    }
    with reached() as (yard, _):
        yard("PUT", f"/profiles/{quote(name, safe='')}", body)


@command.command()
@click.argument("name")
def remove(name: str) -> None:
    """Forget the profile NAME; tasks that were added with it keep their options."""
    with reached() as (yard, _):
        yard("DELETE", f"/profiles/{quote(name, safe='')}")
