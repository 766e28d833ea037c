"""From a selection to a script of one kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Literal

import msgspec

from modelyard.programs.scripts import lists, shell
from modelyard.programs.scripts.items import Item, Script, comment
from modelyard.programs.scripts.python import python

Kind = Literal["modelyard", "python", "curl", "aria2", "docker"]


class _Writer(msgspec.Struct, frozen=True):
    name: str
    write: Callable[[Sequence[Item], str], Iterator[str]]
    why_not: Callable[[Item, str], str]


def _shell(item: Item, base: str, *, link: bool) -> str:
    return shell.why_not_shell(item, link=link) or ("Its folder has a NUL." if "\0" in base else "")


_WRITERS: dict[Kind, _Writer] = {
    "modelyard": _Writer("fetch-models.sh", shell.modelyard, partial(_shell, link=False)),
    "python": _Writer("fetch_models.py", python, partial(_shell, link=True)),
    "curl": _Writer("fetch-models.sh", shell.curl, partial(_shell, link=True)),
    "aria2": _Writer("models.aria2.txt", lists.aria2, lists.why_not_aria2),
    "docker": _Writer("Dockerfile.models", lists.docker, lists.why_not_docker),
}
KINDS: tuple[Kind, ...] = tuple(_WRITERS)


def write(kind: Kind, items: Iterable[Item], base: str = "models") -> Script:
    """Write the files of a selection as a script.

    Args:
        base: The folder that they go below.
    """
    writer = _WRITERS[kind]
    judged = [(item, writer.why_not(item, base)) for item in items]
    left = tuple((item.target, why) for item, why in judged if why)
    told = [*writer.write([item for item, why in judged if not why], base)]
    told += [f"# left out: {comment(target)}: {why}\n" for target, why in left]
    return Script(writer.name, "".join(told), left)
