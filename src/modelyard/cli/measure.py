"""`modelyard measure`: hashes of models that have none yet."""

from __future__ import annotations

import click

from modelyard.cli.chores import do_chore
from modelyard.cli.options import json_option, opened
from modelyard.values.sizes import show_size


@click.command()
@click.option("--gentle", is_flag=True, help="Rest while downloads run.")
@json_option
def command(gentle: bool, as_json: bool) -> None:
    """Measure the hashes of all models that have none; a service does it by itself, slower while downloads run."""
    with opened(as_json=as_json) as (app, teller):
        told = do_chore(app, teller, "measure", {"gentle": True} if gentle else {})
        teller.data(told)
        teller.result(f"{told['measured']} files measured, {show_size(told['bytes'])} read.")
        for one in told["failed"]:
            teller.note(f"  {one['path']}: {one['message']}")
