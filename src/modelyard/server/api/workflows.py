"""Workflows: which models does this file need, where can they be had, and get them. The body is the file."""

from __future__ import annotations

import io
import json
from typing import Any, Literal

import msgspec

from modelyard.errors import DiskFull, NotSupported, NoWorkflow, UnsafePath, UsageError, YardError
from modelyard.jobs.addressing import forget
from modelyard.jobs.queued import Options, draft
from modelyard.jobs.workflows import elsewhere
from modelyard.jobs.workflows.building import places_of, resolver
from modelyard.jobs.workflows.fixed import fixed
from modelyard.jobs.workflows.getting import check_room
from modelyard.jobs.workflows.plan import Plan, PlannedModel, Room
from modelyard.jobs.workflows.resolving import Resolver
from modelyard.jobs.workflows.wanted import Wanted
from modelyard.net.stop import Stop
from modelyard.programs.workflows.reading import read_stream
from modelyard.programs.workflows.references import Workflow
from modelyard.programs.workflows.running import placed
from modelyard.server.api.adding import queued
from modelyard.server.api.ensuring import near_of
from modelyard.server.api.fence import check_source, check_target
from modelyard.server.api.workflow_links import Links
from modelyard.server.messages import Answer
from modelyard.server.roles import Role
from modelyard.server.routes import Ask, Here, Routes
from modelyard.tasks.task import Draft

routes = Routes(tag="workflows")

LARGEST = 64 * 1024 * 1024
"""Bytes of a workflow, or of the picture or video that holds one."""
_TAKES = ("application/octet-stream",)
EXAMPLE = {"1": {"class_type": "VAELoader", "inputs": {"vae_name": "ae.safetensors"}}}
"""A workflow as ComfyUI's API takes it; one that its page saved, or a picture that holds one, will do as well."""
_MOST_LEFT, _LONGEST_LEFT = 20, 200
_PLAN_SECONDS, _GET_SECONDS = 20.0, 60.0


class WorkflowView(msgspec.Struct, frozen=True):
    """What a file asks for, and what of it is here.

    Attributes:
        format: `ui`, `api` or `a1111`.
        container: What kind of file it sits in.
        needed: Models that a run would load: `name`, `directory`, and `url` and `hash` where it names them.
        declared_not_needed: Models that are described, but switched off.
        mentioned: Models that a text names: embeddings, LoRAs in prompts.
        problems: What could not be followed.
        models: What each needed model is here, in the order of `needed`.
        bytes: To fetch, as far as sizes are known.
        unknown_sizes: Models to fetch whose size nobody says.
        room: The disks that would be written to.
        complete: Every needed model is here.
        notes: What could not be asked.
    """

    format: str
    container: str
    needed: list[dict[str, Any]]
    declared_not_needed: list[dict[str, Any]]
    mentioned: list[dict[str, Any]]
    problems: list[str]
    models: tuple[PlannedModel, ...]
    bytes: int
    unknown_sizes: int
    room: tuple[Room, ...]
    complete: bool
    notes: tuple[str, ...]


class FetchedModel(msgspec.Struct, frozen=True):
    """A model that is being fetched: its task, and where it will lie."""

    id: int
    name: str
    target: str


class WorkflowTasks(msgspec.Struct, frozen=True):
    """What a workflow needs, and the tasks that fetch what is not here."""

    plan: WorkflowView
    tasks: list[FetchedModel]


class AcceptQuery(Ask, frozen=True):
    """What to take for the wanted files.

    Attributes:
        accept: `likely`: files that are likely to be the wanted ones are taken for them.
    """

    accept: list[Literal["likely"]] = []


class PlanQuery(AcceptQuery, frozen=True):
    """How to look.

    Attributes:
        search: Ask hubs.
    """

    search: bool = True


@routes.post(
    "/workflows/plan",
    role=Role.VIEWER,
    raises=(NoWorkflow,),
    most=LARGEST,
    takes=_TAKES,
    once=False,
    slow=True,
    example=EXAMPLE,
)
def plan_workflow(here: Here, query: PlanQuery, body: bytes) -> WorkflowView:
    """Which models a workflow needs, which of them are here, and where the others can be had. Fetches nothing.

    The body is the file: JSON, or a picture, video or sound that holds one.
    """
    found = _read(here, body)
    made = _resolver(here, accept=bool(query.accept), search=query.search, seconds=_PLAN_SECONDS)
    return _view(here, found, made.plan(found.needed))


@routes.post(
    "/workflows/get",
    role=Role.OPERATOR,
    raises=(NoWorkflow, UsageError, UnsafePath, DiskFull),
    most=LARGEST,
    takes=_TAKES,
    noted=False,
    slow=True,
    example=EXAMPLE,
)
def get_workflow(here: Here, query: AcceptQuery, body: bytes) -> WorkflowTasks:
    """Queue what a workflow needs and what can be fetched, to where ComfyUI lists it. Nothing here is replaced."""
    found = _read(here, body)
    made = _resolver(here, accept=bool(query.accept), search=True, seconds=_GET_SECONDS)
    plan = made.plan(found.needed)
    check_room(plan)
    drafts: list[tuple[PlannedModel, Draft]] = []
    notes = list(plan.notes)
    for wanted, model in zip(made.wanted, made.models, strict=True):
        try:
            if model.fetched:
                drafts.append((model, _draft(here, model, wanted)))
        except YardError as error:
            notes.append(f"{model.name}: {error.message}")
    seen = _view(here, found, msgspec.structs.replace(plan, notes=tuple(notes)))
    return queued(here, [each for _, each in drafts], lambda ids: WorkflowTasks(seen, _fetched(ids, drafts)))


def _fetched(ids: list[int], drafts: list[tuple[PlannedModel, Draft]]) -> list[FetchedModel]:
    return [FetchedModel(number, model.name, model.target) for number, (model, _) in zip(ids, drafts, strict=True)]


@routes.post(
    "/workflows/fix",
    role=Role.VIEWER,
    raises=(NoWorkflow, NotSupported),
    most=LARGEST,
    takes=_TAKES,
    media_type="application/octet-stream",
    gives=bytes,
    once=False,
    slow=True,
    example=EXAMPLE,
)
def fix_workflow(here: Here, query: PlanQuery, body: bytes) -> Answer:
    """The workflow with the names of models that are here under other names; every other byte as it was sent."""
    found = _read(here, body)
    made = _resolver(here, accept=bool(query.accept), search=query.search, seconds=_PLAN_SECONDS)
    done = fixed(body, found.needed, made.plan(found.needed).models)
    left = [name[:_LONGEST_LEFT] for name, _ in done.left[:_MOST_LEFT]]
    if left and done.raw == body:
        raise NotSupported(
            f"{', '.join(left)[:500]}: names cannot be changed where they stand in this file.",
            hint="Load it in ComfyUI, save the workflow as JSON, and fix that.",
        )
    # a JSON array of the names that stand where they cannot be changed
    headers = {"Modelyard-Left": json.dumps(left)} if left else {}
    return Answer(done.raw, headers=headers, media_type="application/octet-stream")


def _read(here: Here, body: bytes) -> Workflow:
    """The workflow; which folder an input reads says the ComfyUI that asks, or those that run."""
    found = read_stream(io.BytesIO(body), len(body))
    if found is None:
        raise NoWorkflow("This file holds no workflow.")
    near = near_of(here)
    return placed(found, here.app.stock.inputs.folders(near), here.app.stock.roots().near(near).by_folder())


def _resolver(here: Here, *, accept: bool, search: bool, seconds: float) -> Resolver:
    app = here.app
    places = places_of(app.stock.roots().near(near_of(here)), app.target(""))
    stop = Stop(app.stop)
    trusted = here.caller.role in (Role.OPERATOR, Role.ADMIN)  # others would have us call on any server they name
    return resolver(
        app.yard,
        places,
        app.stock.catalogue,
        stop,
        search=search,
        seconds=seconds,
        accept=accept,
        strangers=trusted,
    )


def _draft(here: Here, model: PlannedModel, wanted: Wanted) -> Draft:
    """The task that fetches a model, from another place where one fails.

    Raises:
        YardError: This caller may not fetch to there.
    """
    check_source(here, model.address)
    within = check_target(here, model.target)
    named = elsewhere.told(here.app.yard, wanted, lambda text: _may(here, text))
    sha256 = wanted.sha256 or model.hash or None
    options = Options(to=model.target, sha256=sha256, told=True, within=within, wanted=named)
    return draft(here.app.yard, model.address, options, forget, size=model.size)


def _may(here: Here, text: str) -> bool:
    try:
        check_source(here, text)
    except YardError:
        return False
    return True


def _view(here: Here, found: Workflow, plan: Plan) -> WorkflowView:
    links = Links(here.app, owner=here.caller.role is Role.ADMIN)
    told = {name: getattr(found, name) for name in Workflow.__struct_fields__}
    for name in ("needed", "declared_not_needed", "mentioned"):
        told[name] = [links.row(row) for row in told[name]]
    sums = {name: getattr(plan, name) for name in Plan.__struct_fields__}
    sums["models"] = tuple(map(links.model, plan.models))
    sums["notes"] = tuple(map(here.app.redactor.text, plan.notes))
    return WorkflowView(**told, **sums)
