"""`modelyard identify`: say what model files are, from their own bytes; no service, database or network."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from modelyard.cli.telling import Teller
from modelyard.errors import Damaged, NoSuchFile
from modelyard.library.formats.header import REMARKS, Header
from modelyard.library.formats.reading import models_below, read_header
from modelyard.library.identify.identify import identify
from modelyard.values.identity import Identity


@click.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")
def command(paths: tuple[str, ...], as_json: bool) -> int:
    """Say what model files are: kind, family, how sure, and what is wrong with them. `-` reads paths from stdin."""
    teller, code = Teller(as_json=as_json), 0
    for path in _listed(paths):
        try:
            header = read_header(path)
        except OSError as error:
            teller.error(NoSuchFile(f"{path} cannot be read: {error.strerror or error}."), about=str(path))
            code = code or NoSuchFile.exit_code
            continue
        identity = identify(header, str(path))
        teller.data(_object(path, header, identity))
        teller.result(_words(path, header, identity))
        if header.damaged:
            code = code or Damaged.exit_code
    return code


def _listed(paths: tuple[str, ...]) -> Iterator[Path]:
    """Every file that is meant: lines of stdin for ``-``, the models below a folder, else the path itself."""
    for text in paths:
        for line in sys.stdin.read().splitlines() if text == "-" else (text,):
            if line.strip():
                yield from models_below(Path(line))


def _object(path: Path, header: Header, identity: Identity) -> dict[str, Any]:
    findings = [{"code": problem.code.value, "words": problem.words} for problem in header.findings]
    plain: dict[str, Any] = msgspec.to_builtins(identity)
    return {"path": str(path), **plain, "size": header.size, "tensors": len(header.tensors), "findings": findings}


def _words(path: Path, header: Header, identity: Identity) -> str:
    """A readable line or two: what it is, and what is wrong."""
    family = " or ".join(identity.candidates) or identity.family
    more = [identity.variant, identity.network, identity.quantisation or identity.dtype, identity.format]
    lines = [f"{path}: {identity.kind} {family} ({identity.certainty}; {', '.join(word for word in more if word)})"]
    for problem in header.findings:
        mark = "note" if problem.code in REMARKS else "wrong"
        lines.append(f"  {mark} [{problem.code.value}] {problem.words}")
    return "\n".join(lines)
