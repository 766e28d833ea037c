"""`modelyard export`: the library, or a part of it, as a lockfile."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click
import msgspec

from modelyard.cli.paths import put
from modelyard.cli.yard import reached
from modelyard.jobs.saving import LOCKFILE


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--text", default="", metavar="WORDS", help="Only models with these words.")
@click.option("--kind", multiple=True, help="Only these kinds.")
@click.option("--folder", multiple=True, help="Only these ComfyUI folders.")
@click.option("--tag", multiple=True, help="Only those with all of these tags.")
@click.option("--favourites", is_flag=True, help="Only favourites.")
def command(file: Path, favourites: bool, **chosen: Any) -> None:
    """Write the models that are here to FILE (- is stdout), with hashes, places and addresses; see `modelyard sync`.

    Only an older lockfile goes for the new one, and that once the new one is whole.
    """
    query = {name: value for name, value in chosen.items() if value} | ({"favourite": "true"} if favourites else {})
    with reached() as (yard, teller):
        lock = yard("GET", f"/lockfile?{urlencode(query, doseq=True)}")
        data = msgspec.json.format(msgspec.json.encode(lock), indent=2) + b"\n"
        put(file, [data], LOCKFILE)
        lacking = sum(1 for model in lock["models"] for one in model["files"] if not one.get("sha256"))
        teller.note(f"{len(lock['models'])} models written to {file}.")
        if lacking:
            teller.note(f"{lacking} files have no hash yet: `modelyard measure` gives it to them.")
