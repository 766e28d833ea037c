"""Selections as the files of a script: models that are here, tasks of the queue, rows of a plan or a lockfile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec

from modelyard.errors import BadValue, UnsafePath, YardError
from modelyard.hubs.base import Linking
from modelyard.hubs.registry import Hubs
from modelyard.jobs.lockfile import Lock
from modelyard.jobs.queued import KIND, Options
from modelyard.jobs.stock import Stock
from modelyard.library.names import safe_relative
from modelyard.library.roots.roots import Roots
from modelyard.programs.scripts.items import Item
from modelyard.store.proofs import Proof
from modelyard.tasks.task import Task

Text = Annotated[str, msgspec.Meta(max_length=4096)]


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One model of a plan: of what `POST /workflows/plan` tells, what a script needs.

    Attributes:
        hash: A SHA-256 that somebody claims.
        path: Where it is here: what was measured of it, and where it came from, are better than what a workflow says.
    """

    name: Text
    directory: Annotated[str, msgspec.Meta(max_length=200)] = ""
    address: Text = ""
    url: Text = ""
    size: Annotated[int, msgspec.Meta(ge=0)] | None = None
    hash: Annotated[str, msgspec.Meta(max_length=200)] = ""
    path: Text = ""


def of_models(stock: Stock, ids: Sequence[int]) -> list[Item]:
    """The files of models that are here.

    Raises:
        NoSuchModel: One is not.
    """
    items = []
    for number in dict.fromkeys(ids):
        known = stock.catalogue.details(number)
        model, about = known.model, known.about
        addresses = stock.yard.proofs.addresses([file.path for file in known.files])
        alone = len(known.files) == 1
        for file in known.files:
            below = file.path[len(model.root) :].replace("\\", "/").lstrip("/")
            version = (
                f"civitai:{model.hub_model}@{model.hub_version}" if model.hub == "civitai" and model.hub_version else ""
            )
            address = addresses.get(file.path, "") or (version if alone else "")
            url = link_to(stock.yard.hubs, address) or (about.download_url if alone else "")
            claimed = about.claimed.get("sha256", "") if file.main else ""
            items.append(Item(_target(model.folder, below), address or url, url, file.size, file.sha256, claimed))
    return items


def of_tasks(stock: Stock, tasks: Iterable[Task]) -> list[Item]:
    """The downloads among tasks: those that are done file by file, others by their addresses.

    Raises:
        BadValue: None of them is a download.
    """
    items = [item for task in tasks if task.kind == KIND for item in _of_task(stock, task)]
    if not items:
        raise BadValue("None of these tasks is a download.", hint="See `modelyard queue` and `modelyard history`.")
    return items


def _of_task(stock: Stock, task: Task) -> list[Item]:
    hubs, options = stock.yard.hubs, msgspec.convert(task.payload, Options)
    address = options.address or task.address
    files = [one for one in (task.result or {}).get("files", ()) if one.get("path")]
    known = stock.yard.proofs.addresses([str(one["path"]) for one in files])
    if files:
        whole = address if len(files) == 1 else ""
        return [_of_file(one, known.get(str(one["path"])) or whole, hubs) for one in files]
    name = _last((task.title if "." in task.title else address).partition("?")[0])
    return [Item(_target("", name), address, link_to(hubs, address), task.size, "", options.sha256 or "")]


def _of_file(file: dict[str, Any], address: str, hubs: Hubs) -> Item:
    target = _target("", _last(str(file["path"])))
    return Item(target, address, link_to(hubs, address), file.get("size"), str(file.get("sha256") or ""))


def of_rows(stock: Stock, rows: Iterable[Row], *, owner: bool = False) -> list[Item]:
    """The models of a plan.

    Args:
        owner: The owner of the machine asks: their plan may name a ComfyUI that is not registered.
    """
    roots = stock.roots()
    return [_of_row(stock, one, _proof(stock, roots, one, owner)) for one in rows]


def _of_row(stock: Stock, one: Row, proof: Proof | None) -> Item:
    address = proof.address if proof and proof.address else one.address
    url = link_to(stock.yard.hubs, address) or ("" if proof and proof.address else one.url)
    sha256 = proof.measured.get("sha256", "") if proof else ""
    target = _target(one.directory, one.name.replace("\\", "/"))
    return Item(target, address or one.url, url, one.size, sha256, one.hash)


def _proof(stock: Stock, roots: Roots, one: Row, owner: bool) -> Proof | None:
    """What was measured of a file of ours.

    Of one outside all roots only its owner hears, and only when the plan says the hash of its very bytes already:
    who made up a plan learns nothing by it, and no file that it names is looked at.
    """
    path = Path(one.path)
    try:
        return stock.yard.proofs.of(path) if one.path and roots.inside(path) else None
    except UnsafePath:
        same = stock.yard.proofs.with_sha256(one.hash) if owner and one.hash else ()
        return next((proof for proof in same if proof.path == path), None)


def of_lock(lock: Lock, hubs: Hubs) -> list[Item]:
    """The files of a lockfile; its hashes were measured where it was written."""
    return [
        Item(_target(model.folder, file.place), file.address, link_to(hubs, file.address), file.size, file.sha256)
        for model in lock.models
        for file in model.files
    ]


def link_to(hubs: Hubs, address: str) -> str:
    """The lasting link to one file's bytes, without asking anybody; empty when the address does not say which file."""
    if not address:
        return ""
    try:
        hub, found = hubs.read(address)
    except YardError:
        return ""
    return hub.link(found) if isinstance(hub, Linking) else ""


def _target(folder: str, below: str) -> str:
    """Where a file goes below the folder of the script; what could lead out of it becomes a plain name."""
    for path in (f"{folder}/{below}" if folder else below, _last(below)):
        try:
            return safe_relative(path).as_posix()
        except UnsafePath:
            continue
    return "model"


def _last(text: str) -> str:
    return text.replace("\\", "/").rstrip("/").rpartition("/")[2] or "model"
