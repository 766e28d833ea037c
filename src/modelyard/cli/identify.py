"""`modelyard identify`: say what model files are, from their own bytes; no service, database or network."""

from __future__ import annotations

import errno
import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from modelyard.cli.telling import Teller
from modelyard.errors import Damaged, NoSuchFile
from modelyard.library.formats.header import REMARKS
from modelyard.library.formats.reading import models_below
from modelyard.library.reading.look import Look
from modelyard.library.reading.pool import Pool

_BUNCH = 256


@click.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")
def command(paths: tuple[str, ...], as_json: bool) -> int:
    """Say what model files are: kind, family, how sure, and what is wrong with them. `-` reads paths from stdin."""
    teller, code = Teller(as_json=as_json), 0
    with Pool() as readers:
        for path, look in _looked(_listed(paths), readers):
            if isinstance(look, OSError):
                teller.error(NoSuchFile(f"{path} cannot be read: {look.strerror or look}."), about=str(path))
                code = code or NoSuchFile.exit_code
                continue
            teller.data(_object(path, look))
            teller.result(_words(path, look))
            if look.damaged:
                code = code or Damaged.exit_code
    return code


def _looked(paths: Iterator[Path], readers: Pool) -> Iterator[tuple[Path, Look | OSError]]:
    """What each file is, in order; some are read at the same time."""
    while bunch := list(itertools.islice(paths, _BUNCH)):
        wrong = {path: error for path in bunch if (error := _unreachable(path))}
        good = [path for path in bunch if path not in wrong]
        looks = dict(zip(good, readers.read([str(path) for path in good]), strict=True))
        yield from ((path, wrong.get(path) or looks[path]) for path in bunch)


def _unreachable(path: Path) -> OSError | None:
    try:
        os.fsencode(path).decode()
        if path.is_dir():
            next(path.iterdir(), None)
    except OSError as error:
        return error
    except UnicodeDecodeError:
        return OSError(errno.EILSEQ, "its name is no text")
    if not path.exists():
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    return None if os.access(path, os.R_OK) else PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _listed(paths: tuple[str, ...]) -> Iterator[Path]:
    """Every file that is meant: lines of stdin for ``-``, the models below a folder, else the path itself."""
    for text in paths:
        for line in sys.stdin.read().splitlines() if text == "-" else (text,):
            if line.strip():
                yield from models_below(Path(line))


def _object(path: Path, look: Look) -> dict[str, Any]:
    findings = [{"code": problem.code.value, "words": problem.words} for problem in look.findings]
    plain: dict[str, Any] = msgspec.to_builtins(look.identity)
    return {"path": str(path), **plain, "size": look.size, "tensors": look.tensors, "findings": findings}


def _words(path: Path, look: Look) -> str:
    """A readable line or two: what it is, and what is wrong."""
    identity = look.identity
    family = " or ".join(identity.candidates) or identity.family
    more = [identity.variant, identity.network, identity.quantisation or identity.dtype, identity.format]
    lines = [f"{path}: {identity.kind} {family} ({identity.certainty}; {', '.join(word for word in more if word)})"]
    for problem in look.findings:
        mark = "note" if problem.code in REMARKS else "wrong"
        lines.append(f"  {mark} [{problem.code.value}] {problem.words}")
    return "\n".join(lines)
