"""`modelyard lan`: hubs of the local network that callers of a service may reach, each with its token and its proof."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from modelyard.cli.options import json_option
from modelyard.cli.yard import reached
from modelyard.errors import BadValue, NetworkError
from modelyard.net.trust import LONGEST_CA


@click.group(name="lan")
def command() -> None:
    """Register hubs of your own network, such as https://nas.local:8443.

    What you download yourself may come from anywhere. Callers of a service that others may reach, and redirects,
    get private addresses only when you registered them here. A hub may have a certificate that only you believe, and
    a token: both hold for its exact scheme, host and port.
    """


@command.command(name="list")
@json_option
def list_(as_json: bool) -> None:
    """List the registered hubs, what vouches for each, and the end of its token."""
    with reached(as_json=as_json) as (yard, teller):
        hubs = yard("GET", "/lan-hubs")["hubs"]
        for hub in hubs:
            teller.data(hub)
            teller.result(_line(hub))
        if not hubs:
            teller.note("None. Register one: modelyard lan add http://nas.local:8080")


@command.command()
@click.argument("origin")
@click.option("--ca", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Its own CA, a PEM file.")
@click.option("--pin", metavar="SHA256", default="", help="Of its certificate's public key: hex or sha256//BASE64.")
@click.option("--trust-first", is_flag=True, help="Pin the key that it shows now; compare it with the hub's own word.")
@click.option("--token", metavar="-", default="", help="Keep a token for it: asked for without echo, or from stdin.")
@json_option
def add(origin: str, ca: Path | None, pin: str, trust_first: bool, token: str, as_json: bool) -> None:
    """Register the hub at ORIGIN: scheme, host and port. What you leave out stays as it is."""
    with reached(as_json=as_json) as (yard, teller):
        body = {"origin": origin, "ca": _text(ca), "pin": pin, "trust_first": trust_first, "token": _token(token)}
        told = yard("POST", "/lan-hubs", body)
        teller.data(told)
        teller.result(f"{told['origin']} may be reached now.")
        if told["pin"]:
            teller.result(f"Its key is pinned: {told['pin']}")
        if trust_first:
            teller.note("Compare that with what the hub itself shows: whoever answered just now is believed.")


@command.command()
@click.argument("origin")
def remove(origin: str) -> None:
    """Forget the hub at ORIGIN with its token and its CA."""
    with reached() as (yard, teller):
        yard("DELETE", f"/lan-hubs?origin={quote(origin, safe='')}")
        teller.result(f"{origin} is registered no more.")


@command.command()
@click.argument("origin")
@click.option("--path", default="/", show_default=True, help="A path that wants the token.")
@json_option
def check(origin: str, path: str, as_json: bool) -> int:
    """Ask the hub at ORIGIN: is it there, is it the one that you mean, does it take the token?"""
    with reached(as_json=as_json) as (yard, teller):
        look = yard("POST", "/lan-hubs/check", {"origin": origin, "path": path})
        teller.data(look)
        for line in _words(look):
            teller.result(line)
        return 0 if look["reachable"] and look["token"] != "refused" else NetworkError.exit_code  # noqa: S105  # a verdict


def _line(hub: dict[str, Any]) -> str:
    words = [hub["origin"]]
    words += [f"pin {hub['pin'][:16]}…"] if hub["pin"] else []
    words += [f"CA {', '.join(hub['authorities'])}"] if hub["authorities"] else []
    words += [f"token {hub['token']}"] if hub["token"] else []
    return "  ".join(words)


def _words(look: dict[str, Any]) -> list[str]:
    told = []
    if error := look["error"]:
        told.append(f"{look['origin']}: [{error['code']}] {error['message']}\n  → {error['hint']}")
    else:
        told.append(f"{look['origin']} answers ({look['status']}).")
    if shown := look["certificate"]:
        ends = time.strftime("%Y-%m-%d", time.gmtime(shown["expires"]))
        told.append(f"certificate  {shown['subject'] or 'without a name'}, by {shown['issuer']}, until {ends}")
        told.append(f"pin          {shown['pin']}")
    words = {"taken": "is taken", "refused": "is refused", "not-asked": "is not asked for at this path"}
    if look["token"] in words:
        told.append(f"token        {words[look['token']]}")
    return told


def _text(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        with file.open("rb") as opened:
            return opened.read(LONGEST_CA + 1).decode("ascii", "replace")
    except OSError as error:
        raise BadValue(f"{file} cannot be read: {error.strerror}.") from error


def _token(given: str) -> str:
    if not given:
        return ""
    if given != "-":
        raise BadValue("A token is never an argument: others see it.", hint="Write `--token -` and give it on stdin.")
    if sys.stdin.isatty():
        return str(click.prompt("Token", hide_input=True, err=True))
    token = sys.stdin.readline().strip()
    if not token:
        raise BadValue("No token came on stdin.", hint="Give it as one line.")
    return token
