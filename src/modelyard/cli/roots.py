"""`modelyard roots`: where models lie."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import click

from modelyard.cli.options import json_option
from modelyard.cli.paths import absolute
from modelyard.cli.yard import reached


@click.group(invoke_without_command=True)
@click.option("--all", "every", is_flag=True, help="Folders that are not there, too.")
@json_option
@click.pass_context
def command(ctx: click.Context, every: bool, as_json: bool) -> None:
    """Show or change the folders where models lie."""
    if ctx.invoked_subcommand is not None:
        return
    with reached(as_json=as_json) as (yard, teller):
        told = yard("GET", "/roots")
        teller.data(told)
        for root in told["roots"]:
            if root["there"] or every or root["path"] == root["entry"]:
                teller.result(_line(root))
        for problem in told["problems"] + [one for root in told["roots"] for one in root["problems"]]:
            teller.note(f"  [{problem['code']}] {problem['path']}: {problem['message']} {problem['hint']}")
        if not told["entries"]:
            teller.note("None yet. Register one: modelyard roots add PATH, of a ComfyUI or of models.")


@command.command()
@click.argument("path", type=click.Path())
@click.option("--comfy", is_flag=True, help="PATH is a ComfyUI: all its folders and its extra_model_paths.yaml count.")
@click.option("--folder", default="", metavar="NAME", help="What lies in it, as ComfyUI calls it: loras, checkpoints …")
@click.option("--read-only", is_flag=True, help="Never write, move or remove anything in it.")
@click.option("--base-directory", default="", type=click.Path(), help="ComfyUI's own switch of that name.")
@click.option("--models-directory", default="", type=click.Path(), help="ComfyUI's own switch of that name.")
@click.option("--output-directory", default="", type=click.Path(), help="ComfyUI's own switch of that name.")
@click.option("--extra", multiple=True, type=click.Path(), help="A file of its --extra-model-paths-config.")
def add(
    path: str,
    comfy: bool,
    folder: str,
    read_only: bool,
    base_directory: str,
    models_directory: str,
    output_directory: str,
    extra: tuple[str, ...],
) -> None:
    """Register PATH, a folder of models or a ComfyUI. Its files stay as they are.

    A ComfyUI is recognised; with --folder NAME it is taken for a folder of such models.
    """
    entry: dict[str, Any] = {"path": _place(path), "folder": folder, "read_only": read_only, "comfy": comfy}
    entry |= {
        "base": _place(base_directory),
        "models": _place(models_directory),
        "output": _place(output_directory),
        "extra": [_place(one) for one in extra],
    }
    with reached() as (yard, teller):
        kept = yard("PUT", "/roots", {name: value for name, value in entry.items() if value})
        comfyui = ", a ComfyUI with its own folders" if kept.get("comfy") else ""
        teller.result(f"Registered {entry['path']}{comfyui}.")
        teller.note("See what is in it: modelyard scan")


@command.command()
@click.argument("path", type=click.Path())
def remove(path: str) -> None:
    """Forget PATH; its files stay, and what is known of them is kept for when it comes back."""
    with reached() as (yard, _):
        yard("DELETE", f"/roots?{urlencode({'path': _place(path)})}")


def _place(path: str) -> str:
    return absolute(path).rstrip("/") if path else ""


def _line(root: dict[str, Any]) -> str:
    name = f"{root['folder'] or 'mixed'}/{root['index']}"
    marks = " read-only" if root["read_only"] else ""
    there = "" if root["there"] else " (not there)"
    return f"{name:24} {root['models']:7,}  {root['path']}{there}{marks}"
