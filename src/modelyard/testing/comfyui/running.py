"""The queue of prompts: one at a time, in a thread of its own, with the events and the history that ComfyUI has."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

Tell = Callable[[str, dict[str, Any]], None]


class Interrupted(Exception):  # named by what happened
    """Somebody pressed the cross."""


class PromptQueue:
    """Runs prompts in API form.

    Args:
        nodes: Classes by name.
        tell: Sends an event to the pages.
    """

    def __init__(self, nodes: Mapping[str, Any], tell: Tell) -> None:
        self._nodes, self._tell = nodes, tell
        self._waiting: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        self._open = 0
        self._history: dict[str, Any] = {}
        self.interrupted = threading.Event()
        threading.Thread(target=self._work, name="prompts", daemon=True).start()

    def get_tasks_remaining(self) -> int:
        """How many are not done."""
        return self._open

    def get_history(self, max_items: int | None = None) -> dict[str, Any]:
        """What ended, by id; the latest ones when not all are asked for."""
        return dict(list(self._history.items())[-(max_items or 0) :])

    def check(self, prompt: dict[str, Any]) -> dict[str, Any]:
        """What is wrong with it, by node: a value that is not in its list."""
        found = {}
        for number, node in prompt.items():
            kinds = self._nodes[node["class_type"]].INPUT_TYPES()
            for name, kind in {**kinds["required"], **kinds.get("optional", {})}.items():
                value = node["inputs"].get(name)
                if isinstance(kind[0], list) and not isinstance(value, list) and value not in kind[0]:
                    found[number] = {"errors": [{"type": "value_not_in_list", "message": "Value not in list"}]}
        return found

    def put(self, number: str, prompt: dict[str, Any]) -> None:
        """Queue one."""
        self._open += 1
        self._waiting.put((number, prompt))

    def _work(self) -> None:
        while True:
            number, prompt = self._waiting.get()
            self.interrupted.clear()
            self._tell("execution_start", {"prompt_id": number})
            done: dict[str, Any] = {}
            shown: dict[str, Any] = {}
            status = {"status_str": "success", "completed": True, "messages": []}
            try:
                for node in prompt:
                    told = self._run(number, prompt, node, done)
                    if isinstance(told, dict):
                        shown[node] = told["ui"]
            except Exception as error:  # noqa: BLE001  # whatever a node raises ends its prompt, not the host
                failed = {"prompt_id": number, "exception_message": str(error), "exception_type": type(error).__name__}
                event = "execution_interrupted" if isinstance(error, Interrupted) else "execution_error"
                status = {"status_str": "error", "completed": False, "messages": [[event, failed]]}
                self._tell(event, failed)
            self._history[number] = {"prompt": (0, number, prompt, {}, []), "outputs": shown, "status": status}
            self._open -= 1
            if status["completed"]:
                self._tell("execution_success", {"prompt_id": number})

    def _run(self, number: str, prompt: dict[str, Any], key: str, done: dict[str, Any]) -> Any:
        if key not in done:
            node = prompt[key]
            given = {}
            for name, value in node["inputs"].items():
                linked = isinstance(value, list)
                given[name] = self._run(number, prompt, value[0], done)[value[1]] if linked else value
            kind = self._nodes[node["class_type"]]
            if "node" in kind.INPUT_TYPES().get("hidden", {}):
                given["node"] = key
            self._tell("executing", {"node": key, "prompt_id": number})
            done[key] = getattr(kind(), kind.FUNCTION)(**given)
        return done[key]
