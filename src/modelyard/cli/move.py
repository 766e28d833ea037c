"""`modelyard move`: take models to another folder or disk."""

from __future__ import annotations

import click

from modelyard.cli.chores import do_chore
from modelyard.cli.chosen import found, shown
from modelyard.cli.foreseen import dry_run_option, foreseen
from modelyard.cli.options import json_option, opened
from modelyard.cli.paths import absolute
from modelyard.cli.yard import asking


@click.command()
@click.argument("models", nargs=-1, required=True)
@click.option("--root", type=click.Path(), help="To this root.")
@click.option("--folder", metavar="NAME", help="To the root of this name, as ComfyUI calls it: loras, checkpoints …")
@click.option("--index", type=click.IntRange(0), default=0, show_default=True, help="Which one of that name.")
@click.option("--sub", default="", metavar="PATH", help="Folder below the root; made when it is missing.")
@dry_run_option
@json_option
def command(
    models: tuple[str, ...],
    root: str | None,
    folder: str | None,
    index: int,
    sub: str,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Move MODELS, each a number of `modelyard list` or a file, with their sidecars. Nothing is replaced.

    On another disk they are copied, read back and compared before the old files go.
    """
    said = {
        "root": absolute(root).rstrip("/") if root else "",
        "folder": folder or "",
        "index": index,
        "sub": sub,
    }
    with opened(as_json=as_json) as (app, teller):
        with asking(app) as yard:
            numbers = [found(yard, text)["model"]["id"] for text in models]
            chosen = {name: value for name, value in said.items() if value}
            if dry_run:
                return foreseen(teller, yard("POST", "/models/move/dry-run", {"ids": numbers, **chosen})["results"])
        told = do_chore(app, teller, "move", {"ids": numbers, **chosen}, "/models/move")
        return shown(teller, told["results"], lambda one: one["path"])
