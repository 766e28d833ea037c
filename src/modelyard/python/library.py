"""The library from Python: what is here, found and cared for; a model that a program needs, ready or on its way.

with modelyard.Modelyard() as yard:
    yard.library.add("~/ComfyUI", comfy=True)
    yard.library.scan()
    for known in yard.library.models("anime", kind=["lora"]):
        print(known.path)
    lora = yard.library.ensure("civitai:123@456", folder="loras", on_ready=load)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from modelyard.python.access import OnStep
from modelyard.python.available import Available
from modelyard.python.changes import Changes
from modelyard.python.questions import Questions
from modelyard.python.written import Written


class Library(Questions, Changes, Written):
    """The models of one data folder. Changes need that no service runs on it; ask that one by REST instead."""

    def add(self, path: str | Path, *, folder: str = "", comfy: bool = False, read_only: bool = False) -> None:
        """Register a folder of models, or a ComfyUI: that is recognised unless a `folder` is named.

        Raises:
            BadValue: It cannot be a root.
        """
        from modelyard.library.roots.entries import Entry, recognised

        whole = str(Path(path).expanduser().absolute())
        self._app.stock.entries.keep(recognised(Entry(path=whole, folder=folder, comfy=comfy, read_only=read_only)))

    def scan(self, *, deep: bool = False, on_step: OnStep | None = None) -> Mapping[str, Any]:
        """Look for new, changed, moved and removed models."""
        return self._do("scan", {"deep": deep}, on_step)

    def measure(self, *, on_step: OnStep | None = None) -> Mapping[str, Any]:
        """Measure the hashes of models that have none."""
        return self._do("measure", {}, on_step)

    def verify(self, *ids: int, mend: bool = False, on_step: OnStep | None = None) -> Mapping[str, Any]:
        """Read models whole, or all; fetch what is damaged again when `mend` is set."""
        return self._do("verify", {"ids": ids, "mend": mend}, on_step)

    def refresh(self, *ids: int, force: bool = False, on_step: OnStep | None = None) -> Mapping[str, Any]:
        """Ask hubs about models, or about all that lack something."""
        return self._do("refresh", {"ids": ids, "force": force}, on_step)

    def ensure(
        self,
        address: str = "",
        *,
        folder: str = "",
        name: str = "",
        sha256: str = "",
        on_ready: Callable[[Path], object] | None = None,
    ) -> Available:
        """A model that a program needs; it is fetched in the background when it is not here.

        Args:
            folder: ComfyUI's name of the folder it belongs to.
            name: Its file name below that folder.
            on_ready: Called with its path once, in another thread when it has to be fetched.

        Raises:
            BadValue, BadAddress: Nothing that can be looked for was said.
        """
        from modelyard.jobs.ensuring import Want

        want = Want(address=address, folder=folder, name=name, sha256=sha256)
        return Available(self._app, want, self._begin, on_ready)
