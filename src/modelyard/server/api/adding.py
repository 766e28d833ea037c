"""From what a caller sent to tasks: read, fenced, queued."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, TypeVar

import msgspec
from sqlalchemy.engine import Connection

from modelyard.errors import TooManyAddresses, UsageError, YardError
from modelyard.jobs.addressing import KeepKey, forget, without_secrets
from modelyard.jobs.batch import MOST, Entry, read_batch
from modelyard.jobs.batch_tables import Options as Beside
from modelyard.jobs.profiles import Profile, over
from modelyard.jobs.queued import Options, draft
from modelyard.server.api.fence import check_replace, check_source, check_target
from modelyard.server.api.views import TaskError, error_view
from modelyard.server.roles import Role
from modelyard.server.routes import Here, Id
from modelyard.tasks.task import Draft, Priority

T = TypeVar("T")
Text = Annotated[str, msgspec.Meta(max_length=8192)]
Place = Callable[[str], tuple[str, str]]
"""From what a caller said of the place to the target and the fence in which it must lie."""
_LINES = 200_000
"""Lines of a batch, each of which is answered."""


class Item(Profile, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One download that is asked for.

    Attributes:
        address: A model page, a file link, hf:owner/repo, civitai:MODEL@VERSION, any URL.
        profile: Name of a profile; what is said here wins over it.
        sha256: The hash that the one file must have.
        size: Its bytes, where they are known: room is kept for them before its hub was asked.
        needs: Ids of tasks that must be done before this one starts; it fails when one of them does.
        told: A stranger's document named the address, a workflow say: it leads to no inner service and keeps no key.
            Who asks again for what a task or something periodic says sends it along, as it stands in `options`.
    """

    address: Text = ""
    profile: Annotated[str, msgspec.Meta(max_length=80)] = ""
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-fA-F]{64}$")] | None = None
    size: Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None = None
    needs: Annotated[tuple[Id, ...], msgspec.Meta(max_length=100)] = ()
    told: bool = False


class BatchEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a line of a batch became.

    Attributes:
        became: `task`, `address` (when it was only tried), `duplicate`, `refused` or `nothing`.
        first: The line where a duplicate stood before.
    """

    line: int
    text: str
    became: str
    address: str = ""
    id: int | None = None
    first: int | None = None
    error: TaskError | None = None


def queued(here: Here, drafts: Sequence[Draft], tell: Callable[[list[int]], T]) -> T:
    """Queue drafts; gives what is told of their ids, written down with them for whoever asks again.

    Raises:
        UsageError: Too many at once.
        NoSuchTask: A draft needs a task that does not exist.
    """
    told: list[T] = []

    def also(db: Connection, ids: list[int]) -> None:
        told.append(tell(ids))
        here.keep(db, told[0])

    if not drafts:
        return tell([])
    here.app.queue.add(drafts, also)
    return told[0]


def read_items(here: Here, items: Sequence[Item]) -> tuple[list[Draft], list[tuple[str, TaskError]]]:
    """What can be read as drafts, and each refused address with its problem.

    Raises:
        YardError: The only address cannot be queued.
        UsageError: Nothing was asked for.
    """
    if not items:
        raise UsageError("No address was sent.", hint='Send {"addresses": ["hf:owner/repo/file"]}.')
    drafts, refused = [], []
    place = places(here)
    for item in items:
        try:
            drafts.append(draft_of(here, item, place))
        except YardError as error:
            if len(items) == 1:
                raise
            refused.append((without_secrets(here.app.hubs, item.address)[:200], error_view(error.as_dict())))
    return drafts, refused


def read_lines(
    here: Here, text: str, shared: Item, try_only: bool
) -> tuple[list[Draft], Callable[[list[int]], list[BatchEntry]]]:
    """The addresses of a text as drafts, and what each line became once these have ids.

    Raises:
        TooManyAddresses: More than one batch may have; nothing was queued.
    """
    if not text.lstrip().startswith(("[", "{")) and text.strip().count("\n") >= _LINES:
        raise _too_many()  # JSON may have more lines than entries; of other text each line is one
    keep = forget if try_only or shared.told else _keeping(here)
    found = _bounded(read_batch(here.app.hubs, text, keep_key=keep, redactor=here.app.redactor))
    entries = [_shown(entry) for entry in found]
    if try_only:
        return [], lambda _: entries
    drafts: list[Draft] = []
    lines: list[int] = []
    place = places(here)
    for index, entry in enumerate(found):
        if entry.became == "address":
            try:
                drafts.append(draft_of(here, _beside(shared, entry.address, entry.options), place))
                lines.append(index)
            except YardError as error:
                told = error_view(error.as_dict())
                entries[index] = msgspec.structs.replace(entries[index], became="refused", error=told)

    def became(ids: list[int]) -> list[BatchEntry]:
        for number, index in zip(ids, lines, strict=True):
            entries[index] = msgspec.structs.replace(entries[index], became="task", id=number)
        return entries

    return drafts, became


def _bounded(read: Iterable[Entry]) -> list[Entry]:
    """All entries, before anything is made of the first.

    Raises:
        TooManyAddresses: They are too many.
    """
    found: list[Entry] = []
    for entry in read:
        if len(found) >= _LINES or (entry.error and entry.error["code"] == TooManyAddresses.code):
            raise _too_many()
        found.append(entry)
    return found


def _too_many() -> TooManyAddresses:
    return TooManyAddresses(f"A batch has at most {MOST} addresses and {_LINES} lines; nothing was queued.")


def _shown(entry: Entry) -> BatchEntry:
    return BatchEntry(
        entry.line,
        entry.text,
        entry.became,
        entry.address,
        None,
        entry.first,
        error_view(entry.error) if entry.error else None,
    )


def _beside(shared: Item, address: str, beside: Beside) -> Item:
    """What the line said wins over what all lines share."""
    said = {name: value for name, value in msgspec.to_builtins(beside).items() if name in Item.__struct_fields__}
    return msgspec.convert(msgspec.to_builtins(shared) | said | {"address": address}, Item)


def places(here: Here, *, strange: bool = False) -> Place:
    """Finds the places of one request's downloads, each looked at on the disk once.

    Args:
        strange: See `draft_of`.
    """

    @functools.lru_cache(maxsize=1024)
    def place(to: str) -> tuple[str, str]:
        target = here.app.target(to)
        return target, check_target(here, target, strange=strange)

    return place


def draft_of(here: Here, item: Item, place: Place, *, strange: bool = False) -> Draft:
    """The task for an item.

    Args:
        place: See `places`.
        strange: A stranger's document names address and target, also where the owner brings it: nothing is fetched
            from the local network, no key is kept, and only models go to where they belong.

    Raises:
        YardError: Its address, limit or target cannot be used.
    """
    item = _profiled(here, item)
    check_source(here, item.address)
    for name in item.hooks:
        here.app.hooks.file.get(name)
    target, within = place(item.to)
    # what the owner may reach, inner services too, others may not
    told = strange or item.told or here.caller.role is not Role.ADMIN
    options = Options(
        to=target,
        within=within,
        told=told,
        include=tuple(item.include),
        exclude=tuple(item.exclude),
        sha256=item.sha256,
        replace=item.replace,
        companions=item.companions,
        unpack=item.unpack,
        limit=item.limit,
        hooks=tuple(item.hooks),
    )
    if item.replace:
        check_replace(here, options.to)
    keep = forget if told else _keeping(here)
    made = draft(here.app.yard, item.address, options, keep, Priority[item.priority.upper()], item.size)
    return msgspec.structs.replace(made, needs=tuple(item.needs))


def _keeping(here: Here) -> KeepKey:
    """What becomes of a key inside a pasted link: only who may keep keys at all keeps it so."""
    return here.app.keep_key if here.caller.role is Role.ADMIN else forget


def _profiled(here: Here, item: Item) -> Item:
    """The item with what its profile says where it says nothing itself."""
    if not item.profile:
        return item
    return msgspec.convert(over(here.app.profiles.get(item.profile), msgspec.to_builtins(item)), Item)
