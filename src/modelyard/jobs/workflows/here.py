"""What is here already: by hash, by name and folder, and what is alike. Reads names and stamps, no model."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from modelyard.catalogue.catalogue import Catalogue
from modelyard.catalogue.model import Health
from modelyard.errors import NoSuchModel
from modelyard.jobs.checking import is_as_known
from modelyard.jobs.workflows.places import Places, listed
from modelyard.jobs.workflows.wanted import Wanted
from modelyard.library.names import safe_relative
from modelyard.programs.workflows.gathering import leaves
from modelyard.store.proofs import Proofs
from modelyard.values.suffixes import LISTED, suffix_of

_MOST_ENTRIES = 200_000
_SECONDS = 3.0
"""How long folders are looked through for files of other names."""
_DEEPEST = 12
_MOST_ASKED = 2_000
"""Questions to the catalogue by hash; more models than that has no workflow that a person made."""

_MOST_ALIKE = 20
"""Files that one name may mean."""

_VERSION = re.compile(r"civitai:[0-9]*@([0-9]{1,18})(?![0-9])")

_BAD = (Health.DAMAGED, Health.UNSAFE)


class Held(msgspec.Struct, frozen=True):
    """One file that is here.

    Attributes:
        lists_as: The name under which ComfyUI lists it in the wanted folder; empty when it lies elsewhere.
        digests: Measured, as long as the file was not touched since.
        verified: Somebody's hash confirmed its bytes.
        bad: It is known to be damaged or unsafe.
    """

    path: Path
    lists_as: str
    size: int
    digests: dict[str, str] = msgspec.field(default_factory=dict)
    model: int | None = None
    verified: bool = False
    bad: str = ""


@dataclass
class Here:
    """Looks at one machine.

    Args:
        catalogue: None where there is no database: names and proofs alone tell then.
        proofs: None where there is no data folder.

    Attributes:
        cut: Folders that were not looked through to their end, for want of time.
    """

    places: Places
    catalogue: Catalogue | None = None
    proofs: Proofs | None = None
    clock: Callable[[], float] = time.monotonic
    _files: dict[str, dict[str, list[Path]]] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)
    _left: float = _SECONDS
    _versions: dict[str, list[Path]] | None = None
    _asked: int = 0

    def named(self, wanted: Wanted) -> Held | None:
        """The file of that very name in that folder."""
        if not (wanted.name and wanted.has_suffix):
            return None
        for path in self._paths(wanted):
            if _is_file(path) and _is_spelled_so(path):
                return self.held(path, wanted.folder)
        return None

    def of_stem(self, wanted: Wanted) -> list[Held]:
        """Files that have that name but for its ending, which A1111 leaves out; those that lie highest first."""
        low = wanted.base.lower()
        if not low or wanted.has_suffix:
            return []
        names = self._names(wanted.folder)
        paths = {
            os.path.realpath(path): path for name in names if name.rpartition(".")[0] == low for path in names[name]
        }
        found = [self.held(path, wanted.folder) for path in list(paths.values())[:_MOST_ALIKE]]
        return sorted(found, key=lambda one: (one.lists_as.count(os.sep), one.lists_as))

    def is_broken_link(self, wanted: Wanted) -> bool:
        """Whether only a link that leads nowhere has that name: ComfyUI lists those too."""
        return any(path.is_symlink() and not path.exists() for path in self._paths(wanted))

    def _paths(self, wanted: Wanted) -> list[Path]:
        """Where the file of that name may lie: under the very name, else under the one that it is saved as here."""
        name = wanted.name.replace("\\", "/")
        relatives = [*([Path(name)] if _stays_inside(name) else []), *([safe_relative(name)] if name else [])]
        return list(dict.fromkeys(root.path / each for each in relatives for root in self.places.of(wanted.folder)))

    def hashed(self, wanted: Wanted, sha256: str = "") -> list[Held]:
        """Untouched files with the wanted hash, those that ComfyUI lists in the folder first.

        Args:
            sha256: What a hub claims, instead of what the workflow says.
        """
        value = sha256 or wanted.sure_hash
        if not value:
            return []
        paths: dict[str, None] = {}
        if self.proofs and len(value) == 64:
            paths |= dict.fromkeys(str(proof.path) for proof in self.proofs.with_sha256(value))
        paths |= dict.fromkeys(self._in_catalogue(value))
        found = [self.held(Path(path), wanted.folder) for path in paths]
        return sorted((one for one in found if not one.bad), key=lambda one: not one.lists_as)

    def fetched(self, wanted: Wanted) -> Iterator[Held]:
        """Untouched files that came from the version at CivitAI that is wanted."""
        number = _VERSION.search(wanted.address)
        if number and self.proofs:
            if self._versions is None:
                self._versions = _by_version(self.proofs)
            for path in self._versions.get(number[1], ()):
                yield self.held(path, wanted.folder)

    def alike(self, wanted: Wanted) -> list[Held]:
        """Files of the same name in another sub-folder, or in other letters."""
        names = self._names(wanted.folder)
        return [self.held(path, wanted.folder) for path in names.get(wanted.base.lower(), [])[:_MOST_ALIKE]]

    def sized(self, folder: str, size: int) -> list[Held]:
        """Files of a folder that have exactly so many bytes."""
        paths = (path for found in self._names(folder).values() for path in found)
        return [self.held(path, folder) for path in paths if _size(path) == size][:_MOST_ALIKE]

    def held(self, path: Path, folder: str) -> Held:
        """What is known of a file."""
        name = listed(path, self.places.of(folder))
        size = _size(path) or 0
        proof = self.proofs.of(path) if self.proofs else None
        digests = dict(proof.measured) if proof else {}
        verified = bool(proof and any(proof.measured.get(each) == value for each, value in proof.claimed.items()))
        if self.catalogue is None:
            return Held(path, name, size, digests, verified=verified)
        try:
            model = self.catalogue.at(str(path))
        except NoSuchModel:
            return Held(path, name, size, digests, verified=verified)
        for file in self.catalogue.files(model.id):
            if file.path == str(path) and is_as_known(file):
                known = {"sha256": file.sha256, "tensor-sha256": file.tensors, "autov1": file.autov1}
                digests |= {name: value for name, value in known.items() if value}
        bad = model.health.value if model.health in _BAD else ""
        return Held(path, name, size, digests, model.id, verified or model.health is Health.GOOD, bad)

    def _in_catalogue(self, value: str) -> Iterator[str]:
        if self.catalogue is None or self._asked >= _MOST_ASKED:
            return
        self._asked += 1
        for algorithm in ("sha256",) if len(value) == 64 else ("sha256", "tensor-sha256"):
            for model in self.catalogue.with_digest(algorithm, value)[:50]:
                for file in self.catalogue.files(model.id):
                    digest = file.sha256 if algorithm == "sha256" else file.tensors
                    if digest.startswith(value) and is_as_known(file):
                        yield file.path

    def _names(self, folder: str) -> dict[str, list[Path]]:
        """Files of models in a folder by their names in lower case, as far as a few seconds reach."""
        if folder in self._files or not folder:
            return self._files.get(folder, {})
        until = self.clock() + self._left
        found: dict[str, list[Path]] = {}
        for root in self.places.of(folder):
            for path in _walk(str(root.path), lambda: self.clock() < until):
                found.setdefault(os.path.basename(path).lower(), []).append(Path(path))
        self._left = max(0.0, until - self.clock())
        if not self._left:
            self.cut.append(folder)
        self._files[folder] = found
        return found


def _by_version(proofs: Proofs) -> dict[str, list[Path]]:
    """Untouched files by the number of the version at CivitAI that they came from."""
    found: dict[str, list[Path]] = {}
    for proof in proofs.from_address("civitai:"):
        if number := _VERSION.match(proof.address):
            found.setdefault(number[1], []).append(proof.path)
    return found


def _walk(top: str, goes_on: Callable[[], bool]) -> Iterator[str]:
    """Paths of models below a folder, links followed as ComfyUI follows them, each folder once."""
    waiting, seen, count = [(top, 0)], set[tuple[int, int]](), 0
    while waiting and count < _MOST_ENTRIES and goes_on():
        folder, depth = waiting.pop()
        try:
            stat = os.stat(folder)
            if (stat.st_dev, stat.st_ino) in seen:
                continue
            seen.add((stat.st_dev, stat.st_ino))
            with os.scandir(folder) as entries:
                for entry in entries:
                    count += 1
                    if entry.is_dir():
                        waiting += [(entry.path, depth + 1)] if depth < _DEEPEST else []
                    elif suffix_of(entry.name) in LISTED and entry.is_file():
                        yield entry.path
        except OSError:
            continue  # a folder that cannot be read holds nothing that can be used


def _stays_inside(name: str) -> bool:
    """Whether a name may be looked up as it stands: whatever letters it has, it means a file below its folder."""
    parts = name.split("/")
    return (
        bool(name) and not leaves(name) and not {"", ".", ".."} & set(parts) and not (os.name == "nt" and ":" in name)
    )


def _is_spelled_so(path: Path) -> bool:
    """Whether a file that was found has that very name: some disks take `X` for `x`, and ComfyUI does not."""
    try:
        return not path.with_name(path.name.swapcase()).exists() or path.name in os.listdir(path.parent)
    except (OSError, ValueError):  # a folder that may be entered and not be read; the other name is too long
        return True


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long for the disk
        return False


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
