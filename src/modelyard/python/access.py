"""How a Python program reaches the library of its data folder."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from modelyard.app import App
from modelyard.jobs.chores import Step

OnStep = Callable[[Step], object]
"""Called with how far a long piece of work is."""

Which = int | str | Path
"""A model: its number in the catalogue, or a path of it."""


class Access:
    """Base of what asks and changes the library."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._turn = threading.RLock()

    def _number(self, model: Which) -> int:
        """The number of a model.

        Raises:
            NoSuchModel: No file of a known model has this path.
        """
        if isinstance(model, int):
            return model
        return self._app.stock.catalogue.at(str(Path(model).expanduser().absolute())).id

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the data folder for one change; threads of this program take turns.

        Raises:
            Busy: A service or another program holds it.
        """
        from modelyard.server.folder import held

        with self._turn, held(self._app.folder):
            yield

    def _do(self, name: str, said: Mapping[str, Any], on_step: OnStep | None) -> Mapping[str, Any]:
        from modelyard.jobs.household import CHORES

        chore = CHORES[name]
        told = {key: value for key, value in said.items() if value}
        with self._alone():
            return chore.do(self._app.stock, chore.read(told), self._app.stop, on_step or (lambda _: None))
