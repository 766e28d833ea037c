"""Two models side by side: what is said of them, which tensors differ in name, shape or type, which sizes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from modelyard.errors import DiskFailed, NoSuchFile
from modelyard.jobs.stock import Stock
from modelyard.library.reading.look import Table

_MOST = 500


class Difference(msgspec.Struct, frozen=True):
    """One thing that differs; None is not there at all."""

    name: str
    first: Any
    second: Any


class Comparison(msgspec.Struct, frozen=True):
    """Two models side by side.

    Attributes:
        same_bytes: Measured and equal; None when one was not measured.
        same_tensors: The bytes behind the headers are measured and equal; None when that is not known.
        tensors: Names, shapes and types of tensors that differ, at most five hundred.
        tensors_differ: How many differ in all.
    """

    same_bytes: bool | None
    same_tensors: bool | None
    facts: list[Difference]
    metadata: list[Difference]
    tensors: list[Difference]
    tensors_differ: int
    tensors_alike: int


_FACTS = ("kind", "family", "base", "format", "dtype", "quantisation", "parameters", "size", "hub", "hub_model")
_MORE = ("hub_version", "author", "licence", "sha256")


def compare(stock: Stock, first: int, second: int) -> Comparison:
    """Compare two models of the catalogue.

    Raises:
        NoSuchModel: One of them is not there.
        DiskFailed: A file cannot be read.
    """
    one, two = stock.catalogue.details(first), stock.catalogue.details(second)
    facts = _differing(
        {name: getattr(one.model, name) for name in _FACTS + _MORE},
        {name: getattr(two.model, name) for name in _FACTS + _MORE},
    )
    heads = _table(stock, one.model.path), _table(stock, two.model.path)
    tensors = _differing(*(head.tensors for head in heads))
    alike = sum(1 for name in heads[0].tensors if name in heads[1].tensors) - sum(
        1 for each in tensors if None not in (each.first, each.second)
    )
    return Comparison(
        _same(one.model.sha256, two.model.sha256),
        _same(one.files[0].tensors, two.files[0].tensors),
        facts,
        _differing(*(head.metadata for head in heads))[:_MOST],
        tensors[:_MOST],
        len(tensors),
        alike,
    )


def _table(stock: Stock, path: str) -> Table:
    """What a head says; read in a limited child, as a stranger may have made it."""
    if not Path(path).exists():
        raise NoSuchFile(f"{path} is not there any more.")
    look = stock.reader.table(path)
    if look.table is None:
        raise DiskFailed(f"{path}: {' '.join(problem.words for problem in look.findings)}")
    return look.table


def _differing(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    names = dict.fromkeys([*first, *second])
    return [
        Difference(name, first.get(name), second.get(name)) for name in names if first.get(name) != second.get(name)
    ]


def _same(first: str, second: str) -> bool | None:
    return first == second if first and second else None
