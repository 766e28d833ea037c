"""Taking loans back, and telling which stand: what we made goes, as long as it still is ours."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from modelyard.errors import YardError
from modelyard.jobs.lending import ollama, settings
from modelyard.jobs.lending.loans import Loan, Loans
from modelyard.jobs.lending.making import state_of, take_back
from modelyard.jobs.lending.ollama_api import Ollama
from modelyard.jobs.stock import Stock
from modelyard.library.shifting.failpoint import failpoint
from modelyard.net.stop import Stop
from modelyard.programs.installed.found import Means
from modelyard.programs.installed.machine import this_machine

_log = logging.getLogger("modelyard.library")
_ONE = threading.Lock()
_LOOK = 0.2


@contextlib.contextmanager
def turn(stop: Stop) -> Iterator[None]:
    """One at a time: two may want the same settings, or the same file."""
    while not _ONE.acquire(timeout=_LOOK):
        stop.check()
    try:
        yield
    finally:
        _ONE.release()


def others(loans: Loans, loan: Loan) -> list[Loan]:
    """The other loans that stand."""
    return [one for one in loans.known() if one.id != loan.id and one.phase == "made"]


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a loan that was undone.

    Attributes:
        left: Files that stay, each with why: they are not ours any more.
    """

    id: str
    title: str
    program: str
    means: Means
    left: list[tuple[str, str]] = []


def give_back(stock: Stock, number: str, *, forget: bool = False) -> Returned:
    """Undo a loan: what we made goes, as long as it still is ours; the model itself is never touched.

    Args:
        forget: The program is gone for good: only drop the record where its folder is away.

    Raises:
        NoSuchLoan: There is none.
        NoSuchFile: The program's folder is away.
        CannotLend, DiskError: It did not work; the record stays.
    """
    recover(stock)
    loans = stock.loans
    with contextlib.ExitStack() as stack:
        stack.enter_context(turn(Stop()))
        loan = loans.get(number)
        stack.enter_context(stock.claims.claim(loan.id, [Path(one.target) for one in loan.files]))
        away = forget and not Path(loan.path).is_dir()
        for heir in ollama.heirs(loan, others(loans, loan)) if loan.kind == "ollama" and not away else ():
            loans.keep(heir)
        left = [] if away else take_all(loan, loans)
        failpoint("returned")
        loans.drop(loan)
    return Returned(id=loan.id, title=loan.title, program=loan.name, means=loan.means, left=left)


def take_all(loan: Loan, loans: Loans) -> list[tuple[str, str]]:
    """Take everything of a loan away; gives what stays, with reasons."""
    if loan.listed is not None:
        settings.remove(loan.kind, loan.listed, others(loans, loan))
    if loan.kind == "ollama":
        return ollama.give_back(loan, Ollama.running(this_machine().environ))
    return take_back(loan)


def recover(stock: Stock) -> None:
    """Undo what a crash left half made; a drive that is away is waited for."""
    loans = stock.loans
    with stock.claims.alone() as alone:
        for loan in loans.all() if alone else ():
            if loan.phase != "making":
                continue
            try:
                take_all(loan, loans)
                loans.drop(loan)
                _log.warning("An unfinished link of %s to %s was undone.", loan.title, loan.name)
            except YardError as error:
                _log.warning("An unfinished link of %s to %s: %s", loan.title, loan.name, error.message)


State = Literal["stands", "changed", "gone", "unfinished"]


class LoanView(msgspec.Struct, frozen=True, kw_only=True):
    """One loan as a person sees it.

    Attributes:
        state: `stands`; `changed` (something else stands there now); `gone`; `unfinished`.
        paths: The files that were made, or the folder that the program's settings name.
        file: These settings.
        made: Seconds since 1970.
    """

    id: str
    model: int
    title: str
    program: str
    name: str
    means: Means
    state: State
    paths: list[str]
    file: str
    made: float


def lent(stock: Stock) -> list[LoanView]:
    """Every loan, and whether it still stands."""
    return [_view(one) for one in stock.loans.all()]


def _view(loan: Loan) -> LoanView:
    listed = loan.listed
    return LoanView(
        id=loan.id,
        model=loan.model,
        title=loan.title,
        program=loan.program,
        name=loan.name,
        means=loan.means,
        state=standing(loan),
        paths=[one.target for one in loan.files] or ([listed.path] if listed else []),
        file=listed.file if listed else "",
        made=loan.made,
    )


def standing(loan: Loan) -> State:
    """Whether a loan is as it was made."""
    if loan.phase != "made":
        return "unfinished"
    if loan.listed is not None:
        return "stands" if settings.holds(loan.kind, loan.listed) else "gone"
    return state_of(loan)
