"""`modelyard scan`: look for new, changed and moved models below the roots."""

from __future__ import annotations

import click

from modelyard.cli.chores import do_chore
from modelyard.cli.options import json_option, opened
from modelyard.cli.paths import absolute

_SHOWN = 10


@click.command()
@click.argument("roots", nargs=-1, type=click.Path())
@click.option("--deep", is_flag=True, help="Read every file's head again, changed or not.")
@click.option("--gentle", is_flag=True, help="Rest as long as it works.")
@json_option
def command(roots: tuple[str, ...], deep: bool, gentle: bool, as_json: bool) -> int:
    """Look for new, changed and moved models in ROOTS, or in all. What is unchanged costs one look."""
    said = {"roots": [absolute(root).rstrip("/") for root in roots], "deep": deep, "gentle": gentle}
    with opened(as_json=as_json) as (app, teller):
        told = do_chore(app, teller, "scan", {name: value for name, value in said.items() if value})
        teller.data(told)
        words = ", ".join(f"{told[name]:,} {name}" for name in ("added", "changed", "moved", "gone") if told[name])
        teller.result(f"{told['seen']:,} models in {told['seconds']} s: {words or 'nothing new'}.")
        for what, models in told["models"].items():
            for one in models[:_SHOWN]:
                teller.note(
                    f"  {what:8} {one['path']}{' ← ' + one['before'] if 'before' in one else ''}  ({one['id']})"
                )
            if told[what] > _SHOWN:
                teller.note(f"  {what:8} … and {told[what] - _SHOWN:,} more")
        for problem in told["problems"]:
            teller.note(f"  [{problem['code']}] {problem['path']}: {problem['message']} {problem['hint']}")
        for failed in told["unreadable"][:20]:
            teller.note(f"  [unreadable] {failed['path']}: {failed['message']}")
        more = len(told["unreadable"]) - 20
        if more > 0:
            teller.note(f"  … and {more} more: `modelyard list --health damaged`.")
        if not told["seen"] and not told["problems"]:
            teller.note("No models. Register a folder: modelyard roots add PATH (or --comfy PATH).")
    return 0
