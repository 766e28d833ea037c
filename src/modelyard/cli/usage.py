"""`modelyard usage`: which models are used, and which are not."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

import click

from modelyard.cli.options import json_option
from modelyard.cli.yard import reached
from modelyard.values.sizes import show_size


@click.command()
@click.option("--unused", type=click.IntRange(1), metavar="DAYS", help="Not used for so many days; the largest first.")
@click.option("--limit", type=click.IntRange(1, 1000), default=30, show_default=True, help="How many.")
@json_option
def command(unused: int | None, limit: int, as_json: bool) -> None:
    """Show the models that are used most, as programs report it; or those that are not used."""
    query: dict[str, Any] = {"sort": "uses", "descending": "true", "limit": limit}
    if unused is not None:
        query |= {"sort": "size", "unused_since": f"{time.time() - unused * 86400:.0f}"}
    with reached(as_json=as_json) as (yard, teller):
        size = count = 0
        for model in yard("GET", f"/models?{urlencode(query)}")["models"]:
            if unused is None and not model["uses"]:
                break
            count, size = count + 1, size + model["size"]
            teller.data({name: model[name] for name in ("id", "title", "path", "size", "uses", "used")})
            teller.result(_line(model))
        teller.note(f"{count} models, {show_size(size)}." if count else "Nothing to tell: no program reported a use.")
        if unused is not None and count:
            teller.note("What might go, and why: modelyard space --proposals")


def _line(model: dict[str, Any]) -> str:
    last = time.strftime("%Y-%m-%d", time.localtime(model["used"])) if model["used"] else "never"
    head = f"{model['id']:6} {model['uses']:5} times, last {last:10} {show_size(model['size']):>9}"
    return f"{head}  {' '.join(model['title'].split())}  {model['place']}"
