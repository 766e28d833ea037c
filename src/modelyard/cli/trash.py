"""`modelyard trash`: remove models to the trash, put them back, empty it."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

from modelyard.cli.chosen import found, shown
from modelyard.cli.foreseen import dry_run_option, foreseen
from modelyard.cli.options import json_option
from modelyard.cli.telling import Teller
from modelyard.cli.yard import Yard, reached
from modelyard.errors import BadValue
from modelyard.values.sizes import show_size


class _Models(click.Group):
    """A group whose words are models when they name no command of it."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """The command that is named, else the one that removes models."""
        if args and args[0] not in self.commands:
            args = ["put", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_Models, invoke_without_command=True, subcommand_metavar="[MODEL]... | undo | empty")
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Move MODELs to the trash of their root, each a number of `modelyard list` or a file; without any, list it."""
    ctx.obj = as_json
    if ctx.invoked_subcommand is not None:
        return
    with reached(as_json=as_json) as (yard, teller):
        told = yard("GET", "/trash")
        teller.data(told)
        _list(teller, told)


@command.command(hidden=True)
@click.argument("models", nargs=-1, required=True)
@dry_run_option
@json_option
@click.pass_context
def put(ctx: click.Context, models: tuple[str, ...], dry_run: bool, as_json: bool) -> int:
    """Move MODELS to the trash."""
    with reached(as_json=as_json or ctx.obj) as (yard, teller):
        numbers = [found(yard, text)["model"]["id"] for text in models]
        if dry_run:
            return foreseen(teller, yard("POST", "/models/trash/dry-run", {"ids": numbers})["results"])
        told = yard("POST", "/models/trash", {"ids": numbers})["results"]
        return shown(teller, told, lambda one: f"{one['path']} → trash; back: modelyard trash undo {one['trash']}")


@command.command()
@click.argument("entries", nargs=-1, required=True)
@json_option
@click.pass_context
def undo(ctx: click.Context, entries: tuple[str, ...], as_json: bool) -> int:
    """Put ENTRIES of the trash back where they lay."""
    with reached(as_json=as_json or ctx.obj) as (yard, teller):
        told = yard("POST", "/trash/undo", {"ids": entries})
        return shown(teller, told, lambda one: f"{one['path']} is back.")


@command.command()
@click.argument("entries", nargs=-1)
@click.option("--older-than", type=click.FloatRange(0), metavar="DAYS", help="Only what lies there longer.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and leave it.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def empty(
    ctx: click.Context, entries: tuple[str, ...], older_than: float | None, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Remove ENTRIES, or everything in the trash, for ever."""
    said: dict[str, Any] = {"ids": entries or None, "older_than_days": older_than or 0}
    with reached(as_json=as_json or ctx.obj) as (yard, teller):
        would = yard("POST", "/trash/empty", said | {"dry_run": True})
        if not dry_run and would["entries"]:
            _ask(would, yes=yes)
        told = would if dry_run or not would["entries"] else _emptied(yard, would)
        teller.data(told)
        verb = "would be removed" if dry_run else "removed for ever"
        teller.result(f"{len(told['entries'])} models, {show_size(told['size'])}, {verb}.")


def _emptied(yard: Yard, would: dict[str, Any]) -> Any:
    return yard("POST", "/trash/empty", {"ids": [one["id"] for one in would["entries"]]})


def _ask(would: dict[str, Any], *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise BadValue("Nobody is here to be asked.", hint="Say --yes, or look first with --dry-run.")
    click.confirm(f"Remove {len(would['entries'])} models, {show_size(would['size'])}, for ever?", abort=True, err=True)


def _list(teller: Teller, told: dict[str, Any]) -> None:
    for one in told["entries"]:
        day = time.strftime("%Y-%m-%d %H:%M", time.localtime(one["at"]))
        teller.result(f"{one['id']}  {day}  {show_size(one['size']):>9}  {one['title']}  {one['path']}")
    if told["entries"]:
        teller.note(f"{len(told['entries'])} models, {show_size(told['size'])}. Back: modelyard trash undo ID.")
    else:
        teller.note("The trash is empty.")
