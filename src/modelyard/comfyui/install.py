"""Lays our extension into a ComfyUI, and takes it out again. Nothing else of the ComfyUI is touched."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from modelyard.comfyui.swapping import GONE, MADE, OLD, room_beside, rooms_left, swap
from modelyard.errors import BadValue, NoSuchFile, TargetExists, UnsafePath
from modelyard.library.roots.comfy import is_comfy
from modelyard.library.shifting.failpoint import failpoint
from modelyard.store.disk_gate import disk_errors
from modelyard.values.version import VERSION

NODE = Path(__file__).with_name("node")
NAME = "modelyard"
CONFIG = "modelyard.json"
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9][0-9]{0,4})?")


class Config(msgspec.Struct, frozen=True):
    """What the extension must know, kept beside it.

    Attributes:
        python: Interpreter that has this package.
        home: Data folder of the service.
        hosts: Names under which ComfyUI is reached, beside addresses and localhost.
        version: Of the extension.
    """

    python: str
    home: str
    hosts: tuple[str, ...] = ()
    version: str = VERSION


class Status(msgspec.Struct, frozen=True):
    """What is in a ComfyUI.

    Attributes:
        path: Where the extension is or would be.
        version: Of what is there; empty when nothing is.
        current: It is this version, and starts this Modelyard.
        config: Of what is there, or of what was there when laying it in was killed.
    """

    comfyui: str
    path: str
    installed: bool
    version: str = ""
    current: bool = False
    config: Config | None = None


def comfyui_at(path: Path) -> Path:
    """The ComfyUI that a person means: the folder itself, the one inside a portable build, or a base directory.

    Raises:
        BadValue: There is none.
    """
    for place in (path, path / "ComfyUI"):
        if is_comfy(place) or all((place / name).is_dir() for name in ("custom_nodes", "models", "user")):
            return place
    raise BadValue(f"{path} is no ComfyUI.", hint="Name the folder with its main.py, or its --base-directory.")


def install(path: Path, home: Path, hosts: Sequence[str] = (), python: str = sys.executable) -> Status:
    """Lay the extension into a ComfyUI, in one step; an older one of ours is replaced.

    Args:
        home: Data folder of the service that it finds or starts.
        hosts: Further names; those of an older one stay, also of one that a kill left aside.

    Raises:
        BadValue: There is no ComfyUI, a name is none, or a newer extension is there.
        TargetExists, UnsafePath: Something else has its place.
        DiskError: The folder cannot be written.
    """
    target = place_in(path)
    there, old = _ours(target), _config(target)
    names = (*(old.hosts if old else ()), *map(_host, hosts))
    config = Config(python, str(home), tuple(dict.fromkeys(names)))
    if there is not None and _number(there) > _number(VERSION):
        raise BadValue(f"{target} is version {there}, newer than {VERSION}.", hint="Bring this Modelyard up to date.")
    with disk_errors(target.parent):
        target.parent.mkdir(exist_ok=True)
        with room_beside(target) as room:
            swap(_copy(room, config), target, room / OLD)
    return status(path, home, python)


def uninstall(path: Path) -> Path:
    """Take the extension out; models, and whatever else lies in the ComfyUI, stay. Gives where it was.

    Raises:
        BadValue: There is no ComfyUI.
        NoSuchFile: It is not there.
        TargetExists, UnsafePath: Something else has its place.
        DiskError: The folder cannot be written.
    """
    target = place_in(path)
    there, left = _ours(target), rooms_left(target)
    if there is None and not left:
        raise NoSuchFile(f"{target} is not there.", hint="See `modelyard comfyui status`.")
    with disk_errors(target.parent), room_beside(target) as room:
        if there is not None:
            target.rename(room / GONE)
            failpoint("extension-gone")
    return target


def status(path: Path, home: Path, python: str = sys.executable) -> Status:
    """What is in a ComfyUI.

    Raises:
        BadValue: There is no ComfyUI.
        TargetExists, UnsafePath: Something else has its place.
    """
    target = place_in(path)
    version = _ours(target)
    if version is None:
        return Status(str(target.parents[1]), str(target), installed=False, config=_config(target))
    config = _config(target)
    current = config is not None and (version, config.home, config.python) == (VERSION, str(home), python)
    return Status(str(target.parents[1]), str(target), True, version, current, config)


def place_in(path: Path) -> Path:
    """Where the extension is or would be.

    Raises:
        BadValue: There is no ComfyUI.
    """
    return comfyui_at(path) / "custom_nodes" / NAME


def _ours(target: Path) -> str | None:
    """Version of the extension at a place, None when nothing is there.

    Raises:
        TargetExists, UnsafePath: Something else is.
    """
    if target.is_symlink():
        raise UnsafePath(f"{target} is a link.", hint="Remove it yourself, if it may go.")
    if not os.path.lexists(target):
        return None
    try:
        told = tomllib.loads((target / "pyproject.toml").read_text("utf-8"))
        if told["tool"]["comfy"]["PublisherId"] == NAME and (target / "yard.py").is_file():
            return str(told["project"]["version"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise TargetExists(f"{target} is there already, and none of ours.", hint="Move it away first.")


def _config(target: Path) -> Config | None:
    """What the extension at a place was told, or the one that a kill left aside; None where nothing can be read."""
    for place in (target, *(room / OLD for room in rooms_left(target))):
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            return msgspec.json.decode((place / CONFIG).read_bytes(), type=Config)
    return None


def _copy(room: Path, config: Config) -> Path:
    made = room / MADE
    shutil.copytree(NODE, made, ignore=shutil.ignore_patterns("__pycache__"))
    (made / CONFIG).write_bytes(msgspec.json.format(msgspec.json.encode(config)))
    described = (made / "pyproject.toml").read_text("utf-8")
    (made / "pyproject.toml").write_text(re.sub(r'(?m)^version = ".*"$', f'version = "{VERSION}"', described), "utf-8")
    return made


def _host(name: str) -> str:
    name = name.lower()
    if not _HOST.fullmatch(name):
        raise BadValue(
            f"{name[:80]!r} is no host name.", hint="Without scheme: gpu.example.org, or gpu.example.org:8443"
        )
    return name


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
