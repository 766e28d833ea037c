"""`modelyard quarantine`: pickles that would run code, and the way out for those you trust."""

from __future__ import annotations

from pathlib import Path

import click

from modelyard.cli.options import json_option, opened
from modelyard.cli.paths import absolute
from modelyard.values.sizes import show_size


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Show the pickles below your roots that would run code if a program loaded them, and what they would run."""
    if ctx.invoked_subcommand is not None:
        return
    import msgspec

    from modelyard.jobs.quarantine import kept

    with opened(as_json=as_json) as (app, teller):
        count = 0
        for one in kept(app.stock):
            count += 1
            teller.data(msgspec.to_builtins(one))
            teller.result(f"{show_size(one.size):>9}  {one.path}\n           {one.words}")
        teller.note(f"{count} in quarantine." if count else "Nothing in quarantine.")


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--sha256", metavar="HEX", help="Release it without asking when it has this hash.")
def release(file: Path, sha256: str | None) -> None:
    """Give FILE its name back: from then on programs load it, and what it holds is run."""
    from modelyard.jobs.admission import own_suffix
    from modelyard.jobs.measure import measure
    from modelyard.jobs.quarantine import release as let_go
    from modelyard.library.opinion import opinion

    with opened() as (app, teller):
        path = Path(absolute(str(file)))
        measured = measure(path, app.stop).digests["sha256"]
        teller.note(f"sha256 {measured}")
        if said := opinion(path, own_suffix(path)):
            teller.note(said)
        if sha256 is None:
            click.confirm(
                "Do you trust its author with everything that you may do on this machine?", abort=True, err=True
            )
        teller.result(f"Released: {let_go(app.stock, path, sha256 or measured, app.stop)}")
