"""`modelyard schedule`: downloads that come again and again."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import click

from modelyard.cli.options import json_option
from modelyard.cli.paths import absolute
from modelyard.cli.yard import reached


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Show or change what the service fetches again and again, such as a model that is updated."""
    if ctx.invoked_subcommand is not None:
        return
    with reached(as_json=as_json) as (yard, teller):
        found = yard("GET", "/schedule")
        for one in found:
            teller.data(one)
            teller.result(_line(one))
        if not found:
            teller.note("Nothing. Add something: modelyard schedule add NAME '30 4 * * sun' ADDRESS")


@command.command()
@click.argument("name")
@click.argument("cron")
@click.argument("address")
@click.option("--to", default="./", metavar="PATH", help="A folder, or a file for one file.")
def add(name: str, cron: str, address: str, to: str) -> None:
    """Fetch ADDRESS whenever CRON comes: minute, hour, day, month, weekday, on this machine's clock."""
    with reached() as (yard, teller):
        item = {"address": address, "to": absolute(to), "replace": True}
        told = yard("PUT", f"/schedule/{quote(name, safe='')}", {"cron": cron, "item": item})
        teller.result(_line(told))


@command.command()
@click.argument("name")
def remove(name: str) -> None:
    """Fetch NAME no more; what arrived stays."""
    with reached() as (yard, _):
        yard("DELETE", f"/schedule/{quote(name, safe='')}")


def _line(one: dict[str, Any]) -> str:
    coming = time.strftime("%Y-%m-%d %H:%M", time.localtime(one["next"])) if one["next"] else "never"
    return f"{one['name']:20} {one['cron']:16} next {coming}  {one['address']}"
