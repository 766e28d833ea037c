"""`modelyard show`: what is known of a model."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import click

from modelyard.cli.chosen import found
from modelyard.cli.options import json_option
from modelyard.cli.yard import reached
from modelyard.values.sizes import show_size


@click.command()
@click.argument("models", nargs=-1, required=True)
@json_option
def command(models: tuple[str, ...], as_json: bool) -> None:
    """Show what is known of MODELS, each a number of `modelyard list` or a file."""
    with reached(as_json=as_json) as (yard, teller):
        for text in models:
            told = found(yard, text)
            teller.data(told)
            teller.result("\n".join(_lines(told)))


def _lines(told: dict[str, Any]) -> Iterator[str]:
    model, identity, about = told["model"], told["identity"], told["about"]
    yield f"{model['title']}  ({model['id']})"
    yield f"  file      {model['path']}"
    yield f"  size      {show_size(model['size'])} in {len(told['files'])} file(s), changed {_day(model['modified'])}"
    sure = f"{identity['family']} ({identity['certainty']})"
    yield f"  is        {identity['kind']}, {sure}, {identity['format']} {identity['dtype']}"
    for reason in identity["reasons"][:4]:
        yield f"            {reason}"
    yield f"  health    {model['health']}{', ' + ', '.join(model['problems']) if model['problems'] else ''}"
    yield f"  sha256    {model['sha256'] or 'not measured yet'}"
    rows = {
        "base": model["base"],
        "hub": " ".join(part for part in (model["hub"], model["hub_model"], model["hub_version"]) if part),
        "author": model["author"],
        "licence": model["licence"],
        "page": about["page"],
        "triggers": ", ".join(about["trained_words"] or identity["trained_words"]),
        "tags": ", ".join([*told["tags"], *(f"{tag} (own)" for tag in told["own_tags"])]),
        "group": model["team"],
        "rating": "★" * model["rating"],
        "notes": model["notes"],
        "used": f"{model['uses']} times, last {_day(model['used'])}" if model["uses"] else "",
        "preview": model["preview"],
    }
    yield from (f"  {name:9} {value}" for name, value in rows.items() if value)


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(seconds)) if seconds else "never"
