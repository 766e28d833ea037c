"""`modelyard config`: show, set and reset settings."""

from __future__ import annotations

import click

from modelyard.cli.options import json_option
from modelyard.cli.telling import Teller
from modelyard.errors import BadValue
from modelyard.settings import TABLE, Settings, data_folder, variable


@click.group(name="config")
def command() -> None:
    """Show and change settings. A flag beats a variable, a variable beats the file."""


@command.command()
@click.argument("name", required=False)
@json_option
def show(name: str | None, as_json: bool) -> None:
    """Show all settings, or the one called NAME, with value and where it comes from."""
    settings, teller = _settings(), Teller(as_json=as_json)
    rows = [row for row in TABLE if name in (None, row.name)]
    if not rows and name:
        settings.explain(name)
    for row in rows:
        value, origin = settings.explain(row.name)
        if row.name == "proxy":
            value = _without_password(str(value))
        teller.data(
            {
                "name": row.name,
                "value": value,
                "from": origin,
                "default": row.default,
                "says": row.says,
                "variable": variable(row.name),
            }
        )
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        teller.result(f"{row.name:22} {shown or '-':28} {origin:10} {row.says}")


@command.command(name="set")
@click.argument("name")
@click.argument("value")
def set_(name: str, value: str) -> None:
    """Keep VALUE for the setting NAME."""
    if name == "limit.schedule":
        from modelyard.values.week import parse_schedule

        parse_schedule(value)
    if name == "proxy" and value not in ("", "direct"):
        from modelyard.values.proxy import parse_proxy

        parse_proxy(value)
    settings = _settings()
    settings.set(name, value)
    now, origin = settings.explain(name)
    if name == "proxy":
        now = _without_password(str(now))
    Teller().result(f"{name} is now {now}." if origin == "file" else f"Kept, but {origin} says {now} and wins.")


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


def _without_password(proxy: str) -> str:
    head, at, host = proxy.rpartition("@")
    return f"{head.split('://')[0]}://…@{host}" if at else proxy
