"""`modelyard comfyui`: our extension inside a ComfyUI."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from modelyard.cli.options import json_option
from modelyard.cli.paths import absolute
from modelyard.cli.telling import Teller
from modelyard.cli.yard import Yard, reached
from modelyard.errors import BadValue
from modelyard.settings import data_folder

_path: Callable[[Any], Any] = click.option(
    "--path", "path", required=True, type=click.Path(), metavar="DIR", help="The folder of the ComfyUI."
)


@click.group()
def command() -> None:
    """Put Modelyard into a ComfyUI: its queue, its library, missing models by one click."""


@command.command()
@_path
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="A host name by which browsers reach ComfyUI. Installing again keeps it; uninstall forgets it.",
)
@click.option("--no-roots", is_flag=True, help="Do not register the ComfyUI's folders of models.")
@json_option
def install(path: str, hosts: tuple[str, ...], no_roots: bool, as_json: bool) -> None:
    """Lay the extension into custom_nodes; nothing is downloaded, and no pip runs."""
    from modelyard.comfyui.install import install as lay

    with reached(as_json=as_json) as (yard, teller):
        found = lay(Path(absolute(path)), data_folder(os.environ).absolute(), hosts)
        teller.data(msgspec.to_builtins(found))
        teller.result(f"The extension is at {found.path}.")
        if not no_roots:
            _register(yard, teller, found.comfyui)
        teller.note("Restart ComfyUI; Modelyard is in its sidebar then.")


@command.command()
@_path
@json_option
def uninstall(path: str, as_json: bool) -> None:
    """Take the extension out. Models, the queue and the registered folders stay."""
    from modelyard.comfyui.install import uninstall as take

    teller = Teller(as_json=as_json)
    gone = take(Path(absolute(path)))
    teller.data({"removed": str(gone)})
    teller.result(f"Removed {gone}. It is gone from ComfyUI after its next start.")


@command.command()
@_path
@json_option
def status(path: str, as_json: bool) -> None:
    """Say whether the extension is in a ComfyUI, and whether it is this version's."""
    from modelyard.comfyui.install import status as look
    from modelyard.server.client import running

    home = data_folder(os.environ).absolute()
    teller = Teller(as_json=as_json)
    found = look(Path(absolute(path)), home)
    runs = running(home) is not None
    teller.data({**msgspec.to_builtins(found), "running": runs})
    if not found.installed:
        teller.result(f"Not in {found.comfyui}. Lay it in: modelyard comfyui install --path {found.comfyui}")
        return
    word = "this version's" if found.current else "another version's, or starts another Modelyard: install it again"
    teller.result(f"{found.path}: version {found.version}, {word}.")
    teller.note("The service runs." if runs else "The service does not run; the extension starts it.")


def _register(yard: Yard, teller: Teller, comfyui: str) -> None:
    """Make its folders roots, unless somebody did; without them no model could be put there."""
    known = {os.path.realpath(entry["path"]) for entry in yard("GET", "/roots")["entries"]}
    if os.path.realpath(comfyui) in known:
        return
    try:
        yard("PUT", "/roots", {"path": comfyui, "comfy": True})
    except BadValue as error:  # a base directory, apart from its program
        teller.note(f"{error.message} Register its folders yourself: modelyard roots add --help")
        return
    teller.result("Its folders of models are registered.")
