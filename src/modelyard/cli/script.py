"""`modelyard script`: a selection as a script that fetches it on another machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from modelyard.cli.chosen import found
from modelyard.cli.options import json_option
from modelyard.cli.yard import reached
from modelyard.errors import BadValue
from modelyard.jobs.scripting import Row
from modelyard.library import writing
from modelyard.programs.scripts.writing import KINDS

_LARGEST = 64 << 20


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("models", nargs=-1, metavar="MODEL…")
@click.option("--task", "tasks", multiple=True, type=click.IntRange(1), help="A download of the queue or the history.")
@click.option("--plan", type=click.File("rb"), help="What `modelyard workflow plan --json` wrote; - is stdin.")
@click.option("--lock", type=click.File("rb"), help="What `modelyard export` wrote; - is stdin.")
@click.option("--to", default="models", show_default=True, help="The folder that the files go below.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it here instead of stdout.")
@json_option
def command(
    kind: str,
    models: tuple[str, ...],
    tasks: tuple[int, ...],
    plan: Any,
    lock: Any,
    to: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Write MODELs (numbers or paths), tasks, a plan or a lockfile as a script that fetches them and proves them.

    No key stands in it: the scripts read HF_TOKEN and CIVITAI_TOKEN where they run.
    """
    said: dict[str, Any] = {"kind": kind, "tasks": list(tasks), "to": to}
    if plan is not None:
        said["rows"] = [row for line in _read(plan).splitlines() if line.strip() for row in _rows(line)]
    if lock is not None:
        said["lock"] = _json(_read(lock))
    with reached(as_json=as_json) as (yard, teller):
        said["ids"] = [found(yard, text)["model"]["id"] for text in models]
        told = yard("POST", "/scripts", said)
        if as_json:
            click.echo(msgspec.json.encode(told))  # the script itself: nothing in it is a key, and none is masked
        elif out is not None:
            writing.put(out.absolute(), told["text"].encode())
            teller.result(f"{told['files']} files in {out}.")
        else:
            click.echo(told["text"], nl=False)
        for one in told["left"]:
            teller.note(f"  left out: {one['target']}: {one['why']}")


def _read(file: Any) -> bytes:
    data: bytes = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise BadValue("The file is larger than 64 MiB.")
    return data


def _json(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadValue(f"This is no JSON: {error}.") from error


def _rows(line: bytes) -> list[dict[str, Any]]:
    """The models of one workflow's plan, with the fields that a script needs."""
    told = _json(line)
    models = told.get("models") if isinstance(told, dict) else None
    if not isinstance(models, list) or not all(isinstance(row, dict) for row in models):
        raise BadValue("This is no plan.", hint="Make one: `modelyard workflow plan FILE --json`.")
    return [{name: row[name] for name in Row.__struct_fields__ if row.get(name)} for row in models]
