"""The lockfile: which models a library has, exactly, and what another machine lacks of them.

A line names a model's files by the hashes we measured, where they lie below which of ComfyUI's folders, and
where they can be had. No line holds a path of this machine, or a key.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from modelyard.catalogue.asking import Asking
from modelyard.catalogue.model import Health, Model
from modelyard.catalogue.order import Order
from modelyard.catalogue.views import FileView
from modelyard.errors import BadValue, NoSuchModel, UnsafePath, YardError
from modelyard.jobs.checking import is_as_known
from modelyard.jobs.stock import Stock
from modelyard.jobs.wish import Wish
from modelyard.keys.redaction import Redactor
from modelyard.library.names import check_below, safe_relative
from modelyard.library.roots.roots import Root
from modelyard.values.suffixes import LISTED, suffix_of

FORMAT = 1
MOST = 100_000
"""Models of one lockfile."""

LARGEST = 64 * 2**20
"""Bytes of one lockfile without spaces between its words, as it is sent."""

_PAGE = 1000
_REDACTOR = Redactor()
Text = Annotated[str, msgspec.Meta(max_length=4096)]
Sha256 = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{64})?$")]


class LockedFile(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One file.

    Attributes:
        place: Below the root, with `/`.
        sha256: Measured; empty when nobody measured it yet.
        address: Where it can be had; empty when only its hash can be asked for.
    """

    place: Text
    size: Annotated[int, msgspec.Meta(ge=0)]
    sha256: Sha256 = ""
    address: Text = ""


class LockedModel(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One model.

    Attributes:
        folder: ComfyUI's name of the root's kind, empty for a mixed root.
    """

    title: Text
    folder: Annotated[str, msgspec.Meta(max_length=80)]
    place: Text
    files: Annotated[tuple[LockedFile, ...], msgspec.Meta(min_length=1, max_length=10_000)]
    kind: Text = ""
    family: Text = ""
    hub: Text = ""
    model: Text = ""
    version: Text = ""
    licence: Text = ""


class Lock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A library, written down."""

    modelyard: int
    made: Text
    models: Annotated[tuple[LockedModel, ...], msgspec.Meta(max_length=MOST)]


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one file of a lockfile is here.

    Attributes:
        state: `here`; `unmeasured` (name and size fit); `elsewhere` (the bytes lie at `path`); `differs` (other bytes
            stand in its place); `missing`.
        target: Where it belongs on this machine; empty when no root of that folder is registered.
        path: Where its bytes lie already.
        reason: Why it cannot be fetched although somebody offers it.
    """

    title: str
    folder: str
    place: str
    state: Literal["here", "unmeasured", "elsewhere", "differs", "missing"]
    size: int
    sha256: str = ""
    target: str = ""
    path: str = ""
    address: str = ""
    licence: str = ""
    reason: str = ""


def read_lock(data: bytes) -> Lock:
    """A lockfile.

    Raises:
        BadValue: It is none, or of a newer format.
    """
    try:
        lock = msgspec.json.decode(data, type=Lock)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadValue(f"This is no lockfile: {error}.", hint="Make one: `modelyard export FILE`.") from error
    if lock.modelyard != FORMAT:
        raise BadValue(f"The lockfile is of format {lock.modelyard}; this Modelyard reads {FORMAT}.")
    return lock


def export(stock: Stock, asking: Asking) -> Lock:
    """Write down the models that fit a question."""
    models = tuple(model for batch in batches(stock, asking) for model in batch)
    return msgspec.structs.replace(_empty(stock), models=models)


def _empty(stock: Stock) -> Lock:
    now = dt.datetime.fromtimestamp(stock.wall(), dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Lock(FORMAT, now, ())


def export_json(stock: Stock, asking: Asking) -> Iterator[bytes]:
    """The same as JSON, piece by piece: only a thousand models are held at a time.

    Raises:
        BadValue: These are more models than `read_lock` and the service take.
    """
    head = msgspec.json.encode(_empty(stock)).removesuffix(b"]}")
    yield head
    count, size = 0, len(head) + 2
    for batch in batches(stock, asking):
        for model in batch:
            piece = (b"," if count else b"") + msgspec.json.encode(model)
            count, size = count + 1, size + len(piece)
            if count > MOST or size > LARGEST:
                raise BadValue(
                    f"A lockfile holds {MOST:,} models and {LARGEST >> 20} MiB at most; these are more.",
                    hint="Write it in parts: `modelyard export FILE --folder loras`, or by --kind or --tag.",
                )
            yield piece
    yield b"]}"


def batches(stock: Stock, asking: Asking) -> Iterator[list[LockedModel]]:
    """The models that fit, a few questions for each thousand of them."""
    after: str | None = ""
    while after is not None:
        page = stock.catalogue.page(asking, Order("title", after=after, most=_PAGE))
        files = stock.catalogue.files_of([model.id for model in page.models])
        known = stock.yard.proofs.addresses([file.path for held in files.values() for file in held])
        yield [_locked(model, files.get(model.id, ()), known) for model in page.models]
        after = page.next


def _locked(model: Model, held: Sequence[FileView], known: Mapping[str, str]) -> LockedModel:
    files = []
    for file in held:
        address = known.get(file.path) or (_address(model) if file.main else "")
        if address and _REDACTOR.text(address) != address:
            address = ""  # a signed link opens the file for whoever reads this
        place = file.path[len(model.root) :].replace(os.sep, "/").lstrip("/")
        files.append(LockedFile(place, file.size, file.sha256, address))
    return LockedModel(
        title=model.title,
        folder=model.folder,
        place=model.place,
        files=tuple(files),
        kind=model.kind,
        family=model.family,
        hub=model.hub,
        model=model.hub_model,
        version=model.hub_version,
        licence=model.licence,
    )


def _address(model: Model) -> str:
    if model.hub == "civitai" and model.hub_version:
        return f"civitai:{model.hub_model}@{model.hub_version}"
    return ""


def check(stock: Stock, lock: Lock) -> list[Verdict]:
    """What each file of a lockfile is here; reads no model, asks no hub."""
    roots = stock.roots().by_folder()
    return [_verdict(stock, model, file, roots.get(model.folder, [])) for model in lock.models for file in model.files]


def _verdict(stock: Stock, model: LockedModel, file: LockedFile, roots: Sequence[Root]) -> Verdict:
    told: dict[str, Any] = {"title": model.title, "folder": model.folder, "place": file.place, "size": file.size}
    told |= {"sha256": file.sha256, "address": file.address, "licence": model.licence}
    try:
        relative = safe_relative(file.place)
    except UnsafePath as error:
        raise UnsafePath(f"The lockfile names {file.place[:80]!r}, which may not be used here.") from error
    for root in roots:
        state = _here(stock, root.path / relative, file)
        if state is not None:
            return Verdict(**told, state=state, target=str(root.path / relative), path=str(root.path / relative))
    writable = next((root for root in roots if not root.read_only), None)
    target = str(writable.path / relative) if writable else ""
    twin = _twin(stock, file)
    return Verdict(**told, state="elsewhere" if twin else "missing", target=target, path=twin)


def _here(stock: Stock, path: Path, file: LockedFile) -> Literal["here", "unmeasured", "differs"] | None:
    """What stands in a file's place; None when nothing does."""
    try:
        size = path.stat().st_size
    except OSError:
        return None
    try:
        found = stock.catalogue.at(str(path))
    except NoSuchModel:
        return "unmeasured" if size == file.size else "differs"
    seen = next((one for one in stock.catalogue.files(found.id) if one.path == str(path)), None)
    if size != file.size or found.health is Health.DAMAGED:
        return "differs"
    if seen is None or not seen.sha256 or not file.sha256 or not is_as_known(seen):
        return "unmeasured"
    return "here" if seen.sha256 == file.sha256 else "differs"


def _twin(stock: Stock, file: LockedFile) -> str:
    if not file.sha256:
        return ""
    for model in stock.catalogue.with_digest("sha256", file.sha256):
        for one in stock.catalogue.files(model.id):
            if one.sha256 == file.sha256 and model.health is not Health.DAMAGED and is_as_known(one):
                return one.path
    return ""


def fetchable(stock: Stock, found: Sequence[Verdict]) -> tuple[list[Verdict], list[Verdict]]:
    """What is missing and can be fetched, each with its address and target; and what is left as it is.

    Hubs are asked for what has a hash and no address.
    """
    missing = [one for one in found if one.state == "missing"]
    known = _addresses_by_hash(stock, missing)
    wanted: list[Verdict] = []
    left = [one for one in found if one.state in ("differs", "elsewhere")]
    for one in missing:
        address = one.address or known.get(one.sha256, "")
        can = bool(address and one.target)
        (wanted if can else left).append(msgspec.structs.replace(one, address=address) if can else one)
    return wanted, left


def wish_of(stock: Stock, one: Verdict) -> Wish:
    """What is fetched for a line that is missing, which somebody else may have written.

    Its address leads to no inner server and brings no key; only what is named like a model is written, into its root.

    Raises:
        UnsafePath, ReadOnlyDisk: Its place may not be written to.
    """
    root = stock.roots().writable(Path(one.target))
    check_below(str(root.path), one.target)
    if suffix_of(one.target) not in LISTED:
        raise UnsafePath(f"{one.place[-80:]} is no name of a model.", hint="A lockfile brings models only.")
    within = os.path.realpath(root.path)
    return Wish([one.address], one.target, sha256=one.sha256 or None, told=True, within=within, one=True)


def _addresses_by_hash(stock: Stock, verdicts: Sequence[Verdict]) -> dict[str, str]:
    """Addresses of missing files that have none, by their SHA-256: every hub is asked."""
    wanted = [one.sha256 for one in verdicts if one.state == "missing" and not one.address and one.sha256]
    found: dict[str, str] = {}
    for hub in stock.yard.hubs:
        left = [value for value in wanted if value not in found]
        if not left:
            break
        try:
            answers = hub.by_hash(left)
        except YardError:
            continue  # another hub may know them
        found |= {value: hub.show(offers[0].address) for value, offers in answers.items() if offers}
    return found
