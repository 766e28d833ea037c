"""`modelyard refresh`: hubs are asked what they know of models."""

from __future__ import annotations

from typing import Any

import click

from modelyard.cli.chores import do_chore
from modelyard.cli.chosen import found
from modelyard.cli.options import json_option, opened
from modelyard.cli.yard import reached


@click.command()
@click.argument("models", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Models of which everything is known, too.")
@click.option("--force", is_flag=True, help="Models that were asked about within a day, too.")
@click.option("--most", type=click.IntRange(1), help="At most so many; those used most come first.")
@json_option
def command(models: tuple[str, ...], every: bool, force: bool, most: int | None, as_json: bool) -> None:
    """Ask hubs about MODELS (numbers of `modelyard list`, or files), or about all that lack something.

    By hash in bulk, then where they come from. What is known is never wiped, and your own words win.
    """
    said: dict[str, Any] = {"every": every, "force": force, "most": most}
    if models:
        with reached(as_json=as_json) as (yard, _):
            said["ids"] = [found(yard, text)["model"]["id"] for text in models]
    with opened(as_json=as_json) as (app, teller):
        told = do_chore(
            app, teller, "refresh", {name: value for name, value in said.items() if value}, "/models/refresh"
        )
        teller.data(told)
        words = ", ".join(f"{told[name]:,} {name}" for name in ("found", "unknown", "deleted", "waiting") if told[name])
        teller.result(f"{told['asked']:,} models asked about: {words or 'nothing new'}; {told['pictures']} previews.")
        teller.note(
            f"Complete: {told['before'].get('complete', 0):,} before, {told['after'].get('complete', 0):,} now."
        )
        if told["unmeasured"]:
            teller.note(f"{told['unmeasured']:,} have no hash yet: `modelyard measure`.")
        if told["skipped"]:
            teller.note(f"{told['skipped']:,} were asked about within a day: --force asks again.")
        for one in told["failed"][:20]:
            teller.note(f"  {one['path']}: {one['message']}")
        for one in told["resting"]:
            teller.note(f"  {one['hub']} was left alone: {one['message']}")
