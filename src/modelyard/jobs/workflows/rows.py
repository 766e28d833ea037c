"""The rows of a plan, in words: what is so, why, and what a person can do. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from modelyard.errors import AccessError, BadValue
from modelyard.jobs.workflows.addresses import told_by
from modelyard.jobs.workflows.plan import Candidate, PlannedModel, State
from modelyard.jobs.workflows.wanted import Wanted
from modelyard.values.sizes import show_size

if TYPE_CHECKING:
    from modelyard.jobs.workflows.here import Held
    from modelyard.jobs.workflows.sources import Sought, Source

_ROUNDED = 0.2
"""A note rounds a size, but not by more."""
_FIX = "Put its name here into the workflow: `modelyard workflow fix`."
_NAME = "Or give the file the workflow's name too, without a copy: `modelyard workflow get --link`."
_PLACED = "Its bytes are here, where ComfyUI does not list them for this folder"
_LINK = "Its bytes are here already: `modelyard workflow get --link` gives them the workflow's name, without a copy."


def row(wanted: Wanted, state: State, why: str, **more: Any) -> PlannedModel:
    """A row with what the workflow itself says."""
    told: dict[str, Any] = {"hash": wanted.sha256, "size": wanted.size, "url": wanted.url}
    told["rounded"] = wanted.size is not None and "size" not in more
    return PlannedModel(name=wanted.name, directory=wanted.directory, state=state, why=why, **told | more)


def held_row(wanted: Wanted, state: State, held: Held, why: str, **more: Any) -> PlannedModel:
    """A row of a file that is here."""
    other = held.lists_as if wanted.has_suffix and held.lists_as != wanted.name else ""
    told: dict[str, Any] = {"path": str(held.path), "model": held.model, "lists_as": other, "size": held.size}
    told |= {"verified": held.verified, "hash": held.digests.get("sha256", "") or wanted.sha256}
    told |= {"steps": (_FIX, _NAME) if state == "renamed" else (_FIX,)} if other else {}
    return row(wanted, state, why, **told | more)


def proven(wanted: Wanted, state: State, held: Held, why: str) -> PlannedModel:
    """A row of a file whose very bytes are the wanted ones."""
    return held_row(wanted, state, held, why, verified=True)


def differs(wanted: Wanted, held: Held, why: str) -> PlannedModel:
    """Another file stands where the wanted one belongs."""
    steps: tuple[str, ...] = (
        f"Give {held.path} another name, and get again: nothing is ever replaced.",
        "Or use it as it is: the workflow was made with another file.",
    )
    if held.bad:
        steps = (f"See what is wrong with it: `modelyard show {held.model}`.", "Mend it: `modelyard repair`.")
    return held_row(wanted, "differs", held, why, steps=steps, lists_as="", hash=wanted.sha256, verified=False)


def found(wanted: Wanted, source: Source, target: Path, name: str, elsewhere: Iterable[Held] = ()) -> PlannedModel:
    """A file that can be fetched.

    Args:
        name: Under which ComfyUI will list it.
    """
    twins = here_candidates(elsewhere, "the same bytes, where ComfyUI does not list them for this folder")
    told = _offered(wanted, source) | {"target": str(target), "candidates": twins}
    if wanted.has_suffix and name != wanted.name:
        told |= {"lists_as": name, "steps": (_FIX,)}
    if twins:
        told |= {"twin": twins[0].path, "steps": (_LINK,)}
    return row(wanted, "found", _sentence(source.why) + _odd_size(wanted, source), **told)


def unplaced(wanted: Wanted, source: Source, error: BadValue, elsewhere: Iterable[Held] = ()) -> PlannedModel:
    """A file that can be fetched, but nobody knows where to; and need not be when its bytes are here."""
    told, twins = _offered(wanted, source), _twins(elsewhere)
    if twins["twin"]:
        more = told | twins | {"steps": (error.hint,)}
        return row(wanted, "unresolved", f"{_PLACED}. {error.message}", **more)
    fetch = f"modelyard get {shlex.quote(told['address'])} --to FOLDER/"
    steps = (error.hint, f"Or fetch it to a folder of your own: `{fetch}`.")
    return row(wanted, "unresolved", f"{error.message} {_sentence(source.why)}", steps=steps, **told)


def likely(wanted: Wanted, source: Source, target: Path, held: Held) -> PlannedModel:
    """A file that is as large as the wanted one and begins alike."""
    why = f"{held.lists_as} is as large and begins with the same bytes; whether it is the same nobody has read."
    steps = ("Say that it is the one: `--accept likely`. Else the wanted one is fetched.",)
    told = _offered(wanted, source) | {"target": str(target), "size": held.size, "steps": steps, "verified": False}
    return held_row(wanted, "likely", held, why, **told)


def alike(wanted: Wanted, held: Held) -> PlannedModel:
    """A file of the same name in another place of its folder."""
    why = f"{held.lists_as} has the same name in another place; whether it is the same nobody knows."
    return held_row(wanted, "likely", held, why, steps=("Say that it is the one: `--accept likely`.",), verified=False)


def several(wanted: Wanted, held: Sequence[Held]) -> PlannedModel:
    """Different files that have the name of a workflow that leaves out endings."""
    names = ", ".join(one.lists_as or str(one.path) for one in held)
    why = f"Several files here have that name ({names}); which one is meant nobody says."
    steps = (f"Say that {held[0].lists_as or held[0].path} is the one: `--accept likely`.",)
    near = here_candidates(held, "it has that name")
    return held_row(wanted, "likely", held[0], why, steps=steps, candidates=near, verified=False)


def gated(wanted: Wanted, error: AccessError, hub: str, target: str, elsewhere: Iterable[Held] = ()) -> PlannedModel:
    """A file that its hub does not hand out yet."""
    twins = _twins(elsewhere)
    steps = (error.hint, *([f"Open {error.link}"] if error.link else []), "Then get again: what is here stays.")
    more = {"hub": hub, "target": target, "gate": error.link or "", "error": error.code}
    return row(wanted, "gated", error.message, **more | twins | {"steps": (*twins["steps"], *steps)})


def unasked(wanted: Wanted, target: str, elsewhere: Iterable[Held] = ()) -> PlannedModel:
    """A file that is not here, when no hub is asked: what the workflow says is told as it says it."""
    told, twins = told_by(wanted), _twins(elsewhere)
    place = _PLACED if twins["twin"] else "It is not here"
    if not told or not wanted.folder:
        steps = (*twins["steps"], "Ask hubs for it: `modelyard workflow plan --search`.")
        why = f"{place}, and no hub was asked."
        return row(wanted, "unresolved", why, target=target, **twins | {"steps": steps})
    address, why = next(iter(told.items()))
    return row(wanted, "found", f"{place}; {why}. No hub was asked.", address=address, target=target, **twins)


def unresolved(wanted: Wanted, sought: Sought, target: str, elsewhere: Iterable[Held]) -> PlannedModel:
    """A file that nobody knows a place of."""
    near = tuple(
        Candidate(
            title=f"{one.offer.address.model}/{one.offer.path}".lstrip("/"),
            address=hub.show(one.offer.address),
            page=one.offer.page or "",
            size=one.offer.size,
            score=one.score,
            why=one.why,
        )
        for hub, one in sought.candidates
    )
    twins = _twins(elsewhere)
    if sought.failed is not None:
        return _unreached(wanted, sought, target, twins)
    why = " ".join(dict.fromkeys(sought.errors))
    why = why or ("Nothing that was found fits well enough." if near else "No hub knows a file of that name.")
    choose = f"If it is one of these: `modelyard get ADDRESS --to {shlex.quote(target)}`."
    steps = (choose,) if near and target else ()
    why = f"{_PLACED}. {why}" if twins["twin"] else why
    steps = (*twins["steps"], *steps, *_steps(wanted, target))
    twins |= {"candidates": (*twins["candidates"], *near), "steps": steps}
    return row(wanted, "unresolved", why, target=target, **twins)


def _unreached(wanted: Wanted, sought: Sought, target: str, twins: dict[str, Any]) -> PlannedModel:
    """A file whose place could not be asked now."""
    assert sought.failed is not None
    address = next(iter(told_by(wanted)), "")
    more = {"error": sought.failed.code, "address": address, "target": target}
    why = " ".join(dict.fromkeys(sought.errors))
    why = f"{_PLACED}. {why}" if twins["twin"] else why
    return row(wanted, "unresolved", why, **more | twins | {"steps": (*twins["steps"], sought.failed.hint)})


def _twins(elsewhere: Iterable[Held]) -> dict[str, Any]:
    """The fields that tell where the wanted bytes lie already, as the workflow's hash says."""
    near = here_candidates(elsewhere, "the same hash, where ComfyUI does not list it for this folder")
    return {"candidates": near, "twin": near[0].path if near else "", "steps": (_LINK,) if near else ()}


def here_candidates(held: Iterable[Held], why: str) -> tuple[Candidate, ...]:
    """Files that are here and may be it."""
    return tuple(Candidate(title=one.path.name, path=str(one.path), size=one.size, why=why) for one in held)


def accepted(one: PlannedModel) -> PlannedModel:
    """A likely row after a person said that it is the one."""
    why = "You said that this is the one; its bytes were not compared."
    return msgspec.structs.replace(one, state="renamed", why=why, steps=(_FIX,), address="", target="")


def _steps(wanted: Wanted, target: str) -> tuple[str, ...]:
    words = wanted.hash or (wanted.base.rpartition(".")[0] if wanted.has_suffix else wanted.base)
    look = f"Look for it: `modelyard search {shlex.quote(words)}`."  # a stranger's word in a line that people copy
    return (look, f"Or put it to {target} yourself.") if target else (look,)


def _odd_size(wanted: Wanted, source: Source) -> str:
    size = source.offer.size
    if not (size and wanted.size and abs(size - wanted.size) > wanted.size * _ROUNDED):
        return ""
    return f" Its size is not the one that a note says ({show_size(wanted.size)})."


def _sentence(why: str) -> str:
    return f"{why[:1].upper()}{why[1:]}."


def _offered(wanted: Wanted, source: Source) -> dict[str, Any]:
    offer = source.offer
    told: dict[str, Any] = {
        "address": source.hub.show(offer.address),
        "hub": offer.hub,
        "page": offer.page or "",
        "hash": offer.claimed.get("sha256", "") or wanted.sha256,
        "licence": source.licence,
    }
    return told | ({"size": offer.size} if offer.size is not None else {})
