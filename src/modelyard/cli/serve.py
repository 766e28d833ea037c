"""`modelyard serve`: the service, until Ctrl-C."""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelyard.app import App
from modelyard.errors import BadValue

if TYPE_CHECKING:
    from modelyard.server.folder import Note
    from modelyard.server.service import Service


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 takes any free one.  [default: 7980]")
@click.option("--open", "open_page", is_flag=True, help="Open the page in your browser.")
@click.option("--log-json", is_flag=True, help="Log JSON, one object a line.")
@click.option("--listen", metavar="ADDRESS", help="Let other machines in at this address; needs a password and TLS.")
@click.option("--name", "names", multiple=True, metavar="HOST", help="A host name by which others reach it.")
@click.option("--tls-cert", type=click.Path(path_type=Path), metavar="FILE", help="Certificate chain, PEM.")
@click.option("--tls-key", type=click.Path(path_type=Path), metavar="FILE", help="Its key, PEM.")
@click.option("--trusted-proxy", "proxies", multiple=True, metavar="CIDR", help="A proxy that speaks TLS for us.")
@click.option("--set-password", is_flag=True, help="Ask for the password of --listen, keep its hash, and end.")
def command(
    port: int | None,
    open_page: bool,
    log_json: bool,
    listen: str | None,
    names: tuple[str, ...],
    tls_cert: Path | None,
    tls_key: Path | None,
    proxies: tuple[str, ...],
    set_password: bool,
) -> int:
    """Run the service: its page, its REST API and its events, for this machine only unless you say otherwise."""
    from modelyard.server.listening import Listening
    from modelyard.server.logs import logging_to
    from modelyard.server.serve import serve
    from modelyard.server.service import Service

    with App(trusted=listen is None) as app:  # others may ask for public addresses and registered ones only
        if set_password:
            return _set_password(app)
        networks = tuple(_network(text) for text in proxies)
        address = None if listen is None else _address(listen)
        chosen = app.settings["server.port"] if port is None else port
        listening = Listening(chosen, address, names, tls_cert, tls_key, networks)
        service = Service(app, remote=listening.remote)
        with logging_to(app.folder, app.redactor, as_json=log_json):
            serve(service, listening, lambda note: _greet(service, note, open_page=open_page))
    return 0


def _greet(service: Service, note: Note, *, open_page: bool) -> None:
    link = service.link()
    click.echo(f"Modelyard {note.version} runs. Open this link within a minute; it works once:\n\n  {link}\n")
    click.echo("`modelyard page` prints another one. Ctrl-C stops the service.")
    if not note.socket:
        click.echo("There is no Unix socket here: programs use the address and the token.", err=True)
    if open_page:
        click.launch(link)


def _set_password(app: App) -> int:
    from modelyard.server.passwords import Password

    if sys.stdin.isatty():
        text = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        text = sys.stdin.readline().rstrip("\n")
    Password(app.folder).set(text)
    click.echo("Kept. It counts from the next start.")
    return 0


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise BadValue(f"{text!r} is no network.", hint="Write it like 10.0.0.0/24 or 10.0.0.7.") from error


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError as error:
        raise BadValue(f"{text!r} is no address.", hint="Write it like 192.168.1.5, or 0.0.0.0 for all.") from error
