"""Lending models to programs, and taking them back. What was not finished is undone before anything else begins."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from modelyard.errors import CannotLend, ReadOnlyDisk, Stopped, YardError
from modelyard.jobs.carrying import base_of, check_copy_room
from modelyard.jobs.checking import is_as_known
from modelyard.jobs.chores import Chore, Options, Step, Tell
from modelyard.jobs.finding import found, named, rewriting_of
from modelyard.jobs.lending import ollama, settings
from modelyard.jobs.lending.loans import Loan, Loans
from modelyard.jobs.lending.making import Making
from modelyard.jobs.lending.ollama_api import Ollama
from modelyard.jobs.lending.planning import Plan, plan, told
from modelyard.jobs.lending.returning import others, recover, standing, take_all, turn
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.stock import Stock
from modelyard.library.shifting.copying import Count
from modelyard.library.shifting.failpoint import failpoint
from modelyard.net.stop import Stop
from modelyard.programs.installed.found import LINKS, Means, Program
from modelyard.programs.installed.machine import this_machine


class Lent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one model.

    Attributes:
        state: `made`; `there` (the program sees it already); `would` (a dry run).
        means: By which it was made; in a dry run all that would be tried, in order.
        path: Where the program finds it: the file, or the folder that its settings name now.
        file: The settings that name it.
        loan: Its number, for undoing it.
        why: What its owner should know.
        error: Why nothing was done: code, message, hint.
    """

    model: int
    program: str
    title: str = ""
    state: Literal["made", "there", "would", "failed"] = "failed"
    means: tuple[Means, ...] = ()
    path: str = ""
    file: str = ""
    loan: str = ""
    why: str = ""
    error: dict[str, Any] | None = None


class LinkOptions(Options, frozen=True, kw_only=True):
    """Which models go to which program.

    Attributes:
        program: Its id, path or kind.
        by: Only this means; empty is the gentlest that works.
        copying: A copy may be made where nothing else works.
    """

    ids: Annotated[tuple[int, ...], msgspec.Meta(max_length=10_000)]
    program: str
    by: str = ""
    copying: bool = False


def lend_models(stock: Stock, options: LinkOptions, stop: Stop, tell: Tell) -> dict[str, Any]:
    """Lend models one after the other, and tell what became of each.

    Raises:
        NoSuchProgram: It is not found.
    """
    recover(stock)
    every = found(stock)
    program, rewriting = named(stock, options.program, every=every), rewriting_of(every)
    copied = 0

    def one(number: int) -> Lent:
        def count(size: int) -> None:
            nonlocal copied
            copied += size
            stop.check()
            tell(Step(copied, None, f"Lending model {number} to {program.name}"))

        stop.check()
        wanted = plan(stock, number, program, options.by, copying=options.copying, rewriting=rewriting)
        return lend(stock, wanted, stop, count)

    results = _each(options.ids, program, one)
    failed = sum(one.error is not None for one in results)
    made = sum(one.state == "made" for one in results)
    return {"made": made, "failed": failed, "results": msgspec.to_builtins(results)}


def foresee(stock: Stock, options: LinkOptions) -> list[Lent]:
    """What would become of models; touches nothing.

    Raises:
        NoSuchProgram: The program is not found.
    """
    every = found(stock)
    program, rewriting = named(stock, options.program, every=every), rewriting_of(every)

    def one(number: int) -> Lent:
        wanted = plan(stock, number, program, options.by, copying=options.copying, rewriting=rewriting)
        state: Literal["there", "would"] = "there" if wanted.there else "would"
        means = () if wanted.there else wanted.means
        return _lent(wanted, state, means, **told(wanted), why=program.why)

    return _each(options.ids, program, one)


def _each(ids: Sequence[int], program: Program, do: Any) -> list[Lent]:
    results = []
    for number in dict.fromkeys(ids):
        try:
            results.append(do(number))
        except Stopped:
            raise
        except YardError as error:
            results.append(Lent(model=number, program=program.id, error=error.as_dict()))
    return results


def _lent(one: Plan, state: Literal["made", "there", "would"], means: tuple[Means, ...], **facts: Any) -> Lent:
    return Lent(model=one.model.id, program=one.program.id, title=one.model.title, state=state, means=means, **facts)


def lend(stock: Stock, one: Plan, stop: Stop, count: Count) -> Lent:
    """Carry a plan out; when it fails, all is as it was.

    Raises:
        CannotLend, TargetExists, DiskError, Busy: It did not work.
    """
    with turn(stop):
        return _lend(stock, one, stop, count)


def _lend(stock: Stock, one: Plan, stop: Stop, count: Count) -> Lent:
    loans = stock.loans
    before = next((loan for loan in loans.known() if _same(loan, one) and standing(loan) == "stands"), None)
    if one.there or before is not None:
        path = one.there or str(told(one)["path"])
        return _lent(one, "there", (), path=path, loan=before.id if before else "")
    fresh = Loan(
        id=uuid.uuid4().hex[:12],
        model=one.model.id,
        title=one.model.title,
        program=one.program.id,
        kind=one.program.kind,
        name=one.program.name,
        path=str(one.program.path),
        means=one.means[0],
        phase="making",
        made=stock.wall(),
    )
    roots = stock.roots()
    _check_writable(stock, one)
    paths = [path for source, place in one.files for path in (source, one.base / place)]
    with stock.claims.claim(fresh.id, [*paths, *([Path(one.listed.file)] if one.listed else [])]):
        making = Making(loans, fresh, lambda source: base_of(roots, source.parent), count)
        try:
            means = _make(stock, making, one, loans, stop, count)
            failpoint("lent")
        except BaseException:
            with contextlib.suppress(YardError):  # what could not be undone now is undone at the next start
                take_all(making.loan, loans)
                loans.drop(making.loan)
            raise
        making.change(phase="made", means=means)
    by_name = means == "config" or one.program.kind == "ollama"
    facts = told(one) if by_name else {"path": making.loan.files[0].target}
    return _lent(one, "made", (means,), loan=fresh.id, why=one.program.why, **facts)


def _check_writable(stock: Stock, one: Plan) -> None:
    """Refuse places that are registered as read-only; Ollama's blobs alone are lent to by blob and manifest together.

    Raises:
        ReadOnlyDisk: It is one.
    """
    if one.program.kind == "ollama":
        return
    folders = [one.base] if one.files else []
    if one.listed is not None and "config" in one.means:
        folders.append(Path(one.listed.file).parent)
    for folder in folders:
        stock.roots().check_writable(Path(os.path.realpath(folder)))
        for entry in stock.entries.all():
            if entry.read_only and Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(entry.path)):
                raise ReadOnlyDisk(f"{entry.path} is registered as read-only.", hint="Register it again as writable.")


def _same(loan: Loan, one: Plan) -> bool:
    return loan.phase == "made" and (loan.model, loan.program) == (one.model.id, one.program.id)


def _make(stock: Stock, making: Making, one: Plan, loans: Loans, stop: Stop, count: Count) -> Means:
    if one.program.kind == "ollama":
        digest = _digest(stock, one, stop)
        running = Ollama.running(this_machine().environ)
        return ollama.lend(making, one, digest, stock.catalogue.details(one.model.id).identity, running, count)
    ways = tuple(way for way in LINKS if way in one.means)
    if one.listed is not None and "config" in one.means:
        making.change(listed=one.listed, means="config")
        try:
            settings.add(one.program.kind, one.listed, others(loans, making.loan))
            failpoint("listed")
        except YardError:
            if not ways:
                raise
            making.change(listed=None)  # the next means, which touch no settings
        else:
            return "config"
    if "copy" in ways:
        check_copy_room(stock, one.base, [source for source, _ in one.files])
    used: list[Means] = [making.link(source, one.base, place, ways) for source, place in one.files]  # type: ignore[arg-type]
    for place, data in one.small:
        making.write(one.base, place, data)
    return max(used, key=LINKS.index)


def _digest(stock: Stock, one: Plan, stop: Stop) -> str:
    """The measured SHA-256 of the file as it is now: measured first when nobody did."""
    for _ in range(2):
        file = stock.catalogue.files(one.model.id)[0]
        if file.sha256 and is_as_known(file):
            return file.sha256
        measure_models(stock, MeasureOptions(ids=(one.model.id,)), stop, lambda _: None)
    raise CannotLend(f"{one.files[0][0]} could not be measured.", hint="Run `modelyard scan`, then again.")


LINK = Chore("link", "Lend models to a program", LinkOptions, lend_models, unique=False)
