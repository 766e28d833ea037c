"""A ComfyUI that runs: what it lists, and where it reads models from (its routes are facts 1.3 and 1.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from modelyard.errors import BadAnswer, UnsafePath
from modelyard.library.names import safe_component
from modelyard.library.roots.comfy import NOT_MODELS
from modelyard.library.roots.roots import Root, Roots
from modelyard.net.api import Api
from modelyard.programs.workflows.references import Workflow
from modelyard.programs.workflows.running import Running, compared
from modelyard.values.untrusted import record, texts

_MOST_FOLDERS = 200


@dataclass(frozen=True, slots=True)
class Comfy:
    """What one ComfyUI says.

    Attributes:
        roots: The folders that it reads and that are on this machine.
    """

    running: Running
    roots: Roots

    def compared(self, workflow: Workflow) -> Workflow:
        """The workflow with this ComfyUI's folders, and whether it lists each name."""
        return compared(workflow, self.running)


def ask(api: Api, url: str) -> Comfy:
    """Ask a ComfyUI at an address that a person named.

    Raises:
        NetworkError, BadAnswer: It does not answer, or is none.
    """
    base = url.rstrip("/")
    info = _json(api, f"{base}/object_info")
    if not isinstance(info, dict) or not info:
        raise BadAnswer(f"{base} is no ComfyUI.", hint="Name it as your browser does: http://127.0.0.1:8188.")
    names = [name for name in texts(_json(api, f"{base}/models"))[:_MOST_FOLDERS] if name not in NOT_MODELS]
    lists = {name: frozenset(texts(_json(api, f"{base}/models/{quote(name, safe='')}"))) for name in names}
    answer = api.get(f"{base}/internal/folder_paths", cache=False)
    paths = record(answer.json()) if answer.status == 200 else {}
    return Comfy(Running(info, lists), Roots(tuple(_roots(base, paths))))


def _roots(base: str, paths: Mapping[str, Any]) -> list[Root]:
    """Its folders, as far as they are on this machine; it may run on another one, or in a container."""
    found: list[Root] = []
    for folder, told in paths.items():
        here = [path for path in map(Path, texts(told)) if path.is_absolute() and path.parent.is_dir()]
        if folder not in NOT_MODELS and _is_name(folder):
            found += [Root(folder, index, path, base) for index, path in enumerate(here)]
    return found


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
