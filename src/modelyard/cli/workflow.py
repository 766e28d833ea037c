"""`modelyard workflow`: which models a workflow needs, get them, and put the names of what is here into it.

`plan` reads files alone where no folder of models is known: no service, no database, no network.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec
from msgspec.structs import replace

from modelyard.cli.telling import Teller
from modelyard.cli.workflow_files import Found, found_in
from modelyard.cli.workflow_shown import model_lines, plan_lines, room_lines
from modelyard.errors import AccessError, NetworkError, UsageError, YardError
from modelyard.jobs.workflows.plan import READY, Plan, PlannedModel, plan_of

if TYPE_CHECKING:
    from modelyard.jobs.download import Download
    from modelyard.jobs.wish import Planned
    from modelyard.jobs.workflows.resolving import Resolver
    from modelyard.programs.workflows.references import Workflow

_INCOMPLETE = 3
_QUICK = {"retry.retries": "1"}
F = TypeVar("F", bound=Callable[..., Any])


def _shared(function: F) -> F:
    """What the commands share."""
    for option in (
        click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path)),
        click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line."),
        click.option("--comfyui", default="", metavar="PATH|URL", help="A ComfyUI: its folders, or what it lists."),
        click.option(
            "--accept", type=click.Choice(["likely"]), help="Take files that are likely to be the wanted ones."
        ),
    ):
        function = option(function)
    return function


@click.group()
def command() -> None:
    """See which models a workflow needs, get them, fix their names.

    A workflow is a JSON file, or the picture, video or sound that was made with it; - is stdin, and a folder means
    every workflow below it.
    """


@command.command()
@_shared
@click.option("--search", is_flag=True, help="Ask hubs: sizes, licences, gates, and where the rest can be had.")
@click.option("--offline", is_flag=True, help="Use kept answers only, ask no hub.")
def plan(files: tuple[Path, ...], as_json: bool, comfyui: str, accept: str | None, search: bool, offline: bool) -> int:
    """Say which models workflows need, and what of them is here. Fetches nothing.

    Ends with 0 when every needed model is here, with 3 when one is missing (or no folder of models is known to look
    in), with 6 when a file holds no workflow.
    """
    found = list(found_in(files))
    if not (search or comfyui or _is_anything_known()):
        from modelyard.jobs.workflows.places import Places
        from modelyard.jobs.workflows.resolving import Resolver
        from modelyard.library.roots.roots import Roots

        return _plan(found, Resolver(Places(Roots(()), known=False)), Teller(as_json=as_json))
    from modelyard.cli.options import opened, stopping
    from modelyard.cli.workflow_looking import How, looking

    flags = _QUICK if search else None
    with opened(as_json=as_json, offline=offline, flags=flags) as (app, teller), stopping(app.stop):
        made, compared = looking(app, How(comfyui, bool(accept), search))
        return _plan(_each(found, compared), made, teller)


def _is_anything_known() -> bool:
    """Whether there is a folder of models to look in: without one nothing but the files is read, which is quick."""
    from modelyard.jobs.targets import usual_folder
    from modelyard.library.roots.comfy import is_comfy
    from modelyard.library.roots.entries import Entries
    from modelyard.settings import Settings, data_folder

    folder = data_folder(os.environ)
    if Entries(folder).all() or is_comfy(Path.cwd()):
        return True
    return usual_folder(Settings(folder, os.environ)).is_dir()


def _each(found: Sequence[Found], compared: Callable[[Workflow], Workflow]) -> list[Found]:
    return [replace(one, workflow=compared(one.workflow)) if one.workflow else one for one in found]


def _plan(found: Sequence[Found], made: Resolver, teller: Teller) -> int:
    whole = _whole(found, made)
    compared, code = made.looking is not None, 0
    for one, models in _apart(found, whole):
        if one.workflow is None:
            code = _refused(one, teller, code)
        else:
            _tell(one, plan_of(models, made.rooms(models), whole.notes), teller, compared=compared)
    for line in room_lines(whole):
        teller.note(line)
    return code or (0 if whole.complete else _INCOMPLETE)


def _whole(found: Sequence[Found], made: Resolver) -> Plan:
    """One plan for all workflows: each model is looked for once."""
    return made.plan(row for one in found if one.workflow for row in one.workflow.needed)


def _apart(found: Sequence[Found], whole: Plan) -> Iterator[tuple[Found, tuple[PlannedModel, ...]]]:
    """Each workflow with its own models of the plan for all."""
    at = 0
    for one in found:
        count = len(one.workflow.needed) if one.workflow else 0
        yield one, whole.models[at : at + count]
        at += count


def _planned(
    found: Sequence[Found], made: Resolver, teller: Teller
) -> Iterator[tuple[Found, tuple[PlannedModel, ...]]]:
    whole = _whole(found, made)
    for note in whole.notes:
        teller.note(note)
    yield from _apart(found, whole)


def _refused(one: Found, teller: Teller, code: int) -> int:
    assert one.error is not None
    teller.error(one.error, about=one.shown)
    return code or one.error.exit_code


def _tell(one: Found, told: Plan, teller: Teller, *, compared: bool) -> None:
    """Print a plan; whether it is complete nobody knows where there was nothing to look at."""
    assert one.workflow is not None
    plain: dict[str, Any] = msgspec.to_builtins(one.workflow)
    unknown = {} if compared or not told.models else {"complete": None}
    teller.data({"file": one.shown, **plain, **msgspec.to_builtins(told), **unknown})
    if not teller.as_json:
        for line in plan_lines(one.shown, one.workflow, told):
            teller.result(line)


@command.command()
@_shared
@click.option("--link", is_flag=True, help="Files that are here get the workflow's names too, without a copy.")
@click.option("--quiet", "-q", is_flag=True, help="Only results and errors.")
def get(files: tuple[Path, ...], as_json: bool, comfyui: str, accept: str | None, link: bool, quiet: bool) -> int:
    """Get every model that workflows need, proven, into the folders where ComfyUI lists them.

    Run the same line again to go on after a break. Ends with 0 when every needed model is here, else with the code of
    the first error: 3 missing, 4 its hub wants something first, 7 no room.
    """
    from modelyard.cli.options import opened, stopping
    from modelyard.cli.progress import shown
    from modelyard.cli.workflow_looking import GET_MOST, GET_SECONDS, How, looking
    from modelyard.jobs.finding import rewritten
    from modelyard.jobs.logbook import write_down
    from modelyard.jobs.workflows.getting import Getting, check_room
    from modelyard.jobs.workflows.naming import twin_of

    found = list(found_in(files))
    with opened(as_json=as_json, quiet=quiet) as (app, teller), stopping(app.stop):
        how = How(comfyui, bool(accept), True, GET_SECONDS, GET_MOST, lambda path: teller.note(f"Reading {path} …"))
        made, compared = looking(app, how)
        code = 0
        for one in found:
            code = _refused(one, teller, code) if one.workflow is None else code
        told = made.plan(row for one in _each(found, compared) if one.workflow for row in one.workflow.needed)
        teller.data({"event": "plan", **msgspec.to_builtins(told)})
        for line in room_lines(told):
            teller.note(line)
        fetched = tuple(model for model in made.models if not (link and twin_of(model)))
        check_room(plan_of(fetched, made.rooms(fetched)))

        @contextlib.contextmanager
        def showing(download: Download, planned: list[Planned]) -> Iterator[Callable[[], None]]:
            begun = app.clock.now()
            try:
                with shown(download, planned, teller) as tick:
                    yield tick
            finally:
                write_down(app.folder, download, app.clock.now() - begun)

        rewriting = rewritten(app.stock) if link else ()
        for got in Getting(app.yard, made, showing, link, rewriting).run():
            if got.error is not None:
                teller.error(got.error, about=got.model.name)
                code = code or got.error.exit_code
            if got.outcome is not None and got.error is None:
                teller.data({"event": "done", "name": got.model.name, **got.outcome.as_dict()})
        summed = _summed(made.models, teller)
        return code or summed


def _summed(models: Sequence[PlannedModel], teller: Teller) -> int:
    """Print what every model is now; gives the exit code."""
    told = plan_of(tuple(models))
    teller.data({"event": "summary", "complete": told.complete, "models": msgspec.to_builtins(told.models)})
    for model in models:
        for line in model_lines(model):
            teller.result(line)
    ready = sum(model.state in READY for model in models)
    teller.note(f"{ready} of {len(models)} models are here.")
    if told.complete:
        return 0
    if any(model.state == "gated" for model in models):
        return AccessError.exit_code
    return (
        NetworkError.exit_code if any(model.state == "unresolved" and model.error for model in models) else _INCOMPLETE
    )


@command.command()
@_shared
@click.option("--output", "-o", metavar="FILE", help="Where the changed workflow goes; - is stdout.")
@click.option("--in-place", is_flag=True, help="Change the file itself; the old one is kept as FILE.bak.")
@click.option("--offline", is_flag=True, help="Use kept answers only, ask no hub.")
def fix(
    files: tuple[Path, ...],
    as_json: bool,
    comfyui: str,
    accept: str | None,
    output: str | None,
    in_place: bool,
    offline: bool,
) -> int:
    """Put the names of models that are here into workflows, where they are here under other names.

    Which bytes are wanted the workflow's hashes say, or its hubs. Every other byte stays. The changed workflow is saved
    beside the old one as NAME.fixed.json (or .png …). Ends with 3 when a name stands where it cannot be changed.
    """
    from modelyard.cli.options import opened, stopping
    from modelyard.cli.workflow_fixing import Fixing
    from modelyard.cli.workflow_looking import How, looking

    found = list(found_in(files))
    if output and (in_place or len(found) != 1):
        raise UsageError("--output names one file.", hint="Fix one workflow at a time, or use --in-place.")
    with opened(as_json=as_json, offline=offline, flags=_QUICK) as (app, teller), stopping(app.stop):
        made, compared = looking(app, How(comfyui, bool(accept), True))
        fixing, code = Fixing(teller, output or "", in_place=in_place), 0
        for one, models in _planned(_each(found, compared), made, teller):
            try:
                code = _refused(one, teller, code) if one.workflow is None else code
                if one.workflow is not None:
                    code = code if fixing.fix(one, one.workflow, models) else code or _INCOMPLETE
            except YardError as error:
                teller.error(error, about=one.shown)
                code = code or error.exit_code
    return code
