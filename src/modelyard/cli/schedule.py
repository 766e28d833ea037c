"""`modelyard schedule`: downloads and work on the library that come again and again."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import click

from modelyard.cli.options import json_option
from modelyard.cli.paths import absolute
from modelyard.cli.yard import reached
from modelyard.errors import UsageError

_COUNTED = ("refresh", "verify")
_GENTLE = ("scan", "verify")


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Show or change what the service does again and again: fetch a model that is updated, scan, refresh, verify."""
    if ctx.invoked_subcommand is not None:
        return
    with reached(as_json=as_json) as (yard, teller):
        found = yard("GET", "/schedule")
        for one in found:
            teller.data(one)
            teller.result(_line(one))
        if not found:
            teller.note("Nothing. Add something: modelyard schedule add NAME '30 4 * * sun' ADDRESS (or --scan)")


@command.command()
@click.argument("name")
@click.argument("cron")
@click.argument("address", default="")
@click.option("--to", default="./", metavar="PATH", help="A folder, or a file for one file.")
@click.option("--scan", "work", flag_value="scan", help="Instead of a download: look for new and changed models.")
@click.option("--refresh", "work", flag_value="refresh", help="… ask hubs about models that lack something.")
@click.option("--verify", "work", flag_value="verify", help="… read models whole, the longest unseen first.")
@click.option("--versions", "work", flag_value="versions", help="… ask for newer versions.")
@click.option("--most", type=click.IntRange(1), help="With --refresh and --verify: at most so many models each time.")
def add(name: str, cron: str, address: str, to: str, work: str | None, most: int | None) -> None:
    """Fetch ADDRESS whenever CRON comes: minute, hour, day, month, weekday, on this machine's clock."""
    if bool(address) == bool(work):
        raise UsageError(
            "What shall be done?", hint="Name an address, or one of --scan, --refresh, --verify, --versions."
        )
    if most and work not in _COUNTED:
        raise UsageError("--most is for --refresh and --verify.")
    with reached() as (yard, teller):
        said = {work: _options(work, most)} if work else {"item": _item(address, to)}
        teller.result(_line(yard("PUT", f"/schedule/{quote(name, safe='')}", {"cron": cron, **said})))


def _item(address: str, to: str) -> dict[str, Any]:
    return {"address": address, "to": absolute(to), "replace": True}


def _options(work: str, most: int | None) -> dict[str, Any]:
    """What the service does unasked keeps nobody waiting."""
    gentle = {"gentle": True} if work in _GENTLE else {}
    return gentle | ({"most": most} if most else {})


@command.command()
@click.argument("name")
def remove(name: str) -> None:
    """Do NAME no more; what arrived stays."""
    with reached() as (yard, _):
        yard("DELETE", f"/schedule/{quote(name, safe='')}")


def _line(one: dict[str, Any]) -> str:
    coming = time.strftime("%Y-%m-%d %H:%M", time.localtime(one["next"])) if one["next"] else "never"
    return f"{one['name']:20} {one['cron']:16} next {coming}  {one['address'] or one['kind']}"
