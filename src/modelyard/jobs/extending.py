"""Our extension in the ComfyUIs of this machine: what is there, laying it in, taking it out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from modelyard.comfyui.install import Status, install, place_in, status, uninstall
from modelyard.errors import BadValue, TargetExists, UnsafePath
from modelyard.jobs.importing import entries_of, register
from modelyard.jobs.stock import Stock
from modelyard.programs.installed.found import Program


class Extension(msgspec.Struct, frozen=True, kw_only=True):
    """Our extension in a ComfyUI.

    Attributes:
        state: `absent`; `current`; `other` (of another version, or it starts another Modelyard: laying it in again
            mends that); `blocked` (what lies in its place is not ours, and stays).
        path: Where it is or would be.
        version: Of what is there.
        hosts: Names under which browsers reach this ComfyUI, beside addresses and localhost.
        restart: It was changed just now, and ComfyUI sees that after its next start.
    """

    state: Literal["absent", "current", "other", "blocked"]
    path: str
    version: str = ""
    hosts: tuple[str, ...] = ()
    restart: bool = False


def seen(stock: Stock, program: Program) -> Extension | None:
    """What of it is in a program; None where the program is no ComfyUI that takes it."""
    if not _is_comfyui(program):
        return None
    try:
        return _told(status(program.path, _home(stock)))
    except (TargetExists, UnsafePath):
        return Extension(state="blocked", path=str(place_in(program.path)))
    except (BadValue, OSError):
        return None


def lay_in(stock: Stock, program: Program, hosts: Sequence[str], *, roots: bool | None) -> Extension:
    """Lay it in, or lay this version in over an older one.

    Args:
        hosts: Further names under which browsers reach this ComfyUI.
        roots: Register its folders of models, too, unless somebody did; without them no model could be put there.
            None: only where the extension was not there before, for who had it may have unregistered them on purpose.

    Raises:
        BadValue: It is no ComfyUI, one of its folders is no place for models, a name is none, or a newer one is there;
            nothing was laid in.
        TargetExists, UnsafePath: Something else has its place.
        DiskError: The folder cannot be written.
    """
    _check(program)
    home = _home(stock)
    registers = roots if roots is not None else not status(program.path, home).installed
    if registers:
        entries_of(stock, program)
    laid = install(program.path, home, hosts)
    if registers:
        register(stock, program)
    return _told(laid, restart=True)


def take_out(stock: Stock, program: Program) -> Extension:
    """Take it out; models, the queue and the registered folders stay.

    Raises:
        BadValue: It is no ComfyUI.
        NoSuchFile: It is not there.
        TargetExists, UnsafePath: Something else has its place.
        DiskError: The folder cannot be written.
    """
    _check(program)
    uninstall(program.path)
    return _told(status(program.path, _home(stock)), restart=True)


def _told(found: Status, *, restart: bool = False) -> Extension:
    state: Literal["absent", "current", "other"] = "other" if found.installed else "absent"
    return Extension(
        state="current" if found.current else state,
        path=found.path,
        version=found.version,
        hosts=found.config.hosts if found.config else (),
        restart=restart,
    )


def _is_comfyui(program: Program) -> bool:
    return program.kind.startswith("comfyui")


def _check(program: Program) -> None:
    if not _is_comfyui(program):
        raise BadValue(f"{program.name} at {program.path} is no ComfyUI.", hint="Name one that `GET /programs` lists.")


def _home(stock: Stock) -> Path:
    return stock.folder.absolute()
