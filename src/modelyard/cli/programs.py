"""`modelyard programs`: the other programs of this machine, and importing their models in place."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import click

from modelyard.cli.chores import do_chore
from modelyard.cli.options import json_option, opened
from modelyard.cli.paths import absolute
from modelyard.cli.telling import Teller
from modelyard.cli.yard import asking, reached
from modelyard.values.sizes import show_size

_CARE = {
    "free": "",
    "rewrites": "writes into its files; read-only for us",
    "prunes": "removes what it does not know; read-only for us",
    "indexed": "sees only what its own database has; read-only for us",
}
_EXTENSION = {
    "absent": "Modelyard is not in its sidebar: modelyard comfyui install --path {comfyui}",
    "current": "Modelyard {version} is in its sidebar",
    "other": "Modelyard {version} in its sidebar is another one: modelyard comfyui install --path {comfyui}",
    "blocked": "{path} is none of ours and has the place of our extension",
}


@click.group(invoke_without_command=True)
@click.option("--path", "places", multiple=True, type=click.Path(), help="Look in this folder, too, now and later.")
@click.option("--forget-path", multiple=True, type=click.Path(), help="Look there no more.")
@json_option
@click.pass_context
def command(ctx: click.Context, places: tuple[str, ...], forget_path: tuple[str, ...], as_json: bool) -> None:
    """Find the other programs that keep models, and import these in place.

    Known are ComfyUI, AUTOMATIC1111, Forge, reForge, SD.Next, Fooocus, InvokeAI, SwarmUI, StabilityMatrix, LM Studio,
    Ollama, llama.cpp, Jan, GPT4All, text-generation-webui, KoboldCpp, and the caches of Hugging Face, ModelScope and
    diffusers; each by its own files, whatever its folder is called.
    """
    if ctx.invoked_subcommand is not None:
        return
    with reached(as_json=as_json) as (yard, teller):
        for place in places:
            yard("PUT", "/programs/places", {"path": absolute(place).rstrip("/")})
        for place in forget_path:
            yard("DELETE", f"/programs/places?{urlencode({'path': absolute(place).rstrip('/')})}")
        told = yard("GET", "/programs")
        teller.data(told)
        for program in told["programs"]:
            _show(teller, program)
        _sum(teller, told)


@command.command(name="import")
@click.argument("programs", nargs=-1, required=True, metavar="ID…")
@click.option("--keys", is_flag=True, help="Also take the hub keys that it keeps; hubs that have one here keep theirs.")
@click.option("--proxy", is_flag=True, help="Also take the proxy that its settings name.")
@json_option
def import_(programs: tuple[str, ...], keys: bool, proxy: bool, as_json: bool) -> None:
    """Register the folders of programs as roots and learn what they know of their models. No file is moved or changed.

    ID is what `modelyard programs` shows, a kind of which there is one, or a path.
    """
    with opened(as_json=as_json) as (app, teller):
        first, *others = programs
        route = f"/programs/{quote(first, safe='')}/import"
        told = do_chore(app, teller, "import", {"programs": list(programs)}, route, {"also": others})
        with asking(app) as yard:
            for name in programs if keys or proxy else ():
                taken = yard("POST", f"/programs/{quote(name, safe='')}/settings", {"keys": keys, "proxy": proxy})
                told.setdefault("settings", []).append(taken)
                _taken(teller, taken)
            found = yard("GET", "/programs")["programs"] if not keys else []
        teller.data(told)
        for root in told["roots"]:
            teller.result(f"Registered {root}.")
        teller.result(f"{told['models']:,} models, {told['added']:,} new; {told['learnt']:,} told by their programs.")
        for program in found:
            if program["id"] in told["programs"] and program["keys"]:
                where = ", ".join(f"{one['hub']} in {one['path']}" for one in program["keys"])
                teller.note(f"{program['name']} keeps keys: {where}. --keys takes them.")


def _show(teller: Teller, program: dict[str, Any]) -> None:
    mark = "  imported" if program["imported"] else ""
    version = f" {program['version']}" if program["version"] else ""
    models = f"{program['models']:,} models, {show_size(program['bytes'])}"
    teller.result(f"{program['id']:26} {program['name']}{version}  {models}{mark}")
    teller.result(f"    {program['path']}")
    for one in program["folders"]:
        words = "; ".join(filter(None, (one["folder"] or "mixed", _CARE[one["care"]])))
        teller.result(f"      {one['path']}  ({words})")
    if program["shared"]:
        teller.result(
            f"    {show_size(program['shared'])} are elsewhere, too; sharing frees {show_size(program['frees'])}"
        )
    means = ", ".join(program["means"]) or "nothing can be lent to it"
    teller.result(f"    lend by: {means}. {program['why']}".rstrip())
    if extension := program["extension"]:
        teller.result("    " + _EXTENSION[extension["state"]].format(**extension, comfyui=program["path"]))
    for one in program["keys"]:
        teller.note(f"    a key for {one['hub']} may be in {one['path']}")
    if program["proxy"]:
        teller.note(f"    its proxy: {program['proxy']}")
    for one in program["notes"]:
        teller.note(f"    {one}")


def _sum(teller: Teller, told: dict[str, Any]) -> None:
    if not told["programs"]:
        teller.note("None found. Name a place where one is: modelyard programs --path DIR")
        return
    teller.note("Import their models in place: modelyard programs import ID")
    if told["shared"]:
        teller.result(
            f"{show_size(told['shared'])} lie in several programs; modelyard dedupe frees {show_size(told['frees'])}."
        )
    if told["unmeasured"]:
        teller.note(f"{told['unmeasured']:,} files are not measured yet: modelyard measure.")


def _taken(teller: Teller, taken: dict[str, Any]) -> None:
    for key in taken["keys"]:
        state = key["trouble"] or ("taken" if key["kept"] else "not taken: this hub has a key already")
        teller.result(f"{state}: the key {key['shown']} of {key['hub']} in {key['path']}")
    if taken["proxy"]:
        teller.result(f"The proxy is {taken['proxy']} from the next start on.")
