"""The library from Python: what is here, found and cared for; a model that a program needs, ready or on its way.

with modelyard.Modelyard() as yard:
    yard.library.add("~/ComfyUI", comfy=True)
    yard.library.scan()
    for known in yard.library.models("anime", kind=["lora"]):
        print(known.path)
    lora = yard.library.ensure("civitai:123@456", folder="loras", on_ready=load)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelyard.app import App
from modelyard.errors import YardError
from modelyard.jobs.chores import Step
from modelyard.jobs.wish import Wish

if TYPE_CHECKING:
    from modelyard.catalogue.model import Model as Known
    from modelyard.catalogue.views import Details
    from modelyard.jobs.ensuring import Ensured, Want
    from modelyard.python.transfers import Transfer

OnStep = Callable[[Step], object]
Begin = Callable[[Wish], "Transfer"]


class Available:
    """A model that a program needs: ready, on its way, or missing. Safe to ask from every thread.

    Attributes:
        want: What was asked for.
    """

    def __init__(self, app: App, want: Want, begin: Begin, on_ready: Callable[[Path], object] | None) -> None:
        self.want = want
        self._app = app
        self._begin = begin
        self._on_ready = [on_ready] if on_ready else []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._transfer: Transfer | None = None
        self._error: YardError | None = None
        self._now = app.ensure.look(want, fetch=False)
        if self._now.state == "ready" or not want.address:
            self._end()
        else:
            threading.Thread(target=self._fetch, name="ensure", daemon=True).start()

    @property
    def state(self) -> str:
        """`ready`, `downloading` or `missing`."""
        return "downloading" if not self._ended.is_set() else self._now.state

    @property
    def path(self) -> Path | None:
        """Where the model is; None while it is not ready."""
        return Path(self._now.path) if self.state == "ready" else None

    @property
    def details(self) -> Ensured:
        """All that is known: why it is missing, what may stand in for it, what a person can do."""
        return self._now

    def on_ready(self, call: Callable[[Path], object]) -> None:
        """Call this with the path as soon as the model is ready; at once when it is."""
        with self._lock:
            if not self._ended.is_set():
                self._on_ready.append(call)
                return
        if self.path is not None:
            call(self.path)

    def wait(self, seconds: float | None = None) -> Path:
        """Wait until it is ready.

        Raises:
            YardError: It cannot be had; what may stand in for it is in `details`.
            TimeoutError: Not within these seconds; it goes on.
        """
        if not self._ended.wait(seconds):
            raise TimeoutError(f"{self.want.address} is not ready yet.")
        if self.path is not None:
            return self.path
        raise self._error or YardError(self._now.reason, hint=" ".join(self._now.steps))

    def _fetch(self) -> None:
        ensure = self._app.ensure
        try:
            options = ensure.options(self.want)
            self._transfer = self._begin(Wish([self.want.address], options.to, sha256=options.sha256))
            (model, *_) = self._transfer.wait()
            self._now = ensure.found(str(model.path), self.want.folder, verified=model.verified)
        except YardError as error:
            self._error = error
            self._now = ensure.missing(self.want, error)
        self._end()

    def _end(self) -> None:
        with self._lock:
            self._ended.set()
            waiting = list(self._on_ready)
        for call in waiting if self.path is not None else []:
            call(Path(self._now.path))


class Library:
    """The models of one data folder. Changes need that no service runs on it; ask that one by REST instead."""

    def __init__(self, app: App, begin: Begin) -> None:
        self._app = app
        self._begin = begin

    def add(self, path: str | Path, *, folder: str = "", comfy: bool = False, read_only: bool = False) -> None:
        """Register a folder of models, or a ComfyUI.

        Raises:
            BadValue: It cannot be a root.
        """
        from modelyard.library.roots.entries import Entry

        whole = str(Path(path).expanduser().absolute())
        self._app.stock.entries.keep(Entry(path=whole, folder=folder, comfy=comfy, read_only=read_only))

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

    def models(
        self, text: str = "", *, sort: str = "title", descending: bool = False, **chosen: Any
    ) -> Iterator[Known]:
        """Models with these words.

        Args:
            chosen: As in `catalogue.asking.Asking`: `kind=["lora"]`, `tags=["style"]` …
        """
        from modelyard.catalogue.asking import Asking
        from modelyard.catalogue.order import Order

        told: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in chosen.items()
        }
        asking, after = Asking(text=text, **told), ""
        while True:
            page = self._app.stock.catalogue.page(asking, Order(sort, descending, after, 500))
            yield from page.models
            if page.next is None:
                return
            after = page.next

    def show(self, model: int | str | Path) -> Details:
        """One model, by its number or a path of it, with everything that is known of it.

        Raises:
            NoSuchModel: It is not in the catalogue.
        """
        catalogue = self._app.stock.catalogue
        number = model if isinstance(model, int) else catalogue.at(str(Path(model).absolute())).id
        return catalogue.details(number)

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

    def _do(self, name: str, said: Mapping[str, Any], on_step: OnStep | None) -> Mapping[str, Any]:
        from modelyard.jobs.household import CHORES
        from modelyard.server.folder import held

        chore = CHORES[name]
        told = {key: value for key, value in said.items() if value}
        with held(self._app.folder):
            return chore.do(self._app.stock, chore.read(told), self._app.stop, on_step or (lambda _: None))
