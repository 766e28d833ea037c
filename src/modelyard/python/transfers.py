"""Downloads from Python, in a few typed lines, sync and async.

import modelyard

model = modelyard.download("hf:owner/repo/model.safetensors", to="models/")
print(model.path, model.sha256, model.verified)

async with modelyard.Modelyard() as yard:
    await yard.download("civitai:123@456", to="loras/", on_progress=print)
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import msgspec

from modelyard.app import App
from modelyard.engine.progress import Snapshot
from modelyard.errors import Stopped, YardError, unforeseen
from modelyard.jobs.download import Download
from modelyard.jobs.wish import Outcome, Wish
from modelyard.python.library import Library
from modelyard.values.offers import Finding, Listing

OnProgress = Callable[[Sequence[Snapshot]], None]
"""Called about ten times a second with a snapshot of every running file."""


class Model(msgspec.Struct, frozen=True):
    """A file that is here.

    Attributes:
        path: Where it is.
        size: Bytes.
        sha256: 64 hex digits, measured by us.
        verified: Whether a promised hash confirmed it.
        how: Why we believe it, in words.
        received: Bytes that came over the wire for it in this call.
    """

    path: Path
    size: int
    sha256: str
    verified: bool
    how: str
    received: int


class Transfer:
    """A download that runs in the background.

    `pause` and `cancel` take effect within a tenth of a second; what was fetched is kept on disk, so
    `resume` goes on where it stopped, in this process or another one.
    """

    def __init__(self, app: App, wish: Wish, on_progress: OnProgress | None) -> None:
        self._app = app
        self._wish = wish
        self._on_progress = on_progress
        self._begin()

    def pause(self) -> None:
        """Stop transferring; everything that is here is kept."""
        self._download.stop.set("Paused.")
        self._thread.join()

    def resume(self) -> None:
        """Go on after `pause`."""
        if not self._thread.is_alive() and self._failed_by_stop():
            self._begin()

    def cancel(self, *, keep: bool = True) -> None:
        """Stop for good.

        Args:
            keep: Leave the unfinished parts on disk for a later download; else remove them.
        """
        self.pause()
        if not keep:
            self._download.discard()

    def snapshots(self) -> Sequence[Snapshot]:
        """How far each running file is: bytes, speed, seconds to go, tries."""
        return self._download.snapshots()

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return not self._thread.is_alive()

    def wait(self) -> list[Model]:
        """Wait for the end.

        Raises:
            YardError: The first failure.
        """
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        return _models(self._download)

    def _begin(self) -> None:
        self._failure: YardError | None = None
        self._download = self._app.download(self._wish)
        self._thread = threading.Thread(target=self._run, name="transfer", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        download = self._download

        def tick() -> None:
            if self._on_progress:
                self._on_progress(download.snapshots())

        try:
            download.run(download.plan(), tick)
        except YardError as error:
            self._failure = error
        except Exception as error:  # noqa: BLE001  # told by `wait`
            self._failure = unforeseen(error)

    def _failed_by_stop(self) -> bool:
        errors = [outcome.error for outcome in self._download.outcomes]
        return isinstance(self._failure, Stopped) or any(isinstance(error, Stopped) for error in errors)


class Modelyard:
    """Modelyard for Python programs; one object serves many downloads and threads.

    Use it with ``with`` or ``async with``. Every method that waits has the same meaning in both worlds:
    the plain ones block, and awaiting `download`, `info` or `search` inside ``async with`` does not.

    Args:
        environ: Environment variables instead of the process's own (keys, endpoints, MODELYARD_HOME).
        settings: Settings by name, as `modelyard config show` lists them.
        offline: Answer from the cache only.
    """

    def __init__(
        self,
        *,
        environ: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
        offline: bool = False,
    ) -> None:
        self.app = App(environ, flags=settings, offline=offline)

    @functools.cached_property
    def library(self) -> Library:
        """The models that are here."""
        return Library(self.app, lambda wish: Transfer(self.app, wish, None))

    def start(
        self,
        *addresses: str,
        to: str | Path | None = None,
        sha256: str | None = None,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        replace: bool = False,
        with_companions: bool = False,
        limit: int | None = None,
        on_progress: OnProgress | None = None,
        one: bool = False,
    ) -> Transfer:
        """Start a download in the background.

        Args:
            addresses: Pages, links, ``hf:…``, ``civitai:…``, ``ms:…``, ``gh:…``, AIR URNs, URLs.
            to: A file for one address, else a folder; None for the current folder.
            sha256: The hash that the one file must have, 64 hex digits.
            include: Globs of which a file must match one.
            exclude: Globs of which a file must match none.
            replace: Another file under the name may go once the new one is proven.
            with_companions: Also what belongs with the files.
            limit: Bytes per second for these files together.
            on_progress: See `OnProgress`.
            one: One model file is meant: of several none is fetched, and the error tells their addresses.
        """
        target = _text(to)
        wish = Wish(addresses, target, include, exclude, sha256, replace, with_companions, limit, one=one)
        return Transfer(self.app, wish, on_progress)

    async def download(self, *addresses: str, **options: object) -> list[Model]:
        """Fetch and prove files; options as for `start`. Cancelling the task stops the transfer and keeps its parts.

        Returns:
            One `Model` a file.

        Raises:
            YardError: The first failure; the other files are fetched all the same.
        """
        transfer = self.start(*addresses, **options)  # type: ignore[arg-type]  # the same keywords
        try:
            return await asyncio.to_thread(transfer.wait)
        except asyncio.CancelledError:
            transfer.pause()
            raise

    async def info(self, address: str) -> Listing:
        """What a hub says about a model: its facts and files."""
        return (await asyncio.to_thread(self.app.resolve, address))[1]

    async def search(self, text: str, *, limit: int = 20) -> list[Finding]:
        """Models on all hubs that match a text; hubs that fail are left out."""

        def ask() -> list[Finding]:
            answers = self.app.hubs.search_all(text, limit=limit)
            return [found for _, answer in answers if not isinstance(answer, YardError) for found in answer]

        return await asyncio.to_thread(ask)

    def close(self) -> None:
        """Stop what runs and close what is open."""
        self.app.close()

    def __enter__(self) -> Modelyard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Modelyard:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)


def download(address: str, **options: object) -> Model:
    """Fetch one file and prove it; options as for `Modelyard.start`.

    Raises:
        YardError: What went wrong, with code, message and hint. `UsageError` when the address means
            several model files: name one of those that it tells, or use `download_all`.
    """
    return download_all(address, **{**options, "one": True})[0]


def download_all(*addresses: str, **options: object) -> list[Model]:
    """Fetch all the files that the addresses mean; options as for `Modelyard.start`.

    Raises:
        YardError: The first failure; the other files are fetched all the same.
    """
    with Modelyard() as yard:
        return yard.start(*addresses, **options).wait()  # type: ignore[arg-type]  # the same keywords


def _text(to: str | Path | None) -> str | None:
    return None if to is None else str(to) + ("/" if isinstance(to, Path) and to.is_dir() else "")


def _models(download: Download) -> list[Model]:
    errors = [refused.error for refused in download.refused]
    errors += [outcome.error for outcome in download.outcomes if outcome.error]
    if errors:
        raise errors[0]
    return [_model(outcome) for outcome in download.outcomes]


def _model(outcome: Outcome) -> Model:
    return Model(outcome.target, outcome.size, outcome.sha256, bool(outcome.proven), outcome.how, outcome.received)
