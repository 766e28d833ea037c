"""Pages of the queue and of history: filtered, sorted, by key instead of by offset."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from modelyard.errors import BadValue
from modelyard.store.schema import tasks
from modelyard.tasks.order import IN_ORDER
from modelyard.tasks.states import State
from modelyard.tasks.task import Task, task_of


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which tasks.

    Attributes:
        states: Empty means all.
        kind: With ``-`` in front every kind but this one.
        text: Words that title, address or target contain, all of them.
        listed: Only what the queue shows.
    """

    states: tuple[State, ...] = ()
    kind: str = ""
    hub: str = ""
    text: str = ""
    favourite: bool | None = None
    listed: bool | None = None
    since: float | None = None
    until: float | None = None


class Page(msgspec.Struct, frozen=True):
    """Some tasks, and where the next page begins (None: there is none)."""

    tasks: list[Task]
    next: str | None


def queue_page(db: Connection, chosen: Filter, after: str | None = None, most: int = 100) -> Page:
    """Tasks in the order they will run.

    Raises:
        BadValue: `after` is no mark of a page.
    """
    columns = (tasks.c.priority, tasks.c.position, tasks.c.id)
    query = sa.select(tasks).where(*_where(chosen)).order_by(*IN_ORDER).limit(most + 1)
    if after:
        query = query.where(sa.tuple_(*columns) > sa.tuple_(*_mark(after, 3)))
    return _page(db, query, most, lambda task: (int(task.priority), task.position, task.id))


def history_page(db: Connection, chosen: Filter, after: str | None = None, most: int = 100) -> Page:
    """Ended tasks, the latest first.

    Raises:
        BadValue: `after` is no mark of a page.
    """
    query = sa.select(tasks).where(tasks.c.ended.is_not(None), *_where(chosen))
    query = query.order_by(tasks.c.ended.desc(), tasks.c.id.desc()).limit(most + 1)
    if after:
        ended, number = _mark(after, 2)
        query = query.where(sa.tuple_(tasks.c.ended, tasks.c.id) < sa.tuple_(ended, number))
    return _page(db, query, most, lambda task: (task.ended or 0.0, task.id))


def chosen_ids(db: Connection, chosen: Filter) -> list[int]:
    """All of them at once, by their numbers."""
    return list(db.execute(sa.select(tasks.c.id).where(*_where(chosen)).order_by(tasks.c.id)).scalars())


def _page(db: Connection, query: sa.Select[Any], most: int, key: Callable[[Task], Sequence[float]]) -> Page:
    found = [task_of(row) for row in db.execute(query).mappings()]
    more = len(found) > most
    return Page(found[:most], _show_mark(key(found[most - 1])) if more else None)


def of_kind(kind: str) -> list[sa.ColumnElement[bool]]:
    """Conditions for a kind of tasks, see `Filter.kind`; none for an empty one."""
    if kind.startswith("-"):
        return [tasks.c.kind != kind[1:]]
    return [tasks.c.kind == kind] if kind else []


def _where(chosen: Filter) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = []
    if chosen.states:
        where.append(tasks.c.state.in_(chosen.states))
    where += of_kind(chosen.kind)
    if chosen.hub:
        where.append(tasks.c.hub == chosen.hub)
    switches = {name: getattr(chosen, name) for name in ("favourite", "listed")}
    where += [tasks.c[name].is_(value) for name, value in switches.items() if value is not None]
    where += [
        tasks.c.search.contains(word, autoescape=True) for word in chosen.text.replace("\0", " ").lower().split()[:20]
    ]
    if chosen.since is not None:
        where.append(tasks.c.ended >= chosen.since)
    if chosen.until is not None:
        where.append(tasks.c.ended < chosen.until)
    return where


def _show_mark(key: Sequence[float]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(list(key))).decode().rstrip("=")


def _mark(text: str, length: int) -> list[float]:
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=list[float])
    except (ValueError, msgspec.DecodeError) as error:
        raise BadValue(f"{text[:80]!r} is no mark of a page.", hint="Take `next` of the page before.") from error
    if len(found) != length or abs(found[-1]) > 2**62:
        raise BadValue(f"{text[:80]!r} is a mark of another list.", hint="Take `next` of the page before.")
    return found


COLUMNS = (
    "id",
    "kind",
    "title",
    "hub",
    "address",
    "target",
    "state",
    "error",
    "size",
    "received",
    "seconds",
    "created",
    "ended",
    "favourite",
)
"""What an export holds."""


def exported(db: Connection, chosen: Filter) -> Iterator[Task]:
    """Every ended task that fits, the latest first, a page at a time."""
    after: str | None = None
    while True:
        page = history_page(db, chosen, after, 1000)
        yield from page.tasks
        after = page.next
        if after is None:
            return


def as_csv(found: Iterator[Task]) -> str:
    """Tasks as CSV with a header. A cell that a spreadsheet would run as a formula is quoted by an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for task in found:
        writer.writerow([_cell(task, name) for name in COLUMNS])
    return out.getvalue()


def _cell(task: Task, name: str) -> str:
    value = getattr(task, name)
    text = "" if value is None else str(value["code"] if name == "error" else value)
    return "'" + text if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
