"""A stand-in ComfyUI with our extension laid in by the command, a service, and a hub behind it."""

from __future__ import annotations

import contextlib
import http.client
import importlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from modelyard.comfyui.install import NODE
from modelyard.testing import PracticeHub
from modelyard.testing.comfyui.front_ends import VERSIONS, unpacked, wheel
from running import modelyard
from server.serving import Got, _got
from web.pages import until

WHEELS = Path(os.environ.get("MODELYARD_FRONT_ENDS", Path(sys.prefix) / "front-ends"))
REAL = shlex.split(os.environ.get("MODELYARD_COMFYUI", ""))
"""What starts a true ComfyUI, `/path/python /path/ComfyUI/main.py`: then the same tests run against it."""
MISSING = [version for version in VERSIONS if not wheel(WHEELS, version).is_file()]


def alone(name: str) -> Any:
    """A module of the extension that needs no host, imported beside its package."""
    package = ModuleType("node_alone")
    package.__path__ = [str(NODE)]
    sys.modules["node_alone"] = package
    return importlib.import_module(f"node_alone.{name}")


@dataclass
class Comfy:
    """A running stand-in."""

    base: Path
    home: Path
    url: str
    process: subprocess.Popen[str]

    def ask(self, method: str, path: str, body: Any = None, **headers: str | None) -> Got:
        """One request, as a page of it sends it unless told otherwise (None leaves a header out)."""
        where = urlsplit(self.url)
        sent = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        told: dict[str, str | None] = {"Content-Type": "application/json"} if method not in ("GET", "HEAD") else {}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=40)
        with contextlib.closing(connection):
            connection.putrequest(method, path, skip_host="Host" in told, skip_accept_encoding=True)
            for name, value in told.items():
                if value is not None:
                    connection.putheader(name, value)
            if "Content-Length" not in told and "Transfer-Encoding" not in told:
                connection.putheader("Content-Length", str(len(sent or b"")))
            connection.endheaders(sent)
            return _got(connection.getresponse())

    def listed(self, folder: str) -> list[str]:
        """What it lists in a folder."""
        return list(self.ask("GET", f"/models/{folder}").json)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def make_comfyui(base: Path) -> Path:
    """A folder that looks like ComfyUI's."""
    for name in ("comfy", "custom_nodes", "models"):
        (base / name).mkdir(parents=True)
    for name in ("main.py", "folder_paths.py"):
        (base / name).write_text("")
    return base


ODD = """
import folder_paths


class OddLoader:
    RETURN_TYPES, FUNCTION, CATEGORY = ("MODEL",), "load", "odd"

    @classmethod
    def INPUT_TYPES(cls):
        names = folder_paths.get_filename_list("upscale_models")
        return {"required": {"how": (["fast", "slow"],), "file": (["None"] + names,)}}

    def load(self, how, file):
        return (file,)


NODE_CLASS_MAPPINGS = {"OddLoader": OddLoader}
"""
"""Somebody's extension: a loader that no table of ours knows, of a folder in which nothing is."""


def put_odd(base: Path) -> None:
    """Lay that extension in."""
    (base / "custom_nodes" / "odd" / "web").mkdir(parents=True)
    (base / "custom_nodes" / "odd" / "__init__.py").write_text(ODD)


def lay_in(base: Path, home: Path, *options: str) -> None:
    """What a person types."""
    ran = modelyard("comfyui", "install", "--path", str(base), *options, env={"MODELYARD_HOME": str(home)})
    assert ran.code == 0, ran.err


def start_host(base: Path, home: Path, *options: str, env: dict[str, str] | None = None) -> Comfy:
    """Start the stand-in, or a true ComfyUI where one is named, and wait until it listens."""
    if REAL:
        return _start_real(base, home, options, {**os.environ, **(env or {})})
    command = [sys.executable, "-m", "modelyard.testing.comfyui", "--base", str(base), *options]
    quiet = {"stdout": subprocess.PIPE, "text": True, "cwd": base}
    process = subprocess.Popen(command, env={**os.environ, **(env or {})}, **quiet)  # type: ignore[call-overload]
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    assert url.startswith("http"), "it did not start"
    return Comfy(base, home, url, process)


def _start_real(base: Path, home: Path, options: tuple[str, ...], env: dict[str, str]) -> Comfy:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    told = list(options) if "--front-end" in options else [*options, "--front-end", str(wheel(WHEELS, VERSIONS[0]))]
    at = told.index("--front-end")
    told[at : at + 2] = ["--front-end-root", str(unpacked(Path(told[at + 1])))]
    (base / "user").mkdir(exist_ok=True)
    command = [*REAL, "--cpu", "--base-directory", str(base), "--port", str(port), *told]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "text": True, "cwd": base}
    process = subprocess.Popen(command, env=env, **quiet)  # type: ignore[call-overload]
    comfy = Comfy(base, home, f"http://127.0.0.1:{port}", process)
    until(lambda: process.poll() is not None or _answers(port), 200)
    return comfy


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def hosted(
    folder: Path, *options: str, env: dict[str, str] | None = None, install: tuple[str, ...] = ()
) -> Iterator[Comfy]:
    """A stand-in with our extension for the length of a block; a service that it started ends with it."""
    base = make_comfyui(folder / "ComfyUI")
    home = folder / "yard"
    lay_in(base, home, *install)
    put_odd(base)
    comfy = start_host(base, home, *options, env=env)
    try:
        yield comfy
    finally:
        comfy.stop()
        end_service(home)


def end_service(home: Path) -> None:
    """Stop the service of a data folder, if one runs."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        os.kill(json.loads((home / "service.json").read_text())["pid"], signal.SIGKILL)
        (home / "service.json").unlink()


def env_of(hub: PracticeHub, folder: Path) -> dict[str, str]:
    return hub.env() | {"HOME": str(folder)}


__all__ = [
    "NODE",
    "REAL",
    "Comfy",
    "alone",
    "end_service",
    "env_of",
    "hosted",
    "lay_in",
    "make_comfyui",
    "start_host",
]
