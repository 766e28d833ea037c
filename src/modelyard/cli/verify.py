"""`modelyard verify`: are the files on disk still what they were?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from modelyard.cli.chores import do_chore
from modelyard.cli.chosen import found
from modelyard.cli.options import json_option, opened
from modelyard.cli.telling import Teller
from modelyard.cli.yard import asking
from modelyard.errors import Damaged, UsageError, YardError
from modelyard.jobs.verify import Finding, State, files_below, repair, verify
from modelyard.values.sizes import show_size


@click.command()
@click.argument("what", nargs=-1)
@click.option("--library", is_flag=True, help="All models of the library, the longest unseen first.")
@click.option("--days", type=click.IntRange(0), default=0, help="With --library: those not checked for so many days.")
@click.option("--sha256", metavar="HEX", help="What the one file should hash to.")
@click.option("--repair", "mend", is_flag=True, help="Fetch damaged blocks again; the old file stays until then.")
@json_option
def command(what: tuple[str, ...], library: bool, days: int, sha256: str | None, mend: bool, as_json: bool) -> int:
    """Read files and compare them with what they should be.

    WHAT is a number of `modelyard list`, a file, or a folder with all model files in it.
    """
    if library:
        return _library(days, mend, as_json)
    numbers, paths = [text for text in what if text.isdigit()], [Path(text) for text in what if not text.isdigit()]
    if not what:
        raise UsageError("Nothing to verify.", hint="Name models, files or folders, or say --library.")
    if numbers and sha256:
        raise UsageError("--sha256 is for one file.", hint="Name the file by its path.")
    code = _known(numbers, mend, as_json) if numbers else 0
    return max(code, _files(paths, sha256, mend, as_json)) if paths else code


def _files(paths: list[Path], sha256: str | None, mend: bool, as_json: bool) -> int:
    code, counts = 0, dict.fromkeys(State, 0)
    with opened(as_json=as_json) as (app, teller):
        for path in files_below(paths):
            try:
                finding, measured = verify(app.yard, path, sha256)
                if mend and finding.state is State.DAMAGED:
                    finding = repair(app.yard, finding, measured)
            except YardError as error:
                teller.error(error, str(path))
                code = code or error.exit_code
                continue
            counts[finding.state] += 1
            teller.data(_data(finding))
            teller.result(f"{finding.state.value:8} {path}  {_words(finding)}")
            if finding.state is State.DAMAGED:
                code = code or Damaged.exit_code
        teller.note(", ".join(f"{count} {state.value}" for state, count in counts.items() if count))
        if counts[State.DAMAGED] and not mend:
            teller.note("Mend them with --repair: only the broken blocks are fetched.")
    return code


def _library(days: int, mend: bool, as_json: bool) -> int:
    with opened(as_json=as_json) as (app, teller):
        said = {"before": app.clock.wall() - days * 86400, "mend": mend}
        return _told(teller, do_chore(app, teller, "verify", said), mend=mend)


def _known(numbers: list[str], mend: bool, as_json: bool) -> int:
    with opened(as_json=as_json) as (app, teller):
        with asking(app) as yard:
            ids = [found(yard, text)["model"]["id"] for text in numbers]
        return _told(teller, do_chore(app, teller, "verify", {"ids": ids, "mend": mend}), mend=mend)


def _told(teller: Teller, told: dict[str, Any], *, mend: bool) -> int:
    teller.data(told)
    for one in told["findings"]:
        teller.result(f"{one['state']:10} {one['path']}  {one['message']}")
    counts = ", ".join(f"{number} {state}" for state, number in told["counts"].items())
    teller.note(counts or "Nothing to verify: no models, or all were checked since then.")
    bad = [one for one in told["findings"] if one["state"] in ("damaged", "unreadable")]
    if bad and not mend:
        teller.note("Mend them with --repair: only the broken blocks are fetched, from any hub that has them.")
    return Damaged.exit_code if bad else 0


def _data(finding: Finding) -> dict[str, object]:
    return {
        "path": str(finding.path),
        "state": finding.state.value,
        "sha256": finding.sha256,
        "expected": finding.expected or None,
        "bad_blocks": list(finding.bad_blocks),
        "fetched": finding.fetched,
    }


def _words(finding: Finding) -> str:
    match finding.state:
        case State.GOOD:
            return f"sha256 {finding.sha256[:16]}…"
        case State.UNKNOWN:
            return f"nobody said what it should be; measured and kept: sha256 {finding.sha256[:16]}…"
        case State.MENDED:
            return f"{show_size(finding.fetched)} fetched"
        case State.DAMAGED:
            where = f"{len(finding.bad_blocks)} MiB differ" if finding.bad_blocks else "it is not clear where"
            return f"{where}; sha256 {finding.sha256[:16]}… instead of {finding.expected[:16]}…"
