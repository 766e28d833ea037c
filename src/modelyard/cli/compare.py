"""`modelyard compare`: two models side by side."""

from __future__ import annotations

import click

from modelyard.cli.chosen import found
from modelyard.cli.options import json_option
from modelyard.cli.yard import reached


@click.command()
@click.argument("first")
@click.argument("second")
@json_option
def command(first: str, second: str, as_json: bool) -> None:
    """Compare FIRST and SECOND, numbers of `modelyard list` or files: facts, metadata, tensors."""
    with reached(as_json=as_json) as (yard, teller):
        one, two = (found(yard, text)["model"]["id"] for text in (first, second))
        told = yard("GET", f"/compare?first={one}&second={two}")
        teller.data(told)
        words = {True: "the same", False: "different", None: "not measured"}
        teller.result(f"bytes {words[told['same_bytes']]}, tensors {words[told['same_tensors']]}")
        teller.result(f"{told['tensors_alike']} tensors alike, {told['tensors_differ']} differ")
        for name in ("facts", "metadata", "tensors"):
            for each in told[name][:20]:
                teller.result(f"  {name:9} {each['name']}: {each['first']} | {each['second']}")
