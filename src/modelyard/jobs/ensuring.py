"""The ensure flow: is this model ready here? If not it is fetched; if that fails, what to do is told.

For programs that cannot go on without a model: *ready* with its path, *downloading* with progress, *waiting*,
or *missing* with the reason, models that may stand in for it, and the steps a person can take.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec.structs import replace

from modelyard.catalogue.model import Health
from modelyard.errors import BadValue, NoSuchModel, YardError
from modelyard.hubs.web.addresses import NAME as WEB
from modelyard.jobs.addressing import KeepKey, forget, read_address
from modelyard.jobs.checking import is_as_known
from modelyard.jobs.queued import Options, draft
from modelyard.jobs.standing_in import Fallback, fallbacks, sought
from modelyard.jobs.stock import Stock
from modelyard.library.names import safe_relative
from modelyard.library.roots.roots import Root
from modelyard.net.url import without_query
from modelyard.tasks.queue import Queue
from modelyard.tasks.states import ENDED, State
from modelyard.tasks.task import Task
from modelyard.values.suffixes import LISTED, suffix_of

Text = Annotated[str, msgspec.Meta(max_length=8192)]


class Want(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model that somebody needs. One of `address`, `sha256`, or `folder` with `name` is enough to find it.

    Attributes:
        address: Where it can be had.
        folder: ComfyUI's name of the folder it belongs to; it is fetched there.
        name: Its file name below that folder.
        sha256: Of its bytes.
        whole: Every file of a repository is wanted; else one, and which is to be said where it has several.
        base: For which base model it is made, where the asker knows: what may stand in is chosen by that.
    """

    address: Text = ""
    folder: Annotated[str, msgspec.Meta(max_length=80)] = ""
    name: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    sha256: Annotated[str, msgspec.Meta(pattern="^([0-9a-fA-F]{64})?$")] = ""
    whole: bool = False
    base: Annotated[str, msgspec.Meta(max_length=200)] = ""


class Ensured(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a want.

    Attributes:
        path: Of the model, when it is ready.
        name: Under which ComfyUI lists it; empty when it lies where the asking one does not look.
        verified: Somebody's hash confirmed its bytes.
        task: Fetches it.
        done: Bytes that are here, of `size`.
        error: Why it is missing: code, message, hint, retryable.
        steps: What a person can do, in words.
    """

    state: Literal["ready", "downloading", "waiting", "missing"]
    path: str = ""
    name: str = ""
    verified: bool = False
    task: int | None = None
    done: int = 0
    size: int | None = None
    speed: float = 0.0
    reason: str = ""
    error: dict[str, Any] | None = None
    fallbacks: list[Fallback] = []  # msgspec copies it
    steps: list[str] = []


class Ensure(msgspec.Struct, frozen=True):
    """Answers for one library.

    Attributes:
        live: How far the running tasks are, by id.
        target: A path as the settings complete it, see `App.target`.
        keep_key: What becomes of a key inside an address.
        near: Roots of the place that holds this folder come first, where there are several of a kind.
        fence: Checks a target; gives the real path in which it must still lie when it is written, see `jobs.wish.Wish`.
        told: The addresses are a stranger's words, see there.
    """

    stock: Stock
    queue: Queue
    live: Callable[[], Mapping[int, Mapping[str, Any]]]
    target: Callable[[str], str]
    keep_key: KeepKey
    near: str = ""
    fence: Callable[[str], str] = lambda _: ""
    told: bool = False

    def look(self, want: Want, *, fetch: bool = True, again: bool = False) -> Ensured:
        """What is so now; fetches it when it is neither here nor on its way.

        Args:
            fetch: Begin a download where there is none.
            again: Begin one although the last one failed.

        Raises:
            BadValue: Nothing was asked for.
            BadAddress, UnknownHub: The address cannot be read.
        """
        if not (want.address or want.sha256 or (want.folder and want.name)):
            raise BadValue("Nothing was asked for.", hint="Say an address, a SHA-256, or a folder and a name.")
        known = self._whole_coming(want) or self._ready(want)
        if known is not None:
            return known
        if not want.address:
            return self._missing(want, None, "It is not here, and nobody said where it can be had.")
        made = draft(self.stock.yard, want.address, self.options(want), self.keep_key)
        task = self.queue.latest(made.key) if made.key else None
        if task is not None and task.state not in ENDED:
            return self._coming(task)
        if task is not None and task.state is State.FAILED and not again:
            return self._missing(want, task.error, "")
        if not fetch:
            return self._missing(want, None, "It is not here; nobody fetches it yet.")
        (number,) = self.queue.add([made])
        return self._coming(self.queue.get(number))

    def _whole_coming(self, want: Want) -> Ensured | None:
        """A whole repository is not ready with the first of its files."""
        if not (want.whole and want.address):
            return None
        made = draft(self.stock.yard, want.address, self.options(want), self.keep_key)
        task = self.queue.latest(made.key) if made.key else None
        return self._coming(task) if task is not None and task.state not in ENDED else None

    # --- here? --------------------------------------------------------------------------------------

    def _ready(self, want: Want) -> Ensured | None:
        for path, verified in self._candidates(want):
            if Path(path).is_file():
                found = self.found(path, want.folder, verified=verified)
                return msgspec.structs.replace(found, reason=self._doubt(want, path))
        return None

    def _doubt(self, want: Want, path: str) -> str:
        """What speaks against a file that was found by its name: it is not known to come from the wanted address."""
        if not want.address or want.sha256 or path in self._fetched(want.address):
            return ""
        return f"Found by its name; nobody knows that it is what {self._shown_address(want)} offers."

    def _shown_address(self, want: Want) -> str:
        hub, address = read_address(self.stock.yard.hubs, want.address, forget)
        return without_query(hub.show(address))

    def found(self, path: str, folder: str, *, verified: bool) -> Ensured:
        """A model that is ready."""
        return Ensured("ready", path, self._shown(path, folder), verified)

    def missing(self, want: Want, error: YardError) -> Ensured:
        """A model that cannot be had."""
        return self._missing(want, error.as_dict(), "")

    def _candidates(self, want: Want) -> Iterator[tuple[str, bool]]:
        catalogue = self.stock.catalogue
        if want.sha256:
            for model in catalogue.with_digest("sha256", want.sha256.lower()):
                for file in catalogue.files(model.id):
                    if file.sha256 == want.sha256.lower() and is_as_known(file):
                        yield from self._sound(file.path)
            return
        for path in self._named(want):
            yield from self._sound(path)
        if want.address and not (want.folder and want.name):
            name = os.path.basename(want.name)
            for path in self._fetched(want.address):
                if name in ("", os.path.basename(path)):
                    yield from self._sound(path, verified=True)

    def _sound(self, path: str, *, verified: bool = False) -> Iterator[tuple[str, bool]]:
        """A file, unless it is known to be damaged or unsafe; verified only while it is the one that was.

        Args:
            verified: Its proof says so; the catalogue may not know it yet.
        """
        catalogue = self.stock.catalogue
        try:
            model = catalogue.at(path)
        except NoSuchModel:
            yield path, verified
            return
        if model.health in (Health.GOOD, Health.UNVERIFIED):
            good = model.health is Health.GOOD and all(map(is_as_known, catalogue.files(model.id)))
            yield path, verified or good

    def _fetched(self, text: str) -> Iterator[str]:
        """Untouched files that were fetched from an address."""
        hub, address = read_address(self.stock.yard.hubs, text, forget)  # to look is no reason to keep a key
        whole = hub.show(replace(address, revision=None, path=None, options=()))
        for proof in self.stock.yard.proofs.from_address(whole):
            found = hub.read(proof.address)
            if found is None or found.model != address.model or address.revision not in (None, found.revision):
                continue
            if address.path == found.path or (address.path is None and suffix_of(str(proof.path)) in LISTED):
                yield str(proof.path)

    def _named(self, want: Want) -> Iterator[str]:
        if not (want.folder and want.name):
            return
        relative = safe_relative(want.name.replace("\\", "/"))
        for root in self._roots(want.folder):
            yield str(root.path / relative)

    def _roots(self, folder: str) -> list[Root]:
        """The roots of a folder, those nearby first."""
        roots = self.stock.roots()
        near = set(roots.near(self.near).all)
        return sorted(roots.by_folder().get(folder, []), key=lambda root: root not in near)

    def _shown(self, path: str, folder: str) -> str:
        """The name under which ComfyUI lists it; the one nearby, where the caller said so."""
        root = self.stock.roots().near(self.near).holding(Path(path))
        return os.path.relpath(path, root.path) if root is not None and folder in ("", root.folder) else ""

    # --- on its way? --------------------------------------------------------------------------------

    def options(self, want: Want) -> Options:
        """How it is fetched: to the first root of its folder that may be written.

        Raises:
            BadValue: There is no such root.
            UnsafePath: The fence refuses it.
        """
        roots = [root for root in self._roots(want.folder) if not root.read_only]
        if want.folder and not roots:
            raise BadValue(f"No root for {want.folder} is registered.", hint="Register one: `modelyard roots add`.")
        relative = str(safe_relative(want.name.replace("\\", "/"))) if want.name else ""
        to = f"{roots[0].path}/{relative}" if roots else relative
        target = self.target(to)
        one = not want.whole and bool(want.address) and self._is_repository(want.address)
        return Options(
            to=target, sha256=want.sha256.lower() or None, told=self.told, within=self.fence(target), one=one
        )

    def _is_repository(self, text: str) -> bool:
        """Whether an address names all files of a place; CivitAI's own main file is meant by its models."""
        hub, address = read_address(self.stock.yard.hubs, text, forget)
        return address.path is None and hub.name not in (WEB, "civitai")

    def _coming(self, task: Task) -> Ensured:
        now = self.live().get(task.follows or task.id, {})
        waits = task.state in (State.WAITING, State.PAUSED)
        return Ensured(
            "waiting" if waits else "downloading",
            task=task.id,
            done=int(now.get("done") or task.done),
            size=now.get("size") or task.size,
            speed=float(now.get("speed") or 0.0),
            reason=task.reason,
        )

    # --- missing ------------------------------------------------------------------------------------

    def _missing(self, want: Want, error: dict[str, Any] | None, reason: str) -> Ensured:
        return Ensured(
            "missing",
            error=error,
            reason=reason or str((error or {}).get("message", "")),
            fallbacks=fallbacks(self.stock, sought(want.folder, want.name, want.address, want.base), want.folder),
            steps=list(self._steps(want, error)),
        )

    def _steps(self, want: Want, error: dict[str, Any] | None) -> Iterator[str]:
        if error:
            yield str(error.get("hint") or "Look at the error.")
            if error.get("link"):
                yield f"Open {error['link']}."
            yield "Then try again: `modelyard queue retry`, or ask for it once more."
        roots = self._roots(want.folder)
        place = f"into {roots[0].path}" if roots else "into one of the registered folders"
        if roots and want.name:
            place = f"to {roots[0].path}/{want.name}"
        yield f"{'Or put' if error else 'Put'} the file {place} yourself; it is noticed there."
