"""Where models lie, and the work on them that takes its time: each piece of work becomes a task of the queue."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from modelyard.errors import BadValue, NoSuchRoot
from modelyard.jobs.checking import VERIFY, VerifyOptions
from modelyard.jobs.chores import Chore
from modelyard.jobs.complaints import problems_by_root
from modelyard.jobs.measuring import MEASURE, MeasureOptions
from modelyard.jobs.scan import SCAN, ScanOptions
from modelyard.jobs.targets import usual_folder
from modelyard.library.roots.entries import Entry, recognised
from modelyard.library.roots.roots import Problem
from modelyard.server.api.adding import queued
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Id, Routes

routes = Routes(tag="library")

Path = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class ProblemView(msgspec.Struct, frozen=True):
    """Something about a root that its owner should know, and how to mend it."""

    code: str
    path: str
    message: str
    hint: str


class RootView(msgspec.Struct, frozen=True):
    """One folder of models.

    Attributes:
        folder: ComfyUI's name of what lies in it, empty for a mixed one.
        index: Its number among the folders of that name.
        entry: The registered place that it comes from.
        models: How many models are known in it.
    """

    folder: str
    index: int
    path: str
    entry: str
    read_only: bool
    there: bool
    models: int
    problems: list[ProblemView]


class Places(msgspec.Struct, frozen=True):
    """The registered places, the roots that they stand for, and what is wrong with them."""

    entries: list[Entry]
    roots: list[RootView]
    problems: list[ProblemView]


class RootQuery(Ask, frozen=True):
    """Which place."""

    path: Path


class ScanBody(Ask, frozen=True):
    """What is scanned, and how.

    Attributes:
        roots: Paths of roots; empty is all.
        deep: Read every head again, whatever the stamps of the files say.
        gentle: Rest as long as it works.
    """

    roots: list[Path] = []
    deep: bool = False
    gentle: bool = False


class ChosenBody(Ask, frozen=True):
    """Which models.

    Attributes:
        ids: Empty is all.
        gentle: Rest while downloads run.
    """

    ids: Annotated[list[Id], msgspec.Meta(max_length=10_000)] = []
    gentle: bool = False


class VerifyBody(ChosenBody, frozen=True):
    """Which models are verified, and how.

    Attributes:
        before: Only those that were not checked since then, seconds since 1970; now when it is left out.
        most: At most so many; 0 is all.
        mend: Fetch damaged blocks again, from any hub that has the right bytes.
    """

    before: Annotated[float, msgspec.Meta(ge=0, le=1e11)] | None = None
    most: Annotated[int, msgspec.Meta(ge=0, le=2**31)] = 0
    mend: bool = False


class Begun(msgspec.Struct, frozen=True):
    """The task that does it; see `GET /tasks/{id}`."""

    id: int


@routes.get("/roots", role=Role.VIEWER)
def list_roots(here: Here) -> Places:
    """Where models lie, with what is wrong there."""
    stock = here.app.stock
    roots = stock.roots()
    counts, wrong = stock.catalogue.counts_by_root(), problems_by_root(stock, roots)
    told = [
        RootView(
            root.folder,
            root.index,
            str(root.path),
            root.entry,
            root.read_only,
            root.path.is_dir(),
            counts.get(str(root.path), 0),
            [_problem(problem) for problem in wrong.get(str(root.path), [])],
        )
        for root in roots.all
    ]
    return Places(stock.entries.all(), told, [_problem(one) for one in roots.problems])


@routes.put("/roots", role=Role.ADMIN, raises=(BadValue,), example={"path": "/models/loras", "folder": "loras"})
def keep_root(here: Here, body: Entry) -> Entry:
    """Register a folder of models, or a ComfyUI; one of the same path is replaced. Its files stay as they are.

    A ComfyUI is registered as one, said or not, unless a `folder` is named; the answer tells.
    """
    kept = here.app.stock.entries.keep(recognised(body))
    _roots_changed(here)
    return kept


@routes.delete("/roots", role=Role.ADMIN, raises=(NoSuchRoot,))
def remove_root(here: Here, query: RootQuery) -> None:
    """Forget a place; its files stay, and what is known of them is kept for when it comes back.

    Without the folder for downloads `library.adopt` is switched off, else it came back with the next model.
    """
    stock = here.app.stock
    before = {str(root.path) for root in stock.roots().all}
    stock.entries.remove(query.path)
    if query.path == str(usual_folder(here.app.settings)):
        here.app.settings.set("library.adopt", "off")  # else it came back with the next download
    stock.catalogue.lose_roots(before - {str(root.path) for root in stock.roots().all})
    _roots_changed(here)


@routes.post("/library/scan", role=Role.OPERATOR, status=202, raises=(NoSuchRoot,), noted=False, example={})
def begin_scan(here: Here, body: ScanBody) -> Begun:
    """Look for new, changed, moved and removed models. One that runs is followed, and another one comes after it."""
    options = ScanOptions(roots=tuple(body.roots), deep=body.deep, gentle=body.gentle)
    if here.service.url:
        here.app.caretaker.scan_asked(SCAN.draft(options))
    return begin(here, SCAN, options)


@routes.post("/library/measure", role=Role.OPERATOR, status=202, noted=False, example={})
def begin_measure(here: Here, body: ChosenBody) -> Begun:
    """Measure the hashes of models that have none; all digests that hubs know files by, in one read."""
    return begin(here, MEASURE, MeasureOptions(ids=tuple(body.ids), gentle=body.gentle))


@routes.post("/library/verify", role=Role.OPERATOR, status=202, noted=False, example={"ids": [1, 2], "mend": True})
def begin_verify(here: Here, body: VerifyBody) -> Begun:
    """Read models whole and compare them with what was measured or claimed; mend what is damaged when asked."""
    before = body.before if body.before is not None else here.app.clock.wall()
    options = VerifyOptions(ids=tuple(body.ids), before=before, most=body.most, mend=body.mend, gentle=body.gentle)
    return begin(here, VERIFY, options)


def begin(here: Here, chore: Chore[Any], options: Any) -> Begun:
    """Queue a chore; the same one that is open already does it for both."""
    return queued(here, [chore.draft(options)], lambda ids: Begun(ids[0]))


def _roots_changed(here: Here) -> None:
    if here.service.url:  # a command line without a service scans when it is told to
        here.app.caretaker.roots_changed()


def _problem(problem: Problem) -> ProblemView:
    return ProblemView(problem.code, problem.path, problem.words, problem.hint)
