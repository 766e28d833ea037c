"""`modelyard versions`: is there a newer version of what is here?"""

from __future__ import annotations

from typing import Any

import click

from modelyard.cli.chores import do_chore
from modelyard.cli.chosen import found
from modelyard.cli.options import json_option, opened
from modelyard.cli.telling import Teller
from modelyard.cli.yard import Yard, asking, reached


@click.command()
@click.argument("models", nargs=-1)
@click.option("--check", is_flag=True, help="Ask the hubs now.")
@click.option("--any-base", is_flag=True, help="With --check: versions for another base model count, too.")
@click.option("--ignore", metavar="VERSION", help="Hear no more of this version of MODELS; * is every one known now.")
@json_option
def command(models: tuple[str, ...], check: bool, any_base: bool, ignore: str | None, as_json: bool) -> None:
    """Show newer versions of what is here; of MODELS, every version at their hubs."""
    if ignore is not None:
        with reached() as (yard, _):
            for text in models:
                yard("POST", f"/models/{found(yard, text)['model']['id']}/versions/ignore", {"version": ignore})
        return
    with opened(as_json=as_json) as (app, teller):
        if check:
            told = do_chore(app, teller, "versions", {"any_base": True} if any_base else {})
            _tell_check(told, teller)
        with asking(app) as yard:
            if not models:
                _tell_newer(yard, teller)
            for text in models:
                for one in yard("GET", f"/models/{found(yard, text)['model']['id']}/versions"):
                    teller.data(one)
                    teller.result(_version(one))


def _tell_check(told: dict[str, Any], teller: Teller) -> None:
    teller.note(f"{told['asked']} models asked about, {told['newer']} have a newer version, {told['gone']} are gone.")
    for one in told["left"]:
        teller.note(f"  {one['hub']} {one['model']} has {one['file']} no longer; what is here stays.")
    for one in told["failed"]:
        teller.note(f"  {one['hub']} {one['model']}: {one['message']}")
    if told["unmeasured"]:
        teller.note(f"{told['unmeasured']} have no hash to compare yet: `modelyard measure`.")
    if told["unasked"]:
        teller.note(f"Not asked, as they list no versions: {', '.join(told['unasked'])}.")


def _tell_newer(yard: Yard, teller: Teller) -> None:
    newer = yard("GET", "/newer")
    for one in newer:
        teller.data(one)
        teller.result(_newer(one))
    if not newer:
        teller.note("No newer versions are known. Ask for them: `modelyard versions --check`.")


def _newer(one: dict[str, Any]) -> str:
    version = one["version"]
    name = " ".join(f"{version['name'] or version['id']} {version['base_model']}".split())
    day = f" of {version['published'][:10]}" if version["published"] else ""
    if version["address"]:
        return f"{one['model']:6} {one['title']}: {name}{day}  {version['address']}"
    return f"{one['model']:6} {one['title']}: {name}{day}, here is {one['here']}  {version['page']}"


def _version(one: dict[str, Any]) -> str:
    version, here = one["version"], ", ".join(map(str, one["here"]))
    head = f"{'✓' if here else ' '} {version['id']:10} {version['published'][:10]:10} {version['base_model']:14}"
    return f"{head} {version['name']}  {here}".rstrip()
