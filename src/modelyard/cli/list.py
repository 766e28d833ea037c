"""`modelyard list`: the models that are here."""

from __future__ import annotations

from typing import Any, get_args
from urllib.parse import quote, urlencode

import click

from modelyard.cli.options import json_option
from modelyard.cli.yard import Yard, reached
from modelyard.values.sizes import show_size
from modelyard.values.sorts import Sort

_LONGEST = 200
"""Letters of a search that is remembered."""


@click.command()
@click.argument("words", nargs=-1)
@click.option("--kind", multiple=True, help="Only these kinds: checkpoint, lora, vae …")
@click.option("--family", multiple=True, help="Only these families: sdxl, flux1 …")
@click.option("--folder", multiple=True, help="Only these ComfyUI folders.")
@click.option(
    "--health", multiple=True, type=click.Choice(["good", "unverified", "damaged", "unsafe"]), help="Only these."
)
@click.option("--hub", multiple=True, help="Only those of these hubs.")
@click.option("--tag", multiple=True, help="Only those with all of these tags.")
@click.option("--category", multiple=True, help="Only CivitAI's categories: character, style, concept, clothing …")
@click.option("--group", default="", help="Only those that `modelyard tag --group` put into this one.")
@click.option("--favourites", is_flag=True, help="Only favourites.")
@click.option(
    "--without", multiple=True, type=click.Choice(["preview", "hub", "sha256"]), help="Only those without it."
)
@click.option("--gone", is_flag=True, help="Those that are not on the disk any more.")
@click.option("--sort", type=click.Choice(get_args(Sort)), default="title", show_default=True, help="By what.")
@click.option("--descending", is_flag=True, help="The largest, latest, last first.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@click.option("--facets", is_flag=True, help="Count by kind, family, folder and so on instead.")
@json_option
def command(words: tuple[str, ...], as_json: bool, facets: bool, limit: int, **chosen: Any) -> None:
    """List the models with WORDS in their names, tags or descriptions."""
    query = _query(" ".join(words), chosen)
    with reached(as_json=as_json) as (yard, teller):
        if facets:
            told = yard("GET", f"/models/facets?{urlencode(_filter(query) | {'tags': 'true'}, doseq=True)}")
            teller.data(told)
            teller.result("\n".join(_counts(told)))
            return
        count = 0
        for model in _models(yard, query, limit):
            count += 1
            teller.data(model)
            teller.result(_line(model))
        if words and not as_json and yard.lasts:  # a page may offer it again; what a program asks is no person's search
            yard("PUT", f"/searches/{quote(' '.join(words)[:_LONGEST], safe='')}")
        if not count:
            teller.note("None. Look for new ones with `modelyard scan`.")
        elif count == limit:
            teller.note("There may be more: raise --limit, or see --facets.")


def _query(text: str, chosen: dict[str, Any]) -> dict[str, Any]:
    favourites = chosen.pop("favourites")
    told: dict[str, Any] = {name: value for name, value in chosen.items() if value}
    told |= {"text": text} if text else {}
    told |= {name: "true" for name in ("gone", "descending") if told.get(name)}
    return told | ({"favourite": "true"} if favourites else {})


def _filter(query: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if name not in ("sort", "descending")}


def _models(yard: Yard, query: dict[str, Any], limit: int) -> Any:
    after, left = "", limit
    while left > 0:
        page = yard("GET", f"/models?{urlencode(query | {'after': after, 'limit': min(left, 1000)}, doseq=True)}")
        yield from page["models"]
        left -= len(page["models"])
        after = page["next"]
        if not after:
            return


def _line(model: dict[str, Any]) -> str:
    mark = {"good": "✓", "damaged": "✗", "unsafe": "!"}.get(model["health"], " ")
    star = "★" if model["favourite"] else " "
    base = model["base"] or model["family"]
    head = f"{model['id']:6} {mark}{star} {model['kind']:16} {base:16} {show_size(model['size']):>9}"
    return f"{head}  {' '.join(model['title'].split())}  {model['place']}"


def _counts(told: dict[str, Any]) -> list[str]:
    lines = [f"{told['total']:,} models, {show_size(told['size'])}"]
    for name, found in [*told["counts"].items(), ("category", told.get("categories", {})), ("tags", told["tags"])]:
        best = sorted(found.items(), key=lambda one: (-one[1], one[0]))[:12]
        if best:
            lines.append(f"{name:14}" + ", ".join(f"{value or '(none)'} {number:,}" for value, number in best))
    return lines
