"""`modelyard rename`: give a model another name."""

from __future__ import annotations

import click

from modelyard.cli.chosen import found
from modelyard.cli.foreseen import dry_run_option, foreseen
from modelyard.cli.options import json_option
from modelyard.cli.yard import reached


@click.command()
@click.argument("model")
@click.argument("name")
@dry_run_option
@json_option
def command(model: str, name: str, dry_run: bool, as_json: bool) -> int:
    """Rename MODEL, a number of `modelyard list` or a file, to NAME, with its sidecars. Its ending stays."""
    with reached(as_json=as_json) as (yard, teller):
        number = found(yard, model)["model"]["id"]
        if dry_run:
            return foreseen(teller, yard("POST", f"/models/{number}/rename/dry-run", {"name": name})["results"])
        told = yard("POST", f"/models/{number}/rename", {"name": name})
        teller.data(told)
        teller.result(told["model"]["path"])
        return 0
