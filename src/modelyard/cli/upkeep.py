"""`modelyard upkeep`: what could be better in the library, and a round that betters it."""

from __future__ import annotations

import click

from modelyard.cli.chores import do_chore
from modelyard.cli.options import json_option, opened
from modelyard.cli.yard import reached


@click.command()
@click.option("--run", is_flag=True, help="Ask hubs about what lacks something, the models used most first.")
@click.option("--most", type=click.IntRange(1, 100_000), help="With --run: at most so many models.")
@json_option
def command(run: bool, most: int | None, as_json: bool) -> None:
    """Say what could be better in the library, and how; a service does a round a day by itself.

    A round sends SHA-256 hashes of measured models to CivitAI, and asks CivitAI, Hugging Face and ModelScope about
    models that a sidecar, a header or a download says came from there. No file and no file name is sent. The setting
    library.upkeep is the hours between two rounds; 0 turns them off: modelyard config set library.upkeep 0
    """
    if run:
        with opened(as_json=as_json) as (app, teller):
            told = do_chore(app, teller, "upkeep", {"most": most} if most else {})
            teller.data(told)
            done = told["refreshed"]
            teller.result(f"{done['asked']:,} models asked about, {done.get('found', 0):,} found.")
            for one in told["advice"]:
                teller.note(f"  {one['message']}")
            if "notice" in told:
                teller.note(told["notice"])
        return
    with reached(as_json=as_json) as (yard, teller):
        advice = yard("GET", "/maintenance")
        for one in advice:
            teller.data(one)
            teller.result(f"{one['message']}  {one['command']}")
        if not advice:
            teller.note("Nothing is missing.")
