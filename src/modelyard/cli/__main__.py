"""`modelyard`: finds the command, opens the App, prints errors, sets the exit code."""

from __future__ import annotations

import importlib
import signal
import sys
from typing import Any

import click

from modelyard.cli.starting import importing
from modelyard.cli.telling import Teller
from modelyard.errors import UsageError, YardError
from modelyard.values.version import VERSION

COMMANDS = {
    "get": "Fetch models: paste a link, get proven files.",
    "queue": "Show and change the queue of the service.",
    "top": "Watch the queue, live.",
    "history": "Show what has ended; fetch it again, export it.",
    "stats": "Show what was fetched, per day and hub.",
    "schedule": "Fetch something again and again.",
    "profiles": "Keep named sets of options.",
    "limit": "Show and change speed limits while transfers run.",
    "info": "Show what a hub says about a model.",
    "files": "List the files of a model.",
    "search": "Search models on all hubs.",
    "roots": "Register the folders where models lie.",
    "scan": "Look for new, changed and moved models.",
    "list": "List, search and count the models that are here.",
    "show": "Show what is known of a model.",
    "refresh": "Ask hubs what they know of models.",
    "upkeep": "Say what could be better in the library.",
    "tag": "Tag, rate and annotate models.",
    "trash": "Remove models to the trash; put them back.",
    "move": "Take models to another folder or disk.",
    "rename": "Give a model another name, with its sidecars.",
    "dedupe": "Give back the space of duplicates.",
    "programs": "Find other programs; import their models in place.",
    "link": "Make models usable in other programs.",
    "script": "Write models down as a script that fetches them.",
    "space": "Say what takes the room, and what could go.",
    "usage": "Show which models are used, and which are not.",
    "ensure": "Have a model ready, and print its path.",
    "versions": "Look for newer versions of what is here.",
    "verify": "Check files on disk; mend damaged ones.",
    "repair": "Mend damaged files, by the block.",
    "quarantine": "See pickles that would run code; release one.",
    "measure": "Measure the hashes of models that have none.",
    "compare": "Compare two models.",
    "export": "Write the library down as a lockfile.",
    "sync": "Check a lockfile; fetch what is missing.",
    "backup": "Write down what only this machine knows.",
    "restore": "Take a backup back.",
    "hash": "Measure the hashes of files.",
    "identify": "Say what model files are.",
    "workflow": "See which models a workflow needs, and get them.",
    "comfyui": "Put Modelyard into a ComfyUI.",
    "serve": "Run the service: its page, REST and events.",
    "page": "Print a fresh link to the running service's page.",
    "stop": "End the running service; its downloads go on at the next start.",
    "keys": "Keep, check and remove hub keys.",
    "lan": "Register hubs of your own network.",
    "hooks": "Run a command or tell somebody when a task ends.",
    "config": "Show and change settings.",
    "demo": "See a download without account or network.",
    "completion": "Print the completion script of your shell.",
}
"""Commands and their one-line help, in the order a newcomer wants to read them."""


class LazyCommands(click.Group):
    """Imports a command's file only when it is called: `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        with importing():
            module = importlib.import_module(f"modelyard.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest name when there is none."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            more = f" Did you mean `{near[0]}`?" if near else ""
            raise click.UsageError(f"There is no command {args[0]!r}.{more}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="modelyard")
def main() -> None:
    """Download, prove and organise AI model files.

    \b
    modelyard get hf:owner/repo/model.safetensors --to models/
    modelyard get https://civitai.com/models/123 --dry-run
    modelyard demo
    """  # noqa: D301  # click looks for a true backspace


def run() -> None:
    """Entry point: never a traceback for what a person can act on."""
    signal.signal(signal.SIGTERM, _interrupt)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, _interrupt)
    try:
        code = main(standalone_mode=False)
    except click.ClickException as error:
        if "--json" in sys.argv:
            Teller(as_json=True).error(UsageError(error.format_message()))
        else:
            error.show()
        sys.exit(UsageError.exit_code)
    except YardError as error:
        Teller(as_json="--json" in sys.argv).error(error)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read us went away (`| head`); nothing is wrong
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt
