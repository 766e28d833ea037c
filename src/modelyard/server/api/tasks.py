"""The queue: add, look, change, order."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from sqlalchemy.engine import Connection

from modelyard.errors import BadValue, IllegalMove, NoSuchTask, UnsafePath, UsageError
from modelyard.server.api.adding import BatchEntry, Item, queued, read_items, read_lines
from modelyard.server.api.fence import retry
from modelyard.server.api.views import AnswerView, TaskError, TaskView, answers, live_of, view
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Id, Routes
from modelyard.tasks.listing import Filter, queue_page
from modelyard.tasks.queue import Step
from modelyard.tasks.states import State
from modelyard.tasks.task import Priority
from modelyard.tasks.verbs import Answer

routes = Routes(tag="tasks")

_MEANT = {
    "pause": (State.QUEUED, State.WAITING, State.RUNNING, State.VERIFYING),
    "resume": (State.PAUSED,),
    "retry": (State.FAILED,),
}
"""Which tasks a verb is for that names none."""

Ids = Annotated[list[Id], msgspec.Meta(max_length=100_000)]
Most = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Word = Annotated[str, msgspec.Meta(max_length=1000)]
PriorityWord = Literal["low", "normal", "high"]


class TaskQuery(Ask, frozen=True):
    """Which tasks, and which page.

    Attributes:
        kind: `download`, or a chore's; with `-` in front every kind but this one.
        text: Words that title, address or target must contain.
        after: `next` of the page before.
    """

    state: list[State] = []
    kind: Word = ""
    hub: Word = ""
    text: Word = ""
    after: Word | None = None
    limit: Most = 100


class TaskPage(msgspec.Struct, frozen=True):
    """A page of the queue, in the order the tasks will run, and how many of the kind there are in each state."""

    tasks: list[TaskView]
    next: str | None
    counts: dict[State, int]


class NewTasks(Ask, frozen=True):
    """What to download: `items` one by one, or `addresses` that share everything else."""

    addresses: Annotated[list[Annotated[str, msgspec.Meta(max_length=8192)]], msgspec.Meta(max_length=100_000)] = []
    items: Annotated[list[Item], msgspec.Meta(max_length=100_000)] = []
    shared: Item | None = None


class Refusal(msgspec.Struct, frozen=True):
    """An address that was not queued, and why."""

    address: str
    error: TaskError


class Added(msgspec.Struct, frozen=True):
    """What was queued, in the order of the request, and what was not."""

    ids: list[int]
    refused: list[Refusal]


class NewBatch(Ask, frozen=True):
    """Any text with addresses in it: lines, prose, a JSON list, CSV.

    Attributes:
        try_only: Tell what each line would become, and queue nothing.
    """

    text: str
    shared: Item | None = None
    try_only: bool = False


class BatchAnswer(msgspec.Struct, frozen=True):
    """What each line became."""

    ids: list[int]
    entries: list[BatchEntry]


class Action(Ask, frozen=True):
    """One verb for many tasks.

    Attributes:
        ids: Which. None at all means every listed task that the verb is for: `pause` those that run or will, `resume`
            the paused ones, `retry` the failed ones. `cancel` wants them named.
        kind: Without ids: only of this kind, or with `-` in front of every other one.
        text: Without ids: only those whose title, address or target contain these words.
        discard: With `cancel`: remove what had arrived, too.
    """

    do: Literal["pause", "resume", "cancel", "retry"]
    ids: Ids = []
    kind: Word = ""
    text: Word = ""
    discard: bool = False


class Changes(Ask, frozen=True):
    """What to change of a task; what is left out stays.

    Attributes:
        limit: A speed like `5MB/s`; empty takes it away. Holds at once.
    """

    priority: PriorityWord | msgspec.UnsetType = msgspec.UNSET
    favourite: bool | msgspec.UnsetType = msgspec.UNSET
    limit: Word | msgspec.UnsetType = msgspec.UNSET


class Placing(Ask, frozen=True):
    """Where some tasks go, in the order given: before a task, to the top, or to the end."""

    ids: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=1000)]
    before: Id | None = None
    to: Literal["top", "end"] | None = None


class Clearing(Ask, frozen=True):
    """Which ended tasks leave the list; history keeps them."""

    states: tuple[Literal["done", "failed", "cancelled"], ...] = ("done", "cancelled")


class Cleared(msgspec.Struct, frozen=True):
    """How many left the list."""

    count: int


@routes.get("/tasks", role=Role.VIEWER, raises=(BadValue,))
def list_tasks(here: Here, query: TaskQuery) -> TaskPage:
    """The queue, a page at a time, in the order it will run."""
    chosen = Filter(states=tuple(query.state), kind=query.kind, hub=query.hub, text=query.text, listed=True)
    with here.app.queue.database.reading() as db:
        page = queue_page(db, chosen, query.after, query.limit)
    live = live_of(here.app)
    return TaskPage([view(task, live) for task in page.tasks], page.next, here.app.queue.counts(query.kind))


@routes.post(
    "/tasks",
    role=Role.OPERATOR,
    status=201,
    raises=(UsageError, NoSuchTask, UnsafePath),
    most=16 * 2**20,
    noted=False,
    example={"items": [{"address": "hf:owner/repo/model.safetensors", "to": "/models/checkpoints/"}]},
)
def add_tasks(here: Here, body: NewTasks) -> Added:
    """Queue downloads, all that can be read in one durable step; the answer comes when they are safe."""
    shared = body.shared or Item()
    items = [*body.items, *(msgspec.structs.replace(shared, address=address) for address in body.addresses)]
    drafts, refused = read_items(here, items)
    told = [Refusal(address, error) for address, error in refused]
    return queued(here, drafts, lambda ids: Added(ids, told))


@routes.post(
    "/tasks/batch",
    role=Role.OPERATOR,
    status=201,
    raises=(UsageError, NoSuchTask, UnsafePath),
    most=64 * 2**20,
    noted=False,
    example={"text": "hf:owner/repo\nhttps://example.org/a.safetensors", "shared": {"to": "/models/"}},
)
def add_batch_of_tasks(here: Here, body: NewBatch) -> BatchAnswer:
    """Queue whatever addresses a text holds; every line is answered."""
    drafts, told = read_lines(here, body.text, body.shared or Item(), body.try_only)
    return queued(here, drafts, lambda ids: BatchAnswer(ids, told(ids)))


@routes.post(
    "/tasks/actions",
    role=Role.OPERATOR,
    slow=lambda body: body.discard or not body.ids,
    example={"do": "pause", "ids": [1, 2]},
)
def act_on_tasks(here: Here, body: Action) -> list[AnswerView]:
    """Pause, resume, cancel or retry many tasks; one that cannot does not stop the others."""

    def keep(db: Connection, found: list[Answer]) -> None:
        if not body.discard:  # what had arrived is removed afterwards
            here.keep(db, answers(found))

    queue, ids = here.app.queue, body.ids
    if not ids and body.do in _MEANT:
        ids = queue.chosen(Filter(states=_MEANT[body.do], kind=body.kind, text=body.text, listed=True))
    if body.do == "retry":
        return answers(retry(here, ids, keep))
    done = getattr(queue, body.do)(ids, keep)
    if body.do == "cancel" and body.discard:
        here.app.runner.discard(one.id for one in done if one.task)
    return answers(done)


@routes.post("/tasks/order", role=Role.OPERATOR, raises=(NoSuchTask,), noted=False, example={"ids": [7], "to": "top"})
def order_tasks(here: Here, body: Placing) -> None:
    """Move tasks in the queue. Before a task of another priority they take that priority."""
    here.app.queue.place(body.ids, body.before, top=body.to == "top", also=lambda db: here.keep(db, None))


@routes.post(
    "/tasks/clear",
    role=Role.OPERATOR,
    raises=(IllegalMove,),
    noted=False,
    example={"states": ["done", "cancelled"]},
)
def clear_tasks(here: Here, body: Clearing) -> Cleared:
    """Take ended tasks off the list."""
    states = [State(state) for state in body.states]
    return Cleared(here.app.queue.clear(states, lambda db, count: here.keep(db, Cleared(count))))


@routes.get("/tasks/{id}", role=Role.VIEWER, raises=(NoSuchTask,))
def one_task(here: Here, id: Id) -> TaskView:  # the path's word
    """One task, ended ones too."""
    return view(here.app.queue.get(id), live_of(here.app))


@routes.get("/tasks/{id}/steps", role=Role.VIEWER, raises=(NoSuchTask,))
def steps_of_task(here: Here, id: Id) -> list[Step]:
    """Every state that a task was in, when and why."""
    return here.app.queue.steps(id)


@routes.patch("/tasks/{id}", role=Role.OPERATOR, raises=(NoSuchTask, BadValue), example={"priority": "high"})
def change_task(here: Here, id: Id, body: Changes) -> TaskView:
    """Change priority, speed limit or favourite mark."""
    if body.limit is not msgspec.UNSET:
        here.app.limit_task(id, body.limit)
    columns: dict[str, object] = {}
    if body.priority is not msgspec.UNSET:
        columns["priority"] = int(Priority[body.priority.upper()])
    if body.favourite is not msgspec.UNSET:
        columns["favourite"] = body.favourite
    if columns:
        here.app.queue.change(id, **columns)
    return view(here.app.queue.get(id), live_of(here.app))


@routes.delete("/tasks/{id}", role=Role.OPERATOR, slow=True, raises=(NoSuchTask,))
def remove_task(here: Here, id: Id) -> None:
    """Cancel a task, remove what had arrived of it, and take it off the list. A finished file stays."""
    here.app.remove_task(id)
