"""`modelyard link`: models made usable in other programs, without a second copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import click

from modelyard.cli.chores import do_chore
from modelyard.cli.chosen import found
from modelyard.cli.options import json_option, opened
from modelyard.cli.telling import Teller
from modelyard.cli.yard import Yard, asking, reached
from modelyard.errors import UsageError
from modelyard.programs.installed.found import Means
from modelyard.server.problem import error_told


@click.command()
@click.argument("models", nargs=-1, metavar="MODEL…")
@click.option("--to", "program", metavar="PROGRAM", help="Its id, kind or path: see `modelyard programs`.")
@click.option("--by", type=click.Choice(get_args(Means)), help="Only by this means; else the gentlest that works.")
@click.option("--copy", "copying", is_flag=True, help="Copy where no link works: for the bytes once more.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--list", "listing", is_flag=True, help="Show what was lent, and whether it still stands.")
@click.option("--undo", metavar="LINK", multiple=True, help="Take a link back; --list shows their numbers.")
@click.option("--forget", is_flag=True, help="With --undo: drop the record of a program that is gone for good.")
@json_option
def command(
    models: tuple[str, ...],
    program: str | None,
    by: str | None,
    copying: bool,
    dry_run: bool,
    listing: bool,
    undo: tuple[str, ...],
    forget: bool,
    as_json: bool,
) -> int:
    """Make MODELs (numbers or paths) usable in another program.

    In this order: the program's own settings, a reflink, a hard link, a symlink; a copy only with --copy. Ollama is
    asked itself where it runs. Programs that write into their models or remove files get no link.
    """
    if forget and not undo:
        raise UsageError("--forget is for --undo.", hint="Say which: --undo LINK; --list shows their numbers.")
    if listing or undo:
        if models or program or (listing and undo):
            raise UsageError("--list and --undo each stand alone.", hint="Lend first, list or undo then.")
        with reached(as_json=as_json) as (yard, teller):
            return _list(yard, teller) if listing else _undo(yard, teller, undo, forget)
    if not models or not program:
        raise UsageError(
            "Name models, and the program with --to.", hint="Their numbers: `modelyard list`, `modelyard programs`."
        )
    with opened(as_json=as_json) as (app, teller):
        with asking(app) as yard:
            ids = [found(yard, text)["model"]["id"] for text in models]
            said = {"ids": ids, "program": program, "by": by or "", "copying": copying}
            results = yard("POST", "/links", {**said, "dry_run": True})["results"] if dry_run else None
        if results is None:
            results = do_chore(app, teller, "link", said, "/links")["results"]
        return _told(teller, results)


def _told(teller: Teller, results: Sequence[dict[str, Any]]) -> int:
    code = 0
    for one in results:
        teller.data(one)
        if one.get("error"):
            error = error_told(**one["error"])
            code = code or error.exit_code
            if not teller.as_json:
                teller.error(error, one.get("title") or str(one["model"]))
        elif one["state"] == "there":
            teller.result(f"{one['title']} is there already: {one['path']}")
        else:
            would = "would be " if one["state"] == "would" else ""
            means = " or ".join(one["means"])
            where = f"{one['path']} in {one['file']}" if one.get("file") and "config" in one["means"] else one["path"]
            number = f"  [{one['loan']}]" if one.get("loan") else ""
            teller.result(f"{one['title']} {would}lent by {means}: {where}{number}")
    for why in dict.fromkeys(one["why"] for one in results if one.get("why")):
        teller.note(why)
    return code


def _list(yard: Yard, teller: Teller) -> int:
    told = yard("GET", "/links")
    for one in told:
        teller.data(one)
        teller.result(
            f"{one['id']}  {one['state']:8} {one['means']:9} {one['title']} → {one['name']} ({one['program']})"
        )
        for path in one["paths"]:
            teller.result(f"    {path}")
        if one["file"]:
            teller.result(f"    in {one['file']}")
    if not told:
        teller.note("Nothing was lent. Lend a model: modelyard link MODEL --to PROGRAM")
    return 0


def _undo(yard: Yard, teller: Teller, numbers: Sequence[str], forget: bool) -> int:
    for number in numbers:
        one = yard("DELETE", f"/links/{number}{'?forget=true' if forget else ''}")
        teller.data(one)
        teller.result(f"{one['title']} is taken back from {one['program']}.")
        for path, why in one["left"]:
            teller.note(f"  {path} stays: {why}")
    return 0
