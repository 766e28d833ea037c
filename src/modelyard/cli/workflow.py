"""`modelyard workflow`: say which models a workflow needs; no service, database or network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import msgspec

from modelyard.cli.telling import Teller
from modelyard.errors import YardError
from modelyard.programs.workflows.reading import read_workflow
from modelyard.programs.workflows.references import Workflow


@click.group()
def command() -> None:
    """Say which models a workflow needs."""


@command.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a file.")
def plan(files: tuple[Path, ...], as_json: bool) -> int:
    """Say which models workflows need, from JSON files, pictures, videos and sound that hold one.

    Ends with 6 when a file holds no workflow.
    """
    teller, code = Teller(as_json=as_json), 0
    for file in files:
        try:
            workflow = read_workflow(file)
        except YardError as error:
            teller.error(error, about=_shown(file))
            code = code or error.exit_code
            continue
        plain: dict[str, Any] = msgspec.to_builtins(workflow)
        teller.data({"file": _shown(file), **plain})
        teller.result(_words(file, workflow))
    return code


def _shown(file: Path) -> str:
    """The path as text that can be printed, whatever bytes its name has."""
    return os.fsencode(file).decode("utf-8", "replace")


def _words(file: Path, workflow: Workflow) -> str:
    """What is needed, what is switched off, what texts name, and what is wrong; a line each."""
    lines = [f"{_shown(file)}: {len(workflow.needed)} needed, {len(workflow.declared_not_needed)} switched off"]
    lines += [f"  {_row(row)}" for row in workflow.needed]
    lines += [f"  off: {_row(row)}" for row in workflow.declared_not_needed]
    lines += [f"  in a text: {_row(row)}" for row in workflow.mentioned]
    lines += [f"  wrong: {problem}" for problem in workflow.problems]
    return "\n".join(lines)


def _row(row: dict[str, Any]) -> str:
    return f"{row.get('directory') or '(folder unknown)'}/{row['name'] or '(no name)'}" + "".join(
        f"  {row[key]}" for key in ("url", "address", "hash") if row.get(key)
    )
