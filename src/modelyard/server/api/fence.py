"""Where a caller may have files fetched to: the owner wherever nothing acts upon them, others in folder and roots."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from modelyard.errors import ReadOnlyDisk, RoleTooLow, UnsafePath, YardError
from modelyard.hubs.web.addresses import NAME as WEB
from modelyard.jobs.addressing import forget, read_address
from modelyard.jobs.importing import IMPORT
from modelyard.jobs.lending.lend import LINK
from modelyard.library.names import check_below, check_harmless
from modelyard.server.rights import check_hub
from modelyard.server.roles import Role
from modelyard.server.routes import Here
from modelyard.tasks.task import Task
from modelyard.tasks.verbs import Also, Answer
from modelyard.values.suffixes import LISTED, suffix_of

_OWNERS = frozenset((IMPORT.name, LINK.name))
"""Chores that only the owner begins."""


def check_target(here: Here, target: str, *, strange: bool = False) -> str:
    """Refuse what systems and programs act upon; and to all but the owner of the machine what is outside the folder.

    Gives the real path in which the file must still lie when it is written; empty for the owner, who may link anywhere.

    Args:
        target: Absolute.
        strange: A stranger's document names it: the owner is held to what others are.

    Raises:
        UnsafePath: It may not be used.
    """
    root, usual = _root_of(here, target), here.app.target("")
    fence = root or usual
    if here.caller.role is Role.ADMIN and not strange:
        check_harmless(target, root or (fence if _lies_in(target, fence) else ""))
        return ""
    check_below(fence, target)
    named = not target.endswith(("/", os.sep)) and not Path(target).is_dir()
    if root and named and suffix_of(target) not in LISTED and not _same(root, usual):
        name = Path(target).name
        raise UnsafePath(f"{name} is no name of a model.", hint="Into a root only models are fetched by their names.")
    return os.path.realpath(fence)


def check_source(here: Here, text: str) -> None:
    """Refuse addresses that this caller may not fetch from, see `rights.check_hub`.

    Raises:
        RoleTooLow: It may not.
        BadAddress, UnknownHub: The address cannot be read.
    """
    if here.caller.role is Role.COMFYUI:
        check_hub(read_address(here.app.hubs, text, forget)[0].name)


def _root_of(here: Here, target: str) -> str:
    """The registered root that holds a path and may be written, links resolved; empty when there is none."""
    try:
        return str(here.app.stock.roots().writable(Path(target.rstrip("/")) / "x").path)
    except (UnsafePath, ReadOnlyDisk):
        return ""


def _same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _lies_in(target: str, folder: str) -> bool:
    return Path(os.path.realpath(target)).is_relative_to(os.path.realpath(folder))


def check_replace(here: Here, target: str) -> None:
    """Refuse to replace what others put into a root: that is for the owner.

    Raises:
        UnsafePath: This caller may not.
    """
    if here.caller.role is not Role.ADMIN:
        check_below(here.app.target(""), target)


def check_again(here: Here, number: int) -> None:
    """Refuse to do a task again that this caller could not have queued: the owner may have, elsewhere.

    Raises:
        NoSuchTask: There is none.
        RoleTooLow: It fetches from where this caller may not, or is no work for them.
        UnsafePath: Its target is not this caller's.
    """
    if here.caller.role is Role.ADMIN:
        return
    task = here.app.queue.get(number)
    if here.caller.role is Role.COMFYUI:
        check_hub(task.hub)
    if task.kind in _OWNERS or _reaches_inside(task):
        raise RoleTooLow(
            "Only the owner of the machine repeats what they asked for here.",
            hint="Ask for it anew, or ask them.",
            needed=Role.ADMIN.value,
        )
    target = task.target or here.app.target("")
    if task.payload.get("replace"):
        check_replace(here, target)
    check_target(here, target)


def _reaches_inside(task: Task) -> bool:
    """Whether an address may lead into the local network: the owner's own may, see `jobs.wish.Wish.told`."""
    return task.hub == WEB and not task.payload.get("told")


def retry(here: Here, numbers: Sequence[int], also: Also) -> list[Answer]:
    """Try tasks again; what this caller could not have queued is answered with why.

    Args:
        also: See `queue.Also`; hears of the refused ones, too.
    """
    refused: list[Answer] = []
    for number in dict.fromkeys(numbers):
        try:
            check_again(here, number)
        except YardError as error:
            refused.append(Answer(number, error=error.as_dict()))
    left = {one.id for one in refused}
    chosen = [number for number in numbers if number not in left]
    return here.app.queue.retry(chosen, lambda db, found: also(db, found + refused)) + refused
