"""What has ended: search, favourites, again, export, statistics."""

from __future__ import annotations

import time
from typing import Annotated, Literal

import msgspec

from modelyard.errors import BadValue, NoSuchTask, UnsafePath, UsageError
from modelyard.server.api.adding import queued
from modelyard.server.api.fence import check_again
from modelyard.server.api.tasks import Ids, Most, Word
from modelyard.server.api.views import TaskView, view
from modelyard.server.messages import Answer
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Routes
from modelyard.tasks.again import drafts_of, forget
from modelyard.tasks.listing import Filter, as_csv, exported, history_page
from modelyard.tasks.states import State
from modelyard.tasks.statistics import Day, Span, days

routes = Routes(tag="history")

When = Annotated[float, msgspec.Meta(ge=0, le=1e11)]
Date = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class HistoryQuery(Ask, frozen=True):
    """Which ended tasks, and which page.

    Attributes:
        text: Words that title, address or target must contain.
        since: Ended at this time or later, seconds since 1970.
        until: Ended before this time.
        listed: Only those that the queue still shows, or only those that it does not.
    """

    state: list[Literal["done", "failed", "cancelled"]] = []
    kind: Word = ""
    hub: Word = ""
    text: Word = ""
    favourite: bool | None = None
    since: When | None = None
    until: When | None = None
    listed: bool | None = None
    after: Word | None = None
    limit: Most = 100


class ExportQuery(HistoryQuery, frozen=True):
    """Which ended tasks, and how they are written."""

    format: Literal["csv", "json"] = "csv"


class HistoryPage(msgspec.Struct, frozen=True):
    """A page of ended tasks, the latest first."""

    tasks: list[TaskView]
    next: str | None


class Chosen(Ask, frozen=True):
    """Some tasks."""

    ids: Ids


class Queued(msgspec.Struct, frozen=True):
    """The new tasks, in the order of the request."""

    ids: list[int]


class DaysQuery(Ask, frozen=True):
    """From one day to another, both included (`YYYY-MM-DD`, local time); `by` sums them up."""

    since: Date = "0000-00-00"
    until: Date = "9999-12-31"
    by: Span = "day"


class Statistics(msgspec.Struct, frozen=True):
    """Counts per day, hub and kind, and their sum.

    Attributes:
        speed: Mean bytes per second while tasks ran.
    """

    days: list[Day]
    done: int
    failed: int
    cancelled: int
    bytes: int
    seconds: float
    speed: float


@routes.get("/history", role=Role.VIEWER, raises=(BadValue,))
def list_history(here: Here, query: HistoryQuery) -> HistoryPage:
    """Ended tasks, the latest first; those that were cleared from the queue too."""
    with here.app.queue.database.reading() as db:
        page = history_page(db, _chosen(query), query.after, query.limit)
    return HistoryPage([view(task) for task in page.tasks], page.next)


@routes.get("/history/export", role=Role.VIEWER, media_type="text/csv", also=("application/json",), gives=str)
def export_history(here: Here, query: ExportQuery) -> Answer:
    """Every ended task that fits, as CSV or JSON, to keep or to open elsewhere."""
    name = time.strftime(f"modelyard-history-%Y-%m-%d.{query.format}")
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    with here.app.queue.database.reading() as db:
        found = exported(db, _chosen(query))
        if query.format == "csv":
            return Answer(as_csv(found), headers=headers, media_type="text/csv; charset=utf-8")
        return Answer([view(task) for task in found], headers=headers)


@routes.post(
    "/history/again",
    role=Role.OPERATOR,
    status=201,
    raises=(NoSuchTask, UsageError, UnsafePath),
    noted=False,
    example={"ids": [3]},
)
def do_again(here: Here, body: Chosen) -> Queued:
    """Queue ended tasks again as new ones, with the same options."""
    for number in body.ids:
        check_again(here, number)
    return queued(here, drafts_of(here.app.queue, body.ids), Queued)


@routes.post("/history/forget", role=Role.ADMIN, raises=(NoSuchTask,), noted=False, example={"ids": [3]})
def forget_tasks(here: Here, body: Chosen) -> None:
    """Remove ended tasks from the history for good. Files and statistics stay."""
    forget(here.app.queue, body.ids, lambda db: here.keep(db, None))


@routes.get("/statistics", role=Role.VIEWER)
def statistics(here: Here, query: DaysQuery) -> Statistics:
    """What was done per day, hub and kind; kept when history is forgotten."""
    with here.app.queue.database.reading() as db:
        found = days(db, query.since, query.until, query.by)
    seconds = sum(day.seconds for day in found)
    size = sum(day.bytes for day in found)
    return Statistics(
        found,
        sum(day.done for day in found),
        sum(day.failed for day in found),
        sum(day.cancelled for day in found),
        size,
        round(seconds, 3),
        round(size / seconds, 1) if seconds else 0.0,
    )


def _chosen(query: HistoryQuery) -> Filter:
    return Filter(
        states=tuple(State(state) for state in query.state),
        kind=query.kind,
        hub=query.hub,
        text=query.text,
        favourite=query.favourite,
        since=query.since,
        until=query.until,
        listed=query.listed,
    )
