"""`modelyard restore`: a backup is taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from modelyard.cli.options import json_option
from modelyard.cli.yard import reached
from modelyard.errors import BadValue, NoService

_SHOWN = 20


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Say what would come back, and change nothing.")
@click.option("--replace", is_flag=True, help="Where both have words, FILE's stand; else yours of today do.")
@json_option
def command(file: Path, dry_run: bool, replace: bool, as_json: bool) -> None:
    """Take back FILE (- is stdin), which `modelyard backup` wrote. Gaps are filled; nothing that is here is lost."""
    import msgspec

    from modelyard.jobs.backup.form import LARGEST

    with click.open_file(str(file), "rb") as opened_file:
        data = opened_file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise BadValue(f"This is no backup that can be read: it has more than {LARGEST >> 20} MiB.")
    chosen = f"dry_run={str(dry_run).lower()}&replace={str(replace).lower()}"
    with reached(as_json=as_json) as (yard, teller):
        try:
            told = yard("POST", f"/backup/restore?{chosen}", msgspec.Raw(data))
        except NoService as error:  # of very many models it takes longer than a command waits
            hint = "It may still be at work there. Run the same line again: twice is the same as once."
            raise NoService(error.message, hint=hint) from error
        teller.data(told)
        for line in _lines(told):
            teller.result(line)
        for line in _unfinished(told):
            teller.note(line)


def _lines(told: dict[str, Any]) -> list[str]:
    would = "would change" if told["dry_run"] else "changed"
    counts = ("words", "hashes", "uses", "ignored", "searches")
    lines = [f"{told['models']} models of the backup are here, {told['changed']} {would}."]
    lines += [f"{name}: {told[name]}" for name in counts if told[name]]
    parts = ("roots", "settings", "profiles", "schedule")
    return lines + [f"{name}: {', '.join(told[name])}" for name in parts if told[name]]


def _unfinished(told: dict[str, Any]) -> list[str]:
    lines = [f"  not taken: {words}" for words in told["left"]]
    lines += [f"  not in the backup: {words}" for words in told["left_out"]]
    lines += [f"  not here: {place}" for place in told["unknown"][:_SHOWN]]
    if told["gone"]:
        lines.append(f"{told['gone']} models of the backup were gone already when it was written.")
    if told["missing"]:
        lines.append(
            f"{told['missing']} models of the backup are not here: run `modelyard scan` or attach their drive, "
            "then restore again."
        )
    return lines
