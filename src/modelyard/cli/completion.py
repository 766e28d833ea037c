"""`modelyard completion`: the script that teaches a shell our commands."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from modelyard.errors import NotSupported


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), required=False)
def command(shell: str | None) -> None:
    r"""Print the completion script for SHELL (default: yours).

    \b
    bash:  modelyard completion bash >> ~/.bashrc
    zsh:   modelyard completion zsh >> ~/.zshrc
    fish:  modelyard completion fish > ~/.config/fish/completions/modelyard.fish
    """
    from modelyard.cli.__main__ import main

    shell = shell or Path(os.environ.get("SHELL", "bash")).name
    kind = get_completion_class(shell)
    if kind is None:
        raise NotSupported(f"There is no completion for {shell}.", hint="Name bash, zsh or fish.")
    click.echo(kind(main, {}, "modelyard", "_MODELYARD_COMPLETE").source())
