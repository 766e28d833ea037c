"""Loans: what was made in which program by which means; one small file each, which is the journal, too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import msgspec

from modelyard.errors import NoSuchLoan
from modelyard.library import writing
from modelyard.library.shifting.journal import Mark
from modelyard.programs.installed.found import Means

_NUMBER = re.compile(r"[0-9a-f]{12}")
_LARGEST = 8 << 20

Way = Literal["config", "reflink", "hardlink", "symlink", "copy", "api", "manifest", "written"]


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
    """

    name: str
    digest: str = ""


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
    """The loans of one data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "loans"

    def keep(self, loan: Loan) -> Loan:
        """Write it down, durably."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        writing.put(self._folder / f"{loan.id}.json", msgspec.json.encode(loan))
        return loan

    def drop(self, loan: Loan) -> None:
        """It is over."""
        (self._folder / f"{loan.id}.json").unlink(missing_ok=True)
        writing.sync_folder(self._folder)

    def all(self) -> list[Loan]:
        """Every loan, the oldest first; one that cannot be read made nothing yet."""
        found = []
        for path in self._folder.glob("*.json"):
            if _NUMBER.fullmatch(path.stem) and path.stat().st_size <= _LARGEST:
                try:
                    found.append(msgspec.json.decode(path.read_bytes(), type=Loan))
                except (msgspec.DecodeError, UnicodeDecodeError):
                    continue
        return sorted(found, key=lambda one: (one.made, one.id))

    def get(self, number: str) -> Loan:
        """One of them.

        Raises:
            NoSuchLoan: There is none.
        """
        found = next((one for one in self.all() if one.id == number), None)
        if found is None:
            raise NoSuchLoan(f"There is no link {number[:40]!r}.")
        return found
