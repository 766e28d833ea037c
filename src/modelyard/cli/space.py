"""`modelyard space`: what takes the room, and what could go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from modelyard.cli.options import json_option
from modelyard.cli.yard import Yard, reached
from modelyard.values.sizes import show_size

_MOST = 8


@click.command()
@click.option("--days", type=click.IntRange(0), default=180, show_default=True, help="Unused for so long counts.")
@click.option("--proposals", "proposed", is_flag=True, help="What could be done with unused models, and why.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="With --proposals: how many.")
@json_option
def command(days: int, proposed: bool, limit: int, as_json: bool) -> None:
    """Say what takes the room: by kind, folder, root, program, hub, family; duplicates, trash, drives, unused ones."""
    with reached(as_json=as_json) as (yard, teller):
        if proposed:
            for one in _proposals(yard, days, limit):
                teller.data(one)
                teller.result(
                    f"{one['action']:8} {show_size(one['size']):>9}  {one['title']} ({one['id']}): {one['words']}"
                )
            teller.note("Nothing is done by itself: modelyard trash MODEL, modelyard move MODEL --root PATH.")
            return
        told = yard("GET", f"/space?days={days}")
        teller.data(told)
        teller.result("\n".join(_lines(told)))


def _proposals(yard: Yard, days: int, limit: int) -> Iterator[dict[str, Any]]:
    after = ""
    while limit > 0:
        page = yard("GET", f"/models/proposals?days={days}&limit={min(limit, 1000)}&after={after}")
        yield from page["proposals"]
        limit -= len(page["proposals"])
        after = page["next"]
        if not after:
            return


def _lines(told: dict[str, Any]) -> Iterator[str]:
    yield f"{told['models']:,} models, {show_size(told['size'])}"
    for name in ("kind", "folder", "root", "program", "hub", "family"):
        yield f"by {name}"
        for part in told[name][:_MOST]:
            yield f"  {show_size(part['size']):>9} {part['models']:7,}  {part['name'] or '(none)'}"
        if len(told[name]) > _MOST:
            yield f"  … and {len(told[name]) - _MOST} more"
    yield "drives"
    for drive in told["drives"]:
        yield f"  {show_size(drive['free']):>9} free of {show_size(drive['total'])}  {drive['path']}"
    yield f"duplicates  {show_size(told['duplicates'])}  modelyard dedupe --dry-run"
    yield f"trash       {show_size(told['trash'])}  modelyard trash"
    unused, days = told["unused"], told["unused_days"]
    guess = "" if told["uses_known"] else " (no use is known yet)"
    yield f"unused      {show_size(unused['size'])} in {unused['models']:,} models for {days} days{guess}"
