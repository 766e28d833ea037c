"""`modelyard lan`: hubs of the local network that callers of a service may reach, too."""

from __future__ import annotations

from urllib.parse import quote

import click

from modelyard.cli.options import json_option
from modelyard.cli.yard import reached


@click.group(name="lan")
def command() -> None:
    """Register hubs of your own network, such as http://nas.local:8080.

    What you download yourself may come from anywhere. Callers of a service that others may reach, and redirects,
    get private addresses only when you registered them here.
    """


@command.command(name="list")
@json_option
def list_(as_json: bool) -> None:
    """List the registered hubs."""
    with reached(as_json=as_json) as (yard, teller):
        origins = yard("GET", "/lan-hubs")["origins"]
        for origin in origins:
            teller.data({"origin": origin})
            teller.result(origin)
        if not origins:
            teller.note("None. Register one: modelyard lan add http://nas.local:8080")


@command.command()
@click.argument("origin")
def add(origin: str) -> None:
    """Register the hub at ORIGIN: scheme, host and port."""
    with reached() as (yard, teller):
        told = yard("POST", "/lan-hubs", {"origin": origin})
        teller.result(f"{told['origin']} may be reached now.")


@command.command()
@click.argument("origin")
def remove(origin: str) -> None:
    """Forget the hub at ORIGIN."""
    with reached() as (yard, teller):
        yard("DELETE", f"/lan-hubs?origin={quote(origin, safe='')}")
        teller.result(f"{origin} is registered no more.")
