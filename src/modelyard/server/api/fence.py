"""Where a caller may have files fetched to: the owner wherever no code is run from, others within folder and roots."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from modelyard.errors import ReadOnlyDisk, UnsafePath, YardError
from modelyard.jobs.addressing import read_address
from modelyard.jobs.batch import forget
from modelyard.library.names import check_below, check_no_code
from modelyard.server.rights import check_hub
from modelyard.server.roles import Role
from modelyard.server.routes import Here
from modelyard.tasks.queue import Answer
from modelyard.values.suffixes import LISTED, suffix_of


def check_target(here: Here, target: str) -> str:
    """Refuse what programs run code from; and to all but the owner of the machine what is outside the folder.

    Gives the real path in which the file must still lie when it is written; empty for the owner, who may link anywhere.

    Args:
        target: Absolute.

    Raises:
        UnsafePath: It may not be used.
    """
    check_no_code(target)
    if here.caller.role is Role.ADMIN:
        return ""
    root = _root_of(here, target)
    fence = root or here.app.target("")
    check_below(fence, target)
    name = Path(target).name
    if root and not target.endswith(("/", os.sep)) and not Path(target).is_dir() and suffix_of(name) not in LISTED:
        raise UnsafePath(f"{name} is no name of a model.", hint="Into a root only models are fetched by their names.")
    return os.path.realpath(fence)


def check_source(here: Here, text: str) -> None:
    """Refuse addresses that this caller may not fetch from, see `rights.check_hub`.

    Raises:
        RoleTooLow: It may not.
        BadAddress, UnknownHub: The address cannot be read.
    """
    if here.caller.role is Role.COMFYUI:
        check_hub(here.caller, read_address(here.app.hubs, text, forget)[0].name)


def _root_of(here: Here, target: str) -> str:
    """The registered root that holds a path and may be written, links resolved; empty when there is none."""
    try:
        return str(here.app.stock.roots().writable(Path(target.rstrip("/")) / "x").path)
    except (UnsafePath, ReadOnlyDisk):
        return ""


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
        UnsafePath: Its target is not this caller's.
    """
    if here.caller.role is not Role.ADMIN:
        check_target(here, here.app.queue.get(number).target or here.app.target(""))


def retry(here: Here, numbers: Sequence[int]) -> list[Answer]:
    """Try tasks again; what this caller could not have queued is answered with why."""
    refused: list[Answer] = []
    for number in dict.fromkeys(numbers):
        try:
            check_again(here, number)
        except YardError as error:
            refused.append(Answer(number, error=error.as_dict()))
    left = {one.id for one in refused}
    return here.app.queue.retry([number for number in numbers if number not in left]) + refused
