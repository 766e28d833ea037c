"""`modelyard hooks`: what should happen when a task is done, fails, or the queue is empty."""

from __future__ import annotations

import os
import sys

import click
import msgspec

from modelyard.cli.options import json_option, opened
from modelyard.cli.telling import Teller
from modelyard.errors import BadValue
from modelyard.jobs.hooks.entries import Hook
from modelyard.jobs.hooks.hook_file import HookFile
from modelyard.jobs.hooks.names import NAMES
from modelyard.settings import data_folder


@click.group(name="hooks")
def command() -> None:
    """Run a command, tell a URL or a person when something happens in the queue."""


@command.command(name="list")
@click.option("--events", is_flag=True, help="List the names of events instead.")
@json_option
def list_(events: bool, as_json: bool) -> None:
    """List the hooks."""
    teller = Teller(as_json=as_json)
    if events:
        for name, says in NAMES.items():
            teller.data({"event": name, "says": says})
            teller.result(f"{name:16} {says}")
        return
    hooks = _file().list()
    for hook in hooks:
        told = hook.shown()
        teller.data(told)
        what = " ".join(told["what"]) if isinstance(told["what"], list) else told["what"]
        teller.result(f"{hook.name:20} {','.join(hook.on):28} {hook.way:8} {what}")
    if not hooks:
        teller.note("No hooks. Add one: modelyard hooks add NAME --on task-done -- COMMAND")


@command.command()
@click.argument("name")
@click.argument("run", nargs=-1)
@click.option("--on", "on", multiple=True, required=True, metavar="EVENT", help="When; may be given several times.")
@click.option("--webhook", default="", metavar="URL", help="POST the event there as JSON.")
@click.option("--signed", is_flag=True, help="Ask for a secret that signs what the webhook gets.")
@click.option("--notify", is_flag=True, help="Ask for a URL of Apprise: mail, chat and many more.")
@click.option("--plugin", default="", metavar="NAME", help="Call a plugin of the group modelyard.hooks.")
@click.option("--named", is_flag=True, help="Only for tasks that name it: get --detach --hook NAME.")
@click.option("--timeout", default=30.0, metavar="SECONDS", help="End it after this time; 30 by default.")
def add(
    name: str,
    run: tuple[str, ...],
    on: tuple[str, ...],
    webhook: str,
    signed: bool,
    notify: bool,
    plugin: str,
    named: bool,
    timeout: float,
) -> None:
    """Add the hook NAME that starts RUN (after --), or does what an option says. No shell is involved."""
    secret = _asked("Secret") if signed else ""
    url = _asked("Apprise URL") if notify else ""
    if not 0.1 <= timeout <= 3600:
        raise BadValue(f"{timeout:g} is no time from 0.1 to 3600 seconds.")
    what = {"run": run, "plugin": plugin, "webhook": webhook, "secret": secret, "notify": url}
    hook = msgspec.convert({"name": name, "on": on, "named": named, "timeout": timeout, **what}, Hook)
    _file().add(hook)
    Teller().result(
        f"{name} {'is told' if not run else 'runs'} on {', '.join(on)}. Try it: modelyard hooks test {name}"
    )


@command.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove the hook NAME."""
    _file().remove(name)
    Teller().result(f"{name} is removed.")


@command.command()
@click.argument("name")
@click.option("--event", default="", metavar="EVENT", help="Which event to make up; the hook's first by default.")
@json_option
def test(name: str, event: str, as_json: bool) -> None:
    """Run the hook NAME now, with a made-up task."""
    with opened(as_json=as_json) as (app, teller):
        told = app.hooks.test(name, event)
        teller.data(msgspec.to_builtins(told))
        teller.result(f"{name} went well in {told['seconds']} s.")
        if told["output"]:
            teller.result(told["output"])


def _asked(what: str) -> str:
    """A secret is never an argument: asked without echo, or read from stdin."""
    text = click.prompt(what, hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    if not str(text).strip():
        raise BadValue(f"{what}: nothing came.", hint="Type it, or pass it on stdin.")
    return str(text).strip()


def _file() -> HookFile:
    return HookFile(data_folder(os.environ))
