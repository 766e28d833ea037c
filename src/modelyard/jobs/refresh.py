"""The refresh flow: hubs are asked about models, the catalogue and the sidecars learn, missing previews come."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from modelyard.catalogue.refreshing import Learned, Subject
from modelyard.errors import YardError
from modelyard.jobs.chores import Chore, Options, Step, Tell
from modelyard.jobs.inquiry import Inquiry, Outcome, Said
from modelyard.jobs.learning import cleaned, deleted, told, unknown
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.owning import keep_beside
from modelyard.jobs.stock import Stock
from modelyard.net.stop import Stop
from modelyard.values.about import About
from modelyard.values.identity import CERTAIN, Identity
from modelyard.values.week import DAY

_BATCH = 100
_PICTURES_AT_ONCE = 4
_MOST_FAILED = 200


class RefreshOptions(Options, frozen=True, kw_only=True):
    """Which models hubs are asked about.

    Attributes:
        ids: Only these; empty is all that lack something.
        every: Complete ones, too.
        force: Those that were asked about within a day, too.
        most: At most so many; 0 is all.
        rest: Seconds that a model is left alone after it was asked about.
    """

    ids: tuple[int, ...] = ()
    every: bool = False
    force: bool = False
    most: int = 0
    rest: float = DAY


_FEW = 20
"""So many models that a person chose are measured first where they are not; more would take too long unasked."""


@dataclass
class Refreshed:
    """What a refresh did so far.

    Attributes:
        said: Models by what hubs said of them.
        before: Models by completeness.
    """

    said: Counter[str] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    pictures: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)

    def fail(self, path: str, error: YardError) -> None:
        """Note what went wrong with one model."""
        if len(self.failed) < _MOST_FAILED:
            self.failed.append({"path": path, "code": error.code, "message": error.message})


def refresh(stock: Stock, options: RefreshOptions, stop: Stop, tell: Tell) -> dict[str, Any]:
    """Ask hubs about models, and keep what they say.

    Raises:
        YardError: No hub could be asked about any of them.
    """
    if 0 < len(options.ids) <= _FEW:
        measure_models(stock, MeasureOptions(ids=options.ids), stop, tell)  # hubs are asked by hash
    before = math.inf if options.force else stock.wall() - options.rest
    every = options.every or bool(options.ids)
    numbers = stock.catalogue.due(options.ids, every=every, before=before, most=options.most)
    inquiry, done = Inquiry(stock.yard, stop, options.force), Refreshed()
    for first in range(0, len(numbers), _BATCH):
        stop.check()
        tell(Step(first, len(numbers), f"Asking about {len(numbers):,} models, {done.said['found']:,} found"))
        _batch(stock, stock.catalogue.subjects(numbers[first : first + _BATCH]), inquiry, done, stop)
    if inquiry.resting and not done.said.keys() - {Said.WAITING, Said.NOTHING}:
        raise next(iter(inquiry.resting.values()))
    return {
        "asked": len(numbers),
        "skipped": max(0, len(set(options.ids)) - len(numbers)),
        **{word.value: done.said[word] for word in Said if word is not Said.FAILED},
        "pictures": done.pictures,
        "before": dict(done.before),
        "after": dict(done.after),
        "failed": done.failed,
        "resting": [{"hub": hub, "code": one.code, "message": one.message} for hub, one in inquiry.resting.items()],
    }


def _batch(stock: Stock, subjects: Sequence[Subject], inquiry: Inquiry, done: Refreshed, stop: Stop) -> None:
    outcomes = inquiry.about(subjects)
    now = stock.wall()
    weighed = _weighed(stock, subjects, outcomes)
    learned = {
        one.id: Learned(partial(_known, outcome=outcomes[one.id], now=now), weighed.get(one.id), {"asked": now})
        for one in subjects
        if outcomes[one.id].said in (Said.FOUND, Said.UNKNOWN, Said.DELETED)
    }
    with stock.beside:
        kept = stock.catalogue.learn(learned)
        for one in subjects:
            outcome, about = outcomes[one.id], kept.get(one.id, one.about)
            done.said[outcome.said] += 1
            done.before[one.about.completeness] += 1
            done.after[about.completeness] += 1
            if outcome.said is Said.FAILED and outcome.error:
                done.fail(one.path, outcome.error)
            if _worth_writing(stock, outcome, one.about, about):
                keep_beside(stock, one.id, outcome.records[0].description if outcome.records else "")
    records = {number: outcome.records for number, outcome in outcomes.items()}
    _illustrate(stock, [one for one in subjects if not one.preview], kept, records, done, stop)


def _known(old: About, outcome: Outcome, now: float) -> About:
    at = dt.datetime.fromtimestamp(now, dt.UTC).isoformat(timespec="seconds")
    if outcome.said is Said.UNKNOWN:
        return unknown(old, outcome.hubs, at)
    if outcome.said is Said.DELETED:
        return deleted(old, at)
    for record in outcome.records:
        old = told(old, cleaned(record), at)
    return old


def _worth_writing(stock: Stock, outcome: Outcome, before: About, after: About) -> bool:
    """Whether sidecars have something to tell: an empty one says to other tools that the hub was asked in vain."""
    if outcome.said is Said.UNKNOWN:
        return "civitai.info" in stock.forms() and before.unknown_at != after.unknown_at
    return outcome.said in (Said.FOUND, Said.DELETED)


def _weighed(stock: Stock, subjects: Sequence[Subject], outcomes: Mapping[int, Outcome]) -> dict[int, Identity]:
    """What models are by a hub's word on exactly their bytes, too, where that may make it surer."""
    unsure = [
        (one, record)
        for one in subjects
        if (record := outcomes[one.id].of_bytes) and record.base_model
        if one.identity.certainty != CERTAIN or one.identity.base_model != record.base_model
    ]
    readings = stock.reader.weigh([(one.path, record) for one, record in unsure])
    return {
        one.id: reading.identity
        for (one, _), reading in zip(unsure, readings, strict=True)
        if reading.identity.format == one.identity.format
    }


def _illustrate(
    stock: Stock,
    subjects: Sequence[Subject],
    kept: Mapping[int, About],
    records: Mapping[int, Sequence[About]],
    done: Refreshed,
    stop: Stop,
) -> None:
    """Fetch a preview for those that have none; what fails is told, and costs that picture only."""
    wanted = [one for one in subjects if one.id in kept and stock.pictures.fitting(kept[one.id])]
    wanted = [one for one in wanted if Path(one.path).exists()]

    def fetched(one: Subject) -> YardError | None:
        try:
            picture = stock.pictures.fitting(kept[one.id])
            if picture and not stop.is_set():
                stock.pictures.give(stock.catalogue.get(one.id), stock.pictures.fetch(picture, stop, records[one.id]))
        except YardError as error:
            return error
        return None

    with ThreadPoolExecutor(_PICTURES_AT_ONCE, "pictures") as pool:
        for one, error in zip(wanted, pool.map(fetched, wanted), strict=True):
            if error is None:
                done.pictures += 1
            else:
                done.fail(one.path, error)
    stop.check()


REFRESH = Chore("refresh", "Ask hubs about models", RefreshOptions, refresh)
