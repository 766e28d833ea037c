"""Loans: what was made in which program by which means; one small file each, which is the journal, too."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from modelyard.errors import NoSuchLoan
from modelyard.library import writing
from modelyard.library.shifting.journal import Mark
from modelyard.library.shifting.naming import Way as Link
from modelyard.programs.installed.found import Means
from modelyard.store.disk_gate import disk_errors
from modelyard.store.opened import sync_folder

_NUMBER = re.compile(r"[0-9a-f]{12}")
_LARGEST = 8 << 20

Way = Link | Literal["written"]


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """One file that was made.

    Attributes:
        source: The file of the model, links resolved; empty for a small file that we wrote.
        target: What was made, below `base`.
        temp: Its name beside before it took its own.
        mark: Of what was made; None before it was.
    """

    source: str
    base: str
    target: str
    temp: str
    means: Way
    mark: Mark | None = None


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A folder that was added to a program's settings.

    Attributes:
        file: The settings.
        key: Where in them.
        path: The folder.
    """

    file: str
    key: str
    path: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A name that was made through a program itself.

    Attributes:
        digest: As the program tells it; only a name that still has it is ours.
        blob: SHA-256 of the model's bytes: by them a name is known whose digest nobody had written down yet.
    """

    name: str
    digest: str = ""
    blob: str = ""


class Loan(msgspec.Struct, frozen=True, kw_only=True):
    """One model in one program.

    Attributes:
        program: The program's id, with its kind, name and folder as they were.
        phase: `making` is thrown away after a crash; `made` stands.
        folders: Folders that were made for it, the deepest first.
        made: Seconds since 1970.
    """

    id: str
    model: int
    title: str
    program: str
    kind: str
    name: str
    path: str
    means: Means
    phase: Literal["making", "made"]
    files: tuple[Made, ...] = ()
    folders: tuple[str, ...] = ()
    listed: Listed | None = None
    asked: Asked | None = None
    made: float = 0.0


class Loans:
    """The loans of one data folder; one object in a process, and the lock of that folder keeps others away."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "loans"
        self._lock = threading.RLock()
        self._known: dict[str, Loan] | None = None

    def keep(self, loan: Loan) -> Loan:
        """Write it down, durably."""
        with self._lock:
            known = self._kept()
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            writing.put(self._folder / f"{loan.id}.json", msgspec.json.encode(loan))
            known[loan.id] = loan
        return loan

    def drop(self, loan: Loan) -> None:
        """It is over."""
        with self._lock:
            (self._folder / f"{loan.id}.json").unlink(missing_ok=True)
            self._kept().pop(loan.id, None)
            sync_folder(self._folder)

    def all(self) -> list[Loan]:
        """Every loan as the disk has it now, the oldest first; one that cannot be read made nothing yet.

        Raises:
            DiskError: The folder cannot be read.
        """
        with self._lock:
            self._known = None
            return self.known()

    def known(self) -> list[Loan]:
        """The same without another look at the disk: for what asks once a model."""
        with self._lock:
            return [*self._kept().values()]

    def get(self, number: str) -> Loan:
        """One of them.

        Raises:
            NoSuchLoan: There is none.
        """
        with self._lock:
            found = self._kept().get(number)
        if found is None:
            raise NoSuchLoan(f"There is no link {number[:40]!r}.")
        return found

    def _kept(self) -> dict[str, Loan]:
        if self._known is None:
            with disk_errors(self._folder):
                found = sorted(self._read(), key=lambda one: (one.made, one.id))
            self._known = {one.id: one for one in found}
        return self._known

    def _read(self) -> Iterator[Loan]:
        for path in self._folder.glob("*.json"):
            if not _NUMBER.fullmatch(path.stem):
                continue
            with contextlib.suppress(FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
                if path.stat().st_size <= _LARGEST:
                    yield msgspec.json.decode(path.read_bytes(), type=Loan)
