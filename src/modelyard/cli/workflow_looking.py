"""Where a `workflow` command looks and saves: a ComfyUI that is named, the registered roots, or the folder at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec.structs import replace

from modelyard.app import App
from modelyard.catalogue.catalogue import Catalogue
from modelyard.errors import ReadOnlyDisk
from modelyard.jobs.workflows import comfyui
from modelyard.jobs.workflows.building import is_unsaid, places_of, resolver
from modelyard.jobs.workflows.places import Places, roots_at
from modelyard.jobs.workflows.resolving import Resolver
from modelyard.library.roots.comfy import is_comfy
from modelyard.library.roots.entries import Entries
from modelyard.library.roots.roots import Root, Roots, roots_of
from modelyard.programs.workflows.references import Workflow
from modelyard.store.database import FILE

SEARCH_SECONDS = 30.0
GET_SECONDS, GET_MOST = 600.0, 5_000
"""How long, and how often, hubs may be asked before anything is fetched: a folder of workflows needs hundreds."""

Compared = Callable[[Workflow], Workflow]


class How(msgspec.Struct, frozen=True):
    """How to look.

    Attributes:
        comfy: Path or URL of a ComfyUI; empty takes the registered roots.
        search: Ask hubs, at most so many seconds.
        measured: Told of each file that is read to make sure; None reads none.
    """

    comfy: str
    accept: bool
    search: bool = False
    seconds: float = SEARCH_SECONDS
    most: int = 300
    measured: Callable[[Path], object] | None = None


def looking(app: App, how: How) -> tuple[Resolver, Compared]:
    """A maker of plans, and what a running ComfyUI adds to a workflow.

    Raises:
        BadValue, NetworkError: There is no ComfyUI.
    """
    places, compared = _places(app, how.comfy)
    made = resolver(
        app.yard,
        places,
        _catalogue(app),
        app.stop,
        search=how.search,
        seconds=how.seconds,
        most=how.most,
        measured=how.measured,
        accept=how.accept,
    )
    return made, compared


def _places(app: App, comfy: str) -> tuple[Places, Compared]:
    registered = roots_of(Entries(app.folder).all())
    if comfy.startswith(("http://", "https://")):
        found = comfyui.ask(app.api, comfy)
        return Places(_respecting(found.roots, registered), notes=found.notes), found.compared
    usual = app.target("")
    if comfy or (is_unsaid(registered, usual) and is_comfy(Path.cwd())):
        return Places(_respecting(roots_at(Path(comfy or ".")), registered)), _as_it_is
    return places_of(registered, usual), _as_it_is


def _as_it_is(workflow: Workflow) -> Workflow:
    return workflow


def _respecting(roots: Roots, registered: Roots) -> Roots:
    """Roots that a person named now; what was registered as read-only stays so."""
    return Roots(tuple(_respected(root, registered) for root in roots.all), roots.problems)


def _respected(root: Root, registered: Roots) -> Root:
    try:
        registered.check_writable(root.path)
    except ReadOnlyDisk:
        return replace(root, read_only=True)
    return root


def _catalogue(app: App) -> Catalogue | None:
    """The catalogue where there is one: a workflow makes no database."""
    made = (app.folder / FILE).exists() or app.settings["database"]
    return app.stock.catalogue if made else None
