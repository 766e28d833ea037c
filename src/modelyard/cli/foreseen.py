"""`--dry-run` of commands that move files: what would happen, file by file."""

from __future__ import annotations

from typing import Any

import click

from modelyard.cli.telling import Teller
from modelyard.server.problem import error_told
from modelyard.values.sizes import show_size

dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would happen to each file, and touch nothing.")


def foreseen(teller: Teller, told: list[dict[str, Any]]) -> int:
    """Tell what would become of each; gives the exit code: that of the first conflict."""
    code, size = 0, 0
    for one in told:
        teller.data(one)
        for way in one.get("files", ()):
            verb = "copied, and stays" if way["stays"] else "copied" if way["how"] == "copy" else "moved"
            teller.result(f"{way['source']} → {way['target']}  ({verb}, {show_size(way['size'])})")
        for conflict in one.get("conflicts", ()):
            error = error_told(**conflict)
            code = code or error.exit_code
            if not teller.as_json:
                teller.error(error, str(one["id"]))
        size += sum(way["size"] for way in one.get("files", ()) if not one.get("conflicts"))
    good = sum(not one.get("conflicts") for one in told)
    teller.note(f"{good} of {len(told)} models, {show_size(size)}, would go; nothing was touched.")
    return code
