"""`modelyard sync`: is everything of a lockfile here; fetch what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from modelyard.cli.options import json_option
from modelyard.cli.yard import reached
from modelyard.jobs.lockfile import read_lock
from modelyard.values.sizes import show_size

_INCOMPLETE = 3


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option(
    "--check/--apply", "look", default=True, help="Only compare; or queue what is missing: a service fetches it."
)
@json_option
def command(file: Path, look: bool, as_json: bool) -> int:
    """Compare FILE, a lockfile of `modelyard export`, with what is here. Exit code 0 says that everything is."""
    import msgspec

    with click.open_file(str(file), "rb") as opened_file:
        lock = read_lock(opened_file.read())
    with reached(as_json=as_json) as (yard, teller):
        told = yard("POST", f"/lockfile/{'check' if look else 'apply'}", msgspec.to_builtins(lock))
        teller.data(told)
        for one in told["files"]:
            if one["state"] != "here":
                teller.result(_line(one))
        counts: dict[str, int] = {}
        for one in told["files"]:
            counts[one["state"]] = counts.get(one["state"], 0) + 1
        teller.note(", ".join(f"{number} {state}" for state, number in counts.items()) or "The lockfile is empty.")
        if counts.get("unmeasured"):
            teller.note("Whether unmeasured files have the right bytes is seen after `modelyard measure`.")
        if told["ids"]:
            teller.note(f"{len(told['ids'])} downloads queued. Watch with `modelyard top`.")
            if not yard.lasts:
                teller.note("They begin when a service runs: `modelyard serve`.")
        for one in [] if look else told["left"]:
            where = "no hub has it" if one.get("target") else f"no root for {one['folder'] or 'mixed models'}"
            where = one.get("reason") or where
            if one["state"] == "elsewhere":
                where = f"move or link {one['path']}"
            teller.note(f"  left: {one['place']} ({one['state']}; {where})")
    return 0 if told["complete"] else _INCOMPLETE


def _line(one: dict[str, Any]) -> str:
    where = f"{one['folder'] or 'mixed'}/{one['place']}"
    return f"{one['state']:11} {show_size(one['size']):>9}  {where}  {one.get('path', '')}"
