"""The care flow: read models whole, say what is wrong with them, mend what can be mended.

A file that differs from what was measured, while nobody touched it, is damaged. One that was touched and reads
well is an edit: its new bytes are the measure. What a sidecar claims may bless a file and never condemns it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from modelyard.catalogue.model import Health, Model
from modelyard.catalogue.views import FileView
from modelyard.engine.blocks import BlockTable, block_digest
from modelyard.errors import Stopped, UnsafePath, YardError
from modelyard.jobs.chores import Chore, Options, Step, Tell
from modelyard.jobs.measure import Measured
from modelyard.jobs.measuring import DIGESTS
from modelyard.jobs.scan import Scan
from modelyard.jobs.sighting import as_listed
from modelyard.jobs.stock import Stock
from modelyard.jobs.verify import Finding, State, repair, verify
from modelyard.net.stop import Stop
from modelyard.store.proofs import Proof, Stamp, stamp_of

_TAIL = 8
"""Mebibytes of zeros at a file's end that a power cut leaves and that no training does."""
_REST = 0.05
_BUNCH = 20
_SETTLED = 3600.0
"""Seconds after its arrival before a model is read again for the hashes that it lacks."""


class VerifyOptions(Options, frozen=True, kw_only=True):
    """What is verified.

    Attributes:
        ids: Models; empty is all, those first that were never checked, then the oldest.
        before: Only those that were checked before this time, seconds since 1970; 0 is all. A verification that
            was stopped goes on where it was when it is asked again with the same time.
        most: Models, at most; 0 is all.
        mend: Fetch what is damaged again.
        gentle: Rest between two mebibytes while downloads run, and read when nobody else uses the disk.
    """

    ids: tuple[int, ...] = ()
    before: float = 0.0
    most: int = 0
    mend: bool = False
    gentle: bool = False


@dataclass
class Checked:
    """What a verification found.

    Attributes:
        findings: One for each model that is not simply good.
    """

    counts: dict[str, int] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    fetched: int = 0

    def count(self, model: Model, state: str, words: str) -> None:
        """A model turned out to be this."""
        self.counts[state] = self.counts.get(state, 0) + 1
        if state not in ("good", "measured") and len(self.findings) < 1000:
            self.findings.append({"id": model.id, "path": model.path, "state": state, "message": words})


def verify_models(stock: Stock, options: VerifyOptions, stop: Stop, tell: Tell) -> dict[str, Any]:
    """Verify models, and mend them when that was asked."""
    models = stock.catalogue.to_verify(options.ids, options.before, options.most)
    total, read, done = sum(model.size for model in models), 0, Checked()
    for at, model in enumerate(models):
        stop.check()

        def count(bytes_read: int, note: str = f"Reading {model.title}, {at + 1} of {len(models)}") -> None:
            nonlocal read
            read += bytes_read
            tell(Step(read, total, note, done.fetched))
            if options.gentle and stock.busy():
                stop.wait(_REST)

        Check(stock, model, stop, count, options.mend, done, options.gentle).run()
    return {"counts": done.counts, "findings": done.findings, "fetched": done.fetched, "bytes": read}


@dataclass
class Check:
    """One model, read whole."""

    stock: Stock
    model: Model
    stop: Stop
    count: Any
    mend: bool
    done: Checked
    gentle: bool = False
    moving: bool = False

    def run(self) -> None:
        """Read it, mend it, write down what it is."""
        if stale := [file.path for file in self.stock.catalogue.files(self.model.id) if not is_as_known(file)]:
            Scan(self.stock, self.stop).files(stale)
        problems = self._read()
        problems |= set(self.model.problems) & {"missing-shard"}
        words: list[str] = []
        states: set[State] = set()
        for file in self.stock.catalogue.files(self.model.id):
            self.stop.check()
            try:
                state, found, why = self._file(file, sound=not problems)
            except Stopped:
                raise
            except YardError as error:
                self.stock.catalogue.tried(self.model.id, self.stock.wall())
                self.done.count(self.model, "unreadable", error.message)
                return
            states.add(state)
            problems |= found
            words += [why] if why else []
        if State.MENDED in states:
            problems = self._read()
        if self.moving:
            self.stock.catalogue.tried(self.model.id, self.stock.wall())
            self.done.count(self.model, "changing", "It was written to while it was read; verify it again later.")
            return
        good = State.UNKNOWN not in states
        health = self.stock.catalogue.checked(self.model.id, problems, good=good, at=self.stock.wall())
        self.done.count(self.model, _state(health, states), " ".join(words) or ", ".join(sorted(problems)))

    def _read(self) -> set[str]:
        """What its head says is wrong with it."""
        (reading,) = self.stock.reader.read([self.model.path])
        root = self.stock.roots().holding(Path(self.model.path))
        return set(as_listed(root, self.model.path, reading).problems)

    def _file(self, file: FileView, *, sound: bool) -> tuple[State, set[str], str]:
        """State of one file, problems of its bytes, and why, in words."""
        path, yard = Path(file.path), self.stock.yard
        known = yard.proofs.last_known(path)
        finding, measured = verify(yard, path, on_bytes=self.count, also=DIGESTS, gentle=self.gentle)
        if finding.state is State.DAMAGED and sound and known is not None and known.stamp != measured.stamp:
            yard.proofs.keep([Proof(path, measured.stamp, measured.digests, blocks=measured.table.packed())])
            self._keep(file, measured.digests, measured.stamp)
            state, found, words = self._compared(file, measured, promised=False)
            return state, found, words or f"{path.name} was changed by somebody; its new bytes are the measure now."
        if finding.state is State.DAMAGED:
            if self.mend:
                return self._mended(file, finding, measured)
            return finding.state, {"hash-differs"}, _where(finding)
        self._keep(file, measured.digests, measured.stamp)
        promised = finding.state is State.GOOD and known is not None and bool(known.address or known.claimed)
        return self._compared(file, measured, promised=promised)

    def _compared(self, file: FileView, measured: Measured, *, promised: bool) -> tuple[State, set[str], str]:
        """What a sidecar's claim says of bytes that are as they were; it may bless, and never condemns."""
        claimed = self._claims(file)
        told, tensors, name = claimed.get("sha256", ""), claimed.get("autov3", "")[:12], Path(file.path).name
        if promised or (told and told == measured.digests["sha256"]):
            return State.GOOD, set(), ""
        found = _zeros(measured.table)
        if told and tensors and measured.digests.get("autov3") == tensors:
            return State.UNKNOWN, found, f"{name}: its header was edited, its tensors are the claimed ones."
        if told:
            words = f"{name}: a sidecar claims the SHA-256 {told[:12]}…, it is {measured.digests['sha256'][:12]}…."
            return State.UNKNOWN, found | {"differs-from-claim"}, words
        return State.UNKNOWN, found, ""

    def _mended(self, file: FileView, finding: Finding, measured: Measured) -> tuple[State, set[str], str]:
        try:
            self._check_place(finding.path)
            mended = repair(self.stock.yard, finding, measured)
        except Stopped:
            raise
        except YardError as error:
            return finding.state, {"hash-differs"}, f"{_where(finding)} It could not be mended: {error.message}"
        self.done.fetched += mended.fetched
        Scan(self.stock, self.stop).files([file.path])
        proof = self.stock.yard.proofs.of(finding.path)
        self.stock.catalogue.measured(
            {file.path: proof.measured if proof else {"sha256": mended.sha256}}, self.stock.wall()
        )
        return mended.state, set(), f"{finding.path.name} was mended; {mended.fetched:,} bytes were fetched."

    def _check_place(self, path: Path) -> None:
        """Refuse to mend what lies outside the roots, in a read-only one, or behind a link.

        Raises:
            UnsafePath, ReadOnlyDisk: Why.
        """
        self.stock.roots().writable(path)
        if path.is_symlink():
            raise UnsafePath(f"{path.name} is a link; mend the file that it leads to.")

    def _keep(self, file: FileView, digests: Mapping[str, str], stamp: Stamp) -> None:
        stamps = {file.path: (stamp.size, stamp.mtime_ns, stamp.inode)}
        if not self.stock.catalogue.measured({file.path: digests}, self.stock.wall(), stamps=stamps):
            self.moving = True

    def _claims(self, file: FileView) -> Mapping[str, str]:
        """The digests that somebody claims for the main file."""
        return self.stock.catalogue.details(self.model.id).about.claimed if file.main else {}


def is_as_known(file: FileView) -> bool:
    """Whether the very file that the catalogue knows stands there untouched. Its device may change with every mount."""
    found = stamp_of(Path(file.path))
    return found is not None and (found.size, found.mtime_ns, found.inode) == (file.size, file.mtime_ns, file.inode)


def _where(finding: Finding) -> str:
    place = f"{len(finding.bad_blocks)} MiB of {finding.path.name} differ" if finding.bad_blocks else finding.path.name
    return f"{place}: SHA-256 is {finding.sha256[:12]}…, should be {finding.expected[:12]}…."


def _zeros(table: BlockTable) -> set[str]:
    """`zero-filled` when the file ends in many mebibytes of zeros."""
    blocks = list(table.known())
    tail = 0
    for index, digest in reversed(blocks):
        if digest != _zero(table.length(index)):
            break
        tail += 1
    return {"zero-filled"} if tail > _TAIL else set()


@functools.lru_cache(maxsize=4)  # a file has blocks of two lengths
def _zero(length: int) -> bytes:
    return block_digest(bytes(length))


def _state(health: Health, states: Iterable[State]) -> str:
    if State.MENDED in states:
        return "mended"
    if health is Health.UNVERIFIED:
        return "measured"
    return health.value


def due(stock: Stock, days: int, *, measures: bool) -> Iterator[VerifyOptions]:
    """What the health monitor asks for: a few models a round, the valuable ones and the longest unseen first.

    Args:
        measures: Also read those that arrived faster than all their hashes could be measured; once a while has
            passed, since who fetched a model wants the disk for loading it first.
    """
    before = stock.wall() - days * 86400
    if days and (ids := stock.catalogue.overdue(before, _BUNCH)):
        yield VerifyOptions(ids=tuple(ids), before=before, gentle=True)
    before = stock.wall() - _SETTLED
    lacking = stock.catalogue.half_measured(before, _SETTLED) if measures else []
    if ids := list(islice((number for number, path in lacking if Path(path).exists()), _BUNCH)):
        yield VerifyOptions(ids=tuple(ids), before=before, gentle=True)


VERIFY = Chore("verify", "Verify models", VerifyOptions, verify_models, loose=("before",))
