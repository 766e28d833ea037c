"""`modelyard tag`: what an owner says of models."""

from __future__ import annotations

from typing import Any

import click

from modelyard.cli.chosen import found
from modelyard.cli.yard import reached


@click.command(context_settings={"ignore_unknown_options": False})
@click.argument("models", nargs=-1, required=True)
@click.option("--add", "-a", multiple=True, metavar="TAG", help="Add a tag.")
@click.option("--remove", "-r", multiple=True, metavar="TAG", help="Take a tag away.")
@click.option("--favourite/--no-favourite", default=None, help="Mark as a favourite.")
@click.option("--rating", type=click.IntRange(0, 5), help="1 to 5; 0 takes it away.")
@click.option("--title", help="Show it under this title.")
@click.option("--notes", help="Write this note.")
@click.option("--group", help="Put it into this group.")
def command(models: tuple[str, ...], add: tuple[str, ...], remove: tuple[str, ...], **said: Any) -> None:
    """Tag, rate and annotate MODELS, each a number of `modelyard list` or a file.

    It is kept beside the model, too, and wins over what hubs say.
    """
    change = {name: value for name, value in said.items() if value is not None}
    with reached() as (yard, teller):
        numbers = [found(yard, text)["model"]["id"] for text in models]
        left: list[str] = []
        if add or remove:
            left += yard("POST", "/models/tags", {"ids": numbers, "add": add, "remove": remove})["unwritten"]
        for number in numbers if change else []:
            left += yard("PATCH", f"/models/{number}", change)["unwritten"]
        for words in dict.fromkeys(left):
            teller.note(f"Kept in the catalogue only: {words}")
        if not (add or remove or change):
            teller.note("Nothing said: see `modelyard tag --help`.")
