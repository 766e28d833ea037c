"""`modelyard history`: what has ended: search, favourites, again, export."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from modelyard.cli.options import json_option
from modelyard.cli.paths import put
from modelyard.cli.shown import ended
from modelyard.cli.yard import reached
from modelyard.jobs.saving import HISTORY

ids_argument = click.argument("ids", nargs=-1, required=True, type=click.IntRange(1, 2**53 - 1))


@click.group(invoke_without_command=True)
@click.option("--text", default="", metavar="WORDS", help="Only what contains these words.")
@click.option("--state", multiple=True, type=click.Choice(["done", "failed", "cancelled"]), help="Only these.")
@click.option("--favourites", is_flag=True, help="Only favourites.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many.")
@json_option
@click.pass_context
def command(ctx: click.Context, text: str, state: tuple[str, ...], favourites: bool, limit: int, as_json: bool) -> None:
    """Show what has ended, the latest first, or use it again."""
    if ctx.invoked_subcommand is not None:
        return
    query: dict[str, Any] = {"text": text, "state": state, "limit": limit}
    with reached(as_json=as_json) as (yard, teller):
        page = yard("GET", f"/history?{urlencode(query | ({'favourite': 'true'} if favourites else {}), doseq=True)}")
        for task in page["tasks"]:
            teller.data(task)
            teller.result(ended(task))
        if page["next"]:
            teller.note("There is more: raise --limit.")
        elif not page["tasks"]:
            teller.note("Nothing has ended yet.")


@command.command()
@ids_argument
def again(ids: tuple[int, ...]) -> None:
    """Queue ended tasks again, with the same options."""
    with reached() as (yard, teller):
        for number in yard("POST", "/history/again", {"ids": ids})["ids"]:
            teller.result(f"Queued as {number}.")


@command.command()
@ids_argument
@click.option("--off", is_flag=True, help="No favourite any more.")
def favourite(ids: tuple[int, ...], off: bool) -> None:
    """Mark tasks as favourites; they are never forgotten by age."""
    with reached() as (yard, _):
        for number in ids:
            yard("PATCH", f"/tasks/{number}", {"favourite": not off})


@command.command()
@ids_argument
def forget(ids: tuple[int, ...]) -> None:
    """Remove ended tasks from the history for good; files and statistics stay."""
    with reached() as (yard, _):
        yard("POST", "/history/forget", {"ids": ids})


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--format", "kind", type=click.Choice(["csv", "json"]), help="Default: by the name of FILE, else csv.")
def export(file: Path, kind: str | None) -> None:
    """Write the whole history to FILE (- is stdout) as CSV or JSON; only an older one goes for it."""
    import msgspec

    kind = kind or ("json" if file.suffix == ".json" else "csv")
    with reached() as (yard, teller):
        told = yard("GET", f"/history/export?format={kind}")
        data = told if isinstance(told, bytes) else msgspec.json.format(msgspec.json.encode(told))
        put(file, [data], HISTORY)
        teller.note(f"Written to {file}.")
