"""A ComfyUI that runs: what it lists, and where it reads models from (its routes are facts 1.3 and 1.4)."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from modelyard.errors import BadAnswer, NetworkError, Stalled, UnsafePath
from modelyard.jobs.workflows.inputs import Row, folders_of
from modelyard.library.names import safe_component
from modelyard.library.roots.comfy import NOT_MODELS
from modelyard.library.roots.roots import Root, Roots
from modelyard.net.api import Api
from modelyard.programs.workflows.references import Workflow
from modelyard.programs.workflows.running import Running, compared
from modelyard.values.untrusted import record, texts

_MOST_FOLDERS = 200
_MOST_ROWS = 10_000
_SECONDS = 20.0
_AT_ONCE = 4
_MOST_TOLD = 5


class Comfy(msgspec.Struct, frozen=True):
    """What one ComfyUI says.

    Attributes:
        roots: The folders that it reads and that are on this machine.
        notes: What it did not answer.
    """

    running: Running
    roots: Roots
    notes: tuple[str, ...] = ()

    def compared(self, workflow: Workflow) -> Workflow:
        """The workflow with this ComfyUI's folders, and whether it lists each name."""
        return compared(workflow, self.running)


def ask(api: Api, url: str, seconds: float = _SECONDS) -> Comfy:
    """Ask a ComfyUI at an address that a person named.

    Args:
        seconds: For all questions together; a folder that is not listed by then is told and left out.

    Raises:
        NetworkError, BadAnswer: It does not answer, or is none.
    """
    base = url.rstrip("/")
    asking = _Asking(api, base, time.monotonic() + seconds)
    try:
        paths, models = asking.later("internal/folder_paths"), asking.later("models")
        said = asking.later("modelyard/inputs")
        info = asking.answer(asking.later("object_info"))
        if not isinstance(info, dict) or not info:
            raise BadAnswer(f"{base} is no ComfyUI.", hint="Name it as your browser does: http://127.0.0.1:8188.")
        names = [name for name in texts(asking.answer(models))[:_MOST_FOLDERS] if name not in NOT_MODELS]
        asked = {name: asking.later(f"models/{quote(name, safe='')}") for name in names}
        told = {name: asking.or_none(f"list {name}", asking_for) for name, asking_for in asked.items()}
        inputs = _rows(asking.or_nothing(said))
        roots = _roots(base, record(asking.or_none("say where its folders lie", paths)))
    finally:
        asking.pool.shutdown(wait=False, cancel_futures=True)
    lists = {name: frozenset(texts(files)) for name, files in told.items() if files is not None}
    running = Running(info, lists, folders_of(inputs))
    return Comfy(running, Roots(tuple(roots)), asking.notes())


@dataclass
class _Asking:
    """Questions to one ComfyUI, few at once, and one moment by which all are answered or left."""

    api: Api
    base: str
    until: float
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_AT_ONCE, "comfyui"))
    missed: list[tuple[str, str]] = field(default_factory=list)

    def later(self, route: str) -> Future[Any]:
        """Ask in a moment."""
        return self.pool.submit(_json, self.api, f"{self.base}/{route}")

    def answer(self, future: Future[Any]) -> Any:
        """What it answers.

        Raises:
            NetworkError, BadAnswer: It does not, or not in time.
        """
        try:
            return future.result(max(0.0, self.until - time.monotonic()))
        except TimeoutError:
            raise Stalled(f"{self.base} did not answer in time.", hint="Does that ComfyUI hang?") from None

    def or_none(self, what: str, future: Future[Any]) -> Any:
        """What it answers, None when it does not."""
        try:
            return self.answer(future)
        except NetworkError as error:
            self.missed.append((what, error.message))
            return None

    def or_nothing(self, future: Future[Any]) -> Any:
        """What it answers to what only our extension answers."""
        with contextlib.suppress(NetworkError):
            return self.answer(future)
        return None

    def notes(self) -> tuple[str, ...]:
        """What it did not answer, in a line."""
        if not self.missed:
            return ()
        more = f" (and {len(self.missed) - _MOST_TOLD} more)" if len(self.missed) > _MOST_TOLD else ""
        words = ", ".join(what for what, _ in self.missed[:_MOST_TOLD])
        return (f"The ComfyUI at {self.base} did not {words}{more}: {self.missed[0][1]}",)


def _roots(base: str, paths: Mapping[str, Any]) -> list[Root]:
    """Its folders, as far as they are on this machine; it may run on another one, or in a container."""
    found: list[Root] = []
    for folder, told in paths.items():
        here = [path for path in map(Path, texts(told)) if path.is_absolute() and path.parent.is_dir()]
        if folder not in NOT_MODELS and _is_name(folder):
            found += [Root(folder, index, path, base) for index, path in enumerate(here)]
    return found


def _rows(told: object) -> list[Row]:
    """What our extension in it says of its nodes."""
    try:
        return msgspec.convert(record(told).get("rows", []), list[Row])[:_MOST_ROWS]
    except msgspec.ValidationError:
        return []


def _is_name(folder: str) -> bool:
    try:
        return safe_component(folder) == folder
    except UnsafePath:
        return False


def _json(api: Api, url: str) -> Any:
    answer = api.get(url, cache=False)
    if answer.status != 200:
        raise BadAnswer(f"{url} answered {answer.status}.", hint="Is that a ComfyUI?")
    return answer.json()
