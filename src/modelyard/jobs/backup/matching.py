"""Which model here a record of a backup speaks of. Pure: the surest ways of telling come first."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence

import msgspec

from modelyard.catalogue.keepsakes import Spot
from modelyard.jobs.backup.form import ModelRecord

Told = ModelRecord | Spot


class _Way(msgspec.Struct, frozen=True):
    """One way of telling models apart.

    Attributes:
        key: Equal keys mean the same model; None says nothing.
        sole: It counts only when one model alone is left that has it.
    """

    key: Callable[[Told], Hashable]
    sole: bool = False


_WAYS = (
    _Way(lambda one: (one.sha256, one.root, one.folder, one.place) if one.sha256 else None),
    _Way(lambda one: (one.root, one.folder, one.place, one.size, one.modified)),
    _Way(lambda one: (one.sha256, one.folder, one.place) if one.sha256 else None),
    _Way(lambda one: (one.folder, one.place, one.size, one.modified)),
    _Way(lambda one: one.sha256 or None),
    _Way(lambda one: (one.root, one.folder, one.place, one.size)),
    _Way(lambda one: (one.folder, one.place, one.size), sole=True),
)


def match(records: Sequence[ModelRecord], spots: Sequence[Spot]) -> tuple[dict[int, ModelRecord], list[ModelRecord]]:
    """Records by the number of the model that they speak of, and those whose model is not here.

    Each model is spoken of once. Where both were measured, other bytes are another model wherever they lie.

    Args:
        spots: Those first that are on the disk.
    """
    found: dict[int, ModelRecord] = {}
    left = sorted(records, key=lambda one: one.gone)  # what was there is asked for before what was gone
    for way in _WAYS:
        by_key: dict[Hashable, list[Spot]] = {}
        for spot in spots:
            if spot.id not in found and (key := way.key(spot)) is not None:
                by_key.setdefault(key, []).append(spot)
        waiting = []
        for record in left:
            fitting = list(_fitting(record, by_key.get(way.key(record), ()), found))
            if fitting and (len(fitting) == 1 or not way.sole):
                found[fitting[0].id] = record
            else:
                waiting.append(record)
        left = waiting
    return found, left


def _fitting(record: ModelRecord, candidates: Sequence[Spot], taken: dict[int, ModelRecord]) -> Iterator[Spot]:
    for spot in candidates:
        other_bytes = record.sha256 and spot.sha256 and record.sha256 != spot.sha256
        if spot.id not in taken and not other_bytes:
            yield spot
