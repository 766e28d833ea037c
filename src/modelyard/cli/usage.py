"""`modelyard usage`: which models are used, and which are not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import click

from modelyard.cli.options import json_option
from modelyard.cli.yard import Yard, reached
from modelyard.values.sizes import show_size


@click.command()
@click.option("--unused", type=click.IntRange(1), metavar="DAYS", help="Not used for so many days; the largest first.")
@click.option("--limit", type=click.IntRange(1, 1000), default=30, show_default=True, help="How many.")
@json_option
def command(unused: int | None, limit: int, as_json: bool) -> None:
    """Show the models that are used most, as programs report it; or those that are not used."""
    with reached(as_json=as_json) as (yard, teller):
        size = count = 0
        for model in _used(yard, limit) if unused is None else _unused(yard, unused, limit):
            count, size = count + 1, size + model["size"]
            teller.data(model)
            teller.result(_line(model))
        nothing = f"No model is here and unused for {unused} days." if unused else "No program reported a use yet."
        teller.note(f"{count} models, {show_size(size)}." if count else nothing)
        if unused is not None and count:
            teller.note("What might go, and why: modelyard space --proposals")


def _used(yard: Yard, limit: int) -> Iterator[dict[str, Any]]:
    query = urlencode({"sort": "uses", "descending": "true", "limit": limit})
    for model in yard("GET", f"/models?{query}")["models"]:
        if model["uses"]:
            told = {name: model[name] for name in ("id", "title", "path", "size", "uses", "used")}
            yield told | {"last": model["used"], "source": "program"}


def _unused(yard: Yard, days: int, limit: int) -> Iterator[dict[str, Any]]:
    for one in yard("GET", f"/models/proposals?days={days}&limit={limit}")["proposals"]:
        if one["reason"] != "read":
            yield {name: one[name] for name in ("id", "title", "path", "size", "uses", "used", "last", "source")}


def _line(model: dict[str, Any]) -> str:
    day = time.strftime("%Y-%m-%d", time.localtime(model["last"]))
    last = {"program": f"used {day}", "access-time": f"read {day} (access time)"}.get(model["source"], "never reported")
    return f"{model['id']:6} {model['uses']:5} times, {last:28} {show_size(model['size']):>9}  {_shown(model)}"


def _shown(model: dict[str, Any]) -> str:
    return f"{' '.join(model['title'].split())}  {model['path']}"
