"""`modelyard config`: show, set and reset settings."""

from __future__ import annotations

import click

from modelyard.cli.options import json_option
from modelyard.cli.telling import Teller
from modelyard.errors import BadValue
from modelyard.settings import Settings, data_folder


@click.group(name="config")
def command() -> None:
    """Show and change settings. A flag beats a variable, a variable beats the file."""


@command.command()
@click.argument("name", required=False)
@json_option
def show(name: str | None, as_json: bool) -> None:
    """Show all settings, or the one called NAME, with value and where it comes from."""
    teller = Teller(as_json=as_json)
    for row in _settings().describe(name):
        teller.data(row.as_dict())
        value = str(row.value).lower() if isinstance(row.value, bool) else str(row.value)
        shown = f"! {row.trouble}" if row.trouble else value or "-"
        teller.result(f"{row.name:22} {shown:28} {row.origin:10} {row.says}")


@command.command(name="set")
@click.argument("name")
@click.argument("value")
def set_(name: str, value: str) -> None:
    """Keep VALUE for the setting NAME."""
    row = _settings().change(name, value)
    if row.origin != "file":
        Teller().result(f"Kept, but {row.origin} says {row.value} and wins.")
        return
    later = " It takes effect after a restart of what runs now." if row.restart else ""
    Teller().result(f"{name} is now {row.value}.{later}")


@command.command()
@click.argument("name", required=False)
@click.option("--all", "everything", is_flag=True, help="Reset every setting.")
def reset(name: str | None, everything: bool) -> None:
    """Forget the kept value of NAME, or of all settings with --all."""
    if not name and not everything:
        raise BadValue("Which setting?", hint="Name one, or say --all.")
    _settings().reset(name)
    Teller().result(f"{name or 'Everything'} is back to its default.")


def _settings() -> Settings:
    import os

    return Settings(data_folder(os.environ), os.environ)
