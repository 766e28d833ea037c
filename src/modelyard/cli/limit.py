"""`modelyard limit`: speed limits, changed while everything runs."""

from __future__ import annotations

import click

from modelyard.cli.options import json_option
from modelyard.cli.yard import reached


@click.command()
@click.argument("rate", required=False)
@click.option("--hub", metavar="NAME", help="Only this hub.")
@click.option("--task", type=int, metavar="ID", help="Only this task.")
@json_option
def command(rate: str | None, hub: str | None, task: int | None, as_json: bool) -> None:
    """Show the speed limits, or set one: RATE is like 20MB/s, or off."""
    with reached(as_json=as_json) as (yard, teller):
        if rate is not None and task is not None:
            told = yard("PATCH", f"/tasks/{task}", {"limit": "" if rate == "off" else rate})
            teller.data(told)
            teller.result(f"Task {task}: {rate}")
            return
        if rate is not None:
            told = yard("PUT", "/limits", {"limits": {hub or "total": rate}})
        else:
            told = yard("GET", "/limits")
        teller.data(told)
        for name, value in told["limits"].items():
            if hub in (None, name):
                teller.result(f"{name:14} {value or 'off'}")
