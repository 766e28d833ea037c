"""Lists for other programs: aria2's input file, lines of a Dockerfile. What their grammars cannot say is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from modelyard.programs.scripts.items import Item, below, comment, safe_link


def aria2(items: Sequence[Item], base: str) -> Iterator[str]:
    """One link each with its options behind it (aria2c(1), Input File): `aria2c -i FILE`."""
    for item in items:
        folder, _, name = below(base, item.target).rpartition("/")
        yield f"# {comment(item.remark)}\n{safe_link(item.url)}\n  dir={folder or '/'}\n  out={name}\n"
        if item.digest:
            yield f"  checksum=sha-256={item.digest}\n"


def docker(items: Sequence[Item], base: str) -> Iterator[str]:
    """`ADD` lines, in the form that takes spaces; BuildKit compares the checksum."""
    yield "# Needs BuildKit. Gated models need a key, which has no place in a Dockerfile: fetch those outside.\n"
    for item in items:
        check = f"--checksum=sha256:{item.digest} " if item.digest else ""
        target = below(base, item.target).removeprefix(".")
        words = msgspec.json.encode([safe_link(item.url), target]).decode()
        yield f"# {comment(item.remark)}\nADD {check}{words}\n"


def why_not_aria2(item: Item, base: str) -> str:
    """Why a file cannot stand in such a list; empty when it can."""
    path = below(base, item.target)
    if any(not letter.isprintable() for letter in path) or any(part != part.strip() for part in path.split("/")):
        return "Its name cannot be said in a list for aria2."
    return "" if safe_link(item.url) else "Nobody knows a lasting link to it."


def why_not_docker(item: Item, base: str) -> str:
    """Why a file cannot stand in a Dockerfile, which reads quotes, dollars and backslashes itself."""
    path = below(base, item.target) + safe_link(item.url)
    if any(not letter.isprintable() or letter in "\"'`$\\" for letter in path):
        return "Its name or link cannot be said in a Dockerfile."
    return "" if safe_link(item.url) else "Nobody knows a lasting link to it."
