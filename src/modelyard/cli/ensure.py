"""`modelyard ensure`: have a model ready, and tell its path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from modelyard.cli.options import json_option, opened
from modelyard.cli.telling import Teller
from modelyard.cli.yard import asking, started
from modelyard.server.client import Client
from modelyard.values.sizes import show_size

if TYPE_CHECKING:
    from modelyard.app import App

_MISSING = 3
_COMING = 8
_WAIT = 20.0


@click.command()
@click.argument("address", default="")
@click.option("--folder", default="", help="ComfyUI's name of the folder it belongs to; it is fetched there.")
@click.option("--name", default="", help="Its file name below that folder.")
@click.option("--sha256", default="", metavar="HEX", help="The hash of its bytes.")
@click.option("--base", default="", help="For which base model it is made; what may stand in is chosen by that.")
@click.option("--whole", is_flag=True, help="Every file of a repository; else the one model file in it.")
@click.option("--no-fetch", is_flag=True, help="Only look.")
@click.option("--again", is_flag=True, help="Fetch it although the last try failed.")
@click.option("--no-wait", is_flag=True, help="Tell how it is now, and end.")
@json_option
def command(address: str, whole: bool, no_fetch: bool, again: bool, no_wait: bool, as_json: bool, **said: str) -> int:
    """Have the model of ADDRESS ready and print its path. Exit code 0: it is ready; 3: missing; 8: on its way.

    A service fetches it; one is started where none runs.
    """
    want = {name: value for name, value in {"address": address, "whole": whole, **said}.items() if value}
    with opened(as_json=as_json) as (app, teller):
        body: dict[str, Any] = {"wants": [want], "fetch": False, "again": again}
        with asking(app) as yard:
            (told,) = yard("POST", "/ensure", body)
        if told["state"] == "missing" and address and not no_fetch:
            told = _fetched(app, teller, body | {"fetch": True}, wait=not no_wait)
        teller.data(told)
        if told["state"] == "ready":
            teller.result(told["path"])
            return 0
        if told["state"] != "missing":
            teller.result(_progress(told))
            return _COMING
        teller.note(f"missing: {told.get('reason', '')}")
        for step in told.get("steps", []):
            teller.note(f"  → {step}")
        for one in told.get("fallbacks", []):
            teller.note(f"  here is {one['title']}: {one['path']}\n    {one['why']}")
    return _MISSING


def _fetched(app: App, teller: Teller, body: dict[str, Any], *, wait: bool) -> dict[str, Any]:
    """Let the service fetch it; one is started where none runs."""
    client = Client(app.folder, started(app.folder))
    while True:
        (told,) = client.ask("POST", "/api/v1/ensure", body | ({"wait": _WAIT} if wait else {}))[1]
        body["again"] = False
        if not wait or told["state"] in ("ready", "missing"):
            return dict(told)
        teller.note(_progress(told))
        app.stop.check()


def _progress(told: dict[str, Any]) -> str:
    size = f" of {show_size(told['size'])}" if told.get("size") else ""
    return f"{told['state']}: {show_size(told.get('done', 0))}{size} {told.get('reason', '')}".rstrip()
