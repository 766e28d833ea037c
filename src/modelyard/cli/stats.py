"""`modelyard stats`: what was done, per day, hub and kind."""

from __future__ import annotations

from typing import Any

import click

from modelyard.cli.options import json_option
from modelyard.cli.yard import reached
from modelyard.values.sizes import show_size

_BAR = 30


@click.command()
@click.option("--since", metavar="DAY", default="0000-00-00", help="From this day, YYYY-MM-DD.")
@click.option("--until", metavar="DAY", default="9999-12-31", help="To this day.")
@click.option("--by", type=click.Choice(["day", "month", "year"]), default="day", help="A line for each.")
@json_option
def command(since: str, until: str, by: str, as_json: bool) -> None:
    """Show counts, bytes and mean speed per day, hub and kind."""
    with reached(as_json=as_json) as (yard, teller):
        told = yard("GET", f"/statistics?since={since}&until={until}&by={by}")
        teller.data(told)
        most = max((day["bytes"] for day in told["days"]), default=0)
        for day in told["days"]:
            teller.result(_row(day, most))
        speed = f", {show_size(round(told['speed']))}/s on average" if told["speed"] else ""
        teller.result(
            f"{told['done']} done, {told['failed']} failed, {told['cancelled']} cancelled; "
            f"{show_size(told['bytes'])}{speed}"
        )


def _row(day: dict[str, Any], most: int) -> str:
    bar = "█" * round(_BAR * day["bytes"] / most) if most else ""
    counts = f"{day['done']} done" + (f", {day['failed']} failed" if day["failed"] else "")
    speed = f"{show_size(round(day['bytes'] / day['seconds']))}/s" if day["bytes"] and day["seconds"] else ""
    amount = f"{show_size(day['bytes']):>10} {speed:>12}"
    return f"{day['day']:10}  {day['hub']:12} {day['kind']:10} {amount}  {counts:20} {bar}".rstrip()
