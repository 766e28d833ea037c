"""`modelyard usage`: which models are used, and which are not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import click

from modelyard.cli.chosen import found
from modelyard.cli.options import json_option
from modelyard.cli.yard import Yard, reached
from modelyard.errors import UsageError
from modelyard.values.sizes import show_size


@click.command()
@click.argument("models", nargs=-1)
@click.option("--unused", type=click.IntRange(1), metavar="DAYS", help="Not used for so many days; the largest first.")
@click.option("--limit", type=click.IntRange(1, 1000), default=30, show_default=True, help="How many.")
@json_option
def command(models: tuple[str, ...], unused: int | None, limit: int, as_json: bool) -> None:
    """Show the models that are used most, as programs report it, or those that are not; of MODELS, on which days."""
    if models and unused is not None:
        raise UsageError("--unused lists models; with MODELS it makes no sense.", hint="Say one of them.")
    with reached(as_json=as_json) as (yard, teller):
        for text in models:
            told = yard("GET", f"/models/{found(yard, text)['model']['id']}/uses")
            teller.data(told)
            teller.result("\n".join(_days(told, limit)))
        if models:
            return
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


def _days(told: dict[str, Any], limit: int) -> Iterator[str]:
    last = time.strftime(", last on %Y-%m-%d at %H:%M", time.localtime(told["used"])) if told["used"] else ""
    yield f"{told['id']:6} {' '.join(told['title'].split())}: {told['uses']} times{last}"
    for one in told["days"][:limit]:
        yield f"       {one['day']} {one['times']:5} times"
    if len(told["days"]) > limit:
        yield f"       … and {len(told['days']) - limit} days before: --limit"


def _line(model: dict[str, Any]) -> str:
    day = time.strftime("%Y-%m-%d", time.localtime(model["last"]))
    last = {"program": f"used {day}", "access-time": f"read {day} (access time)"}.get(model["source"], "never reported")
    return f"{model['id']:6} {model['uses']:5} times, {last:28} {show_size(model['size']):>9}  {_shown(model)}"


def _shown(model: dict[str, Any]) -> str:
    return f"{' '.join(model['title'].split())}  {model['path']}"
