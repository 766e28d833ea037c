"""Where the Modelyard service is, and how it is started. It is a process of its own and outlives ComfyUI."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from .problems import NoYard

CONFIG = Path(__file__).with_name("modelyard.json")
"""Written by `modelyard comfyui install`: `python`, `home` and `hosts`."""
_STARTS = 20.0
"""Seconds that a start may take."""
_REST = 30.0
"""Seconds between two starts that nobody asked for."""
_NOWHERE = "Modelyard is not installed where this extension looks for it."
_AGAIN = "Start it: `modelyard serve`, or the button in the sidebar."


@dataclass(frozen=True)
class Place:
    """A running service.

    Attributes:
        socket: Path of its Unix socket; empty where there is none.
        url: Its own page.
        token: The small one, which opens what ComfyUI needs and no more.
    """

    socket: str
    url: str
    token: str


class Yard:
    """The service of one data folder. Safe to use from every thread.

    Args:
        home: Its data folder.
        command: What starts it, without arguments.
        hosts: Further names under which ComfyUI is reached.
        near: The folder of this ComfyUI's models, so that they are put here and not into another one's.
    """

    def __init__(self, home: Path, command: list[str], hosts: tuple[str, ...] = (), near: str = "") -> None:
        self.home, self.hosts = home, hosts
        self._near = quote(near)
        self._command = command
        self._lock = threading.Lock()
        self._tried = -_REST
        self._seen = False

    def headers(self, place: Place) -> dict[str, str]:
        """What every request to the service says."""
        return {"Authorization": f"Bearer {place.token}", "X-Modelyard-Near": self._near}

    def find(self) -> Place | None:
        """The running service, None when there is none."""
        try:
            note = json.loads((self.home / "service.json").read_bytes())
            token = (self.home / "comfyui.token").read_text("ascii").strip()
            found = Place(str(note["socket"]), str(note["url"]), token)
            process = int(note["pid"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if not _answers(found, self.home, process):
            return None
        self._seen = True
        return found

    def place(self, *, start: bool) -> Place:
        """The running service; the first time it is started, later only when somebody wants it.

        A service that was stopped on purpose stays so until a person, or a prompt, needs it.

        Raises:
            NoYard: There is none.
        """
        found = self.find()
        if found is None and (start or not self._seen):
            found = self._started(anyway=start)
        if found is None:
            raise NoYard("The Modelyard service does not run.", _AGAIN)
        return found

    def _started(self, *, anyway: bool) -> Place | None:
        if not self._lock.acquire(blocking=anyway):
            return None  # somebody starts it already; who only looks does not wait for that
        try:
            found = self.find()
            if found is None and (anyway or time.monotonic() - self._tried > _REST):
                self._tried = time.monotonic()
                process = self._start()
                found = self._wait(process)
                if found is None and process.poll() is not None:
                    found = self._wait(self._start("--port", "0"))  # its usual port may be taken
            return found
        finally:
            self._lock.release()

    def _wait(self, process: Any) -> Place | None:
        """The service that a process becomes, None when it ends without becoming one."""
        until = time.monotonic() + _STARTS
        found = None
        while found is None and time.monotonic() < until and process.poll() is None:
            time.sleep(0.1)
            found = self.find()
        return found

    def _start(self, *options: str) -> Any:
        """Start it for itself: it takes neither ComfyUI's terminal nor its Python paths along."""
        if not self._command:
            raise NoYard(_NOWHERE, _install())
        kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
        apart: dict[str, Any] = {"creationflags": 0x00000208} if os.name == "nt" else {"start_new_session": True}
        quiet = subprocess.DEVNULL
        try:
            return subprocess.Popen(  # noqa: S603  # what our own installation wrote down
                [*self._command, "serve", *options],
                stdin=quiet,
                stdout=quiet,
                stderr=quiet,
                env=kept | {"MODELYARD_HOME": str(self.home)},
                **apart,
            )
        except OSError as error:
            raise NoYard(_NOWHERE, _install()) from error


def known(config: Path = CONFIG, near: str = "") -> Yard:
    """The yard that was named at installation; else the one of this user, as Modelyard itself finds it."""
    try:
        told = json.loads(config.read_bytes())
        return Yard(Path(told["home"]), [told["python"], "-P", "-m", "modelyard"], tuple(told.get("hosts", ())), near)
    except (OSError, ValueError, KeyError, TypeError):
        found = shutil.which("modelyard")
        return Yard(_default_home(), [found] if found else [], near=near)


def _default_home() -> Path:
    if told := os.environ.get("MODELYARD_HOME"):
        return Path(told).expanduser()
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", "~")).expanduser() / "modelyard"
    if sys.platform == "darwin":
        return Path("~/Library/Application Support/modelyard").expanduser()
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "modelyard"


def _install() -> str:
    return "Install Modelyard, then run `modelyard comfyui install --path DIR` with the folder of this ComfyUI."


def _answers(place: Place, home: Path, process: int) -> bool:
    """Whether the service listens; a stale note's address may be anybody's now, and gets no token of ours."""
    if place.socket:
        if Path(place.socket).parent != home:
            return False
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(2)
            probe.connect(place.socket)
            return True
        return False
    where = urlsplit(place.url)
    if where.scheme != "http" or not _holds(home / "service.lock", process):
        return False
    with contextlib.suppress(OSError), socket.create_connection((where.hostname or "", where.port or 80), 2):
        return True
    return False


def _holds(lock: Path, process: int) -> bool:
    """Whether a process holds the data folder: it wrote its number there, and the file is locked."""
    with contextlib.suppress(OSError, ValueError), lock.open("r+b") as held:
        if int(held.read(20).split()[0]) != process:
            return False
        return not _free(held.fileno())
    return False


def _free(descriptor: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            os.lseek(descriptor, 1024, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # only there
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
