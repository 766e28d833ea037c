"""`modelyard page`: a fresh link to the running service's page."""

from __future__ import annotations

import os

import click

from modelyard.settings import data_folder


@click.command()
def command() -> None:
    """Print a link to the page of the running service; it works once, within a minute."""
    from modelyard.server.client import Client

    _, told = Client(data_folder(os.environ)).ask("POST", "/api/v1/link")
    click.echo(told["url"])
