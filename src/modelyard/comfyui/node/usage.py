"""Tells the service which models were used: those of prompts that ran to their end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

import folder_paths

from .asking import ask
from .loaders import folder_of, loaders
from .nodes import NODE_CLASS_MAPPINGS
from .problems import Refused
from .yard import Yard

_SUFFIXES = (".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".gguf", ".onnx", ".pkl")
_BETWEEN = 1.0
_PAUSES = (0.0, 2.0, 5.0, 10.0)
"""Seconds before each time that a use is told."""
_LATEST = 100
"""Prompts that are looked at; more do not end within a second."""
_log = logging.getLogger("modelyard")


class Usage:
    """Follows the host's own history: after a prompt came in, until nothing is queued any more.

    Args:
        host: The `PromptServer`.
    """

    def __init__(self, yard: Yard, host: Any) -> None:
        self._yard, self._host = yard, host
        self._wake = threading.Event()
        self._told: set[str] = set()

    def follow(self) -> None:
        """Begin, without touching anything but the host's list of those it tells about prompts."""
        self._host.add_on_prompt_handler(self._prompt)
        threading.Thread(target=self._work, name="modelyard-usage", daemon=True).start()

    def _prompt(self, prompt: Any) -> Any:
        self._wake.set()
        return prompt

    def _work(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            self._settle()

    def _settle(self) -> None:
        """Report every prompt that ends until the queue is empty."""
        pause = threading.Event()
        while True:
            pause.wait(_BETWEEN)
            empty = not self._host.prompt_queue.get_tasks_remaining()
            self._report(self._host.prompt_queue.get_history(max_items=_LATEST))
            if empty:
                return

    def _report(self, history: dict[str, Any]) -> None:
        self._told &= history.keys()  # the host forgets old ones, too
        for number, entry in history.items():
            if number in self._told:
                continue
            self._told.add(number)
            status = entry.get("status") or {}
            ran = status.get("status_str", "success") == "success"
            if ran and (used := list(dict.fromkeys(uses(entry["prompt"][2], loaders(self._yard.home))))):
                self._tell(used)

    def _tell(self, used: list[str]) -> None:
        """Report uses; one that was just fetched may not be known yet, so those are told again a little later."""
        for pause in _PAUSES:
            threading.Event().wait(pause)
            used = [path for path in used if not self._known(path)]
            if not used:
                return

    def _known(self, path: str) -> bool:
        """Whether the service counted a use; one that is not there misses it, which harms nobody."""
        try:
            told = ask(self._yard, "POST", "/api/v1/models/used", {"uses": [{"path": path}]}, start=False)
        except Refused as error:
            _log.debug("usage was not reported: %s", error)
            return True
        return bool(told["known"])


def uses(prompt: dict[str, Any], rows: list[dict[str, Any]]) -> Iterator[str]:
    """The models that a prompt in API form names, by their paths; those, too, that a node of ours made ready.

    Args:
        rows: See `loaders`.
    """
    for node in prompt.values():
        yield from filter(None, _of_node(str(node.get("class_type")), node.get("inputs") or {}, rows))


def _of_node(kind: str, inputs: dict[str, Any], rows: list[dict[str, Any]]) -> list[str]:
    """Paths, empty where a name is none of this host."""
    if kind in NODE_CLASS_MAPPINGS:
        return [NODE_CLASS_MAPPINGS[kind].found(inputs)]
    named = {
        key: value for key, value in inputs.items() if isinstance(value, str) and value.lower().endswith(_SUFFIXES)
    }
    return [_path(folder_of(rows, kind, widget), value) for widget, value in named.items()]


def _path(folder: str, name: str) -> str:
    known = [folder] if folder else list(folder_paths.folder_names_and_paths)
    for one in known:
        if one in ("configs", "custom_nodes"):
            continue
        found = folder_paths.get_full_path(one, name)
        if found:
            return str(found)
    return ""
