"""`modelyard dedupe`: give back the space of duplicates."""

from __future__ import annotations

from typing import Any

import click

from modelyard.cli.chores import do_chore
from modelyard.cli.options import json_option, opened
from modelyard.cli.telling import Teller
from modelyard.cli.yard import reached
from modelyard.server.problem import error_told
from modelyard.values.sizes import show_size

_MOST = 20


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would come back, per group and in all, and change nothing.")
@json_option
def command(dry_run: bool, as_json: bool) -> int:
    """Let files with the same measured bytes share one place on the disk: by reflink, else by hard link.

    Every name stays. Both files are read and compared first; nothing happens on doubt.
    """
    if dry_run:
        with reached(as_json=as_json) as (yard, teller):
            told = yard("GET", "/models/duplicates")
            teller.data(told)
            _groups(teller, told)
        return 0
    with opened(as_json=as_json) as (app, teller):
        return _done(teller, do_chore(app, teller, "dedupe", {}))


def _groups(teller: Teller, told: dict[str, Any]) -> None:
    for group in told["groups"]:
        teller.result(
            f"{len(group['files'])} x {show_size(group['size'])}, {show_size(group['frees'])} would come back"
        )
        for one in group["files"]:
            teller.result(f"  {one['reason'] or one['state']:18} {one['path']}")
    for group in told["alike"][:_MOST]:
        teller.note("The same tensors with other metadata; these are never linked:")
        for one in group["files"]:
            teller.note(f"  {one['path']}")
    if len(told["alike"]) > _MOST:
        teller.note(f"… and {len(told['alike']) - _MOST} more such groups: --json has all.")
    teller.result(f"{show_size(told['frees'])} would come back in all.")
    if told["unmeasured"]:
        teller.note(f"{told['unmeasured']:,} files are not measured yet: modelyard measure.")


def _done(teller: Teller, told: dict[str, Any]) -> int:
    teller.data(told)
    code = 0
    for one in told["results"]:
        if "error" in one:
            error = error_told(**one["error"])
            code = code or error.exit_code
            if not teller.as_json:
                teller.error(error, one["path"])
        elif "means" in one:
            teller.result(f"{one['path']} shares its place with {one['kept']} ({one['means']}).")
        else:
            teller.note(f"  left alone ({one['refused']}): {one['path']}")
    teller.result(f"{told['linked']:,} files, {told['freed_words']} came back.")
    return code
