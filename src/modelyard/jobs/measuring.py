"""The measuring flow: hashes of models that have none, one read a file, slower while downloads run.

What a scan must not wait for. A digest is kept with the stamp that the file had before and after it was
read; a file that was touched meanwhile is left for the next time. A model that vanished and whose bytes
come up elsewhere hands over what its owner wrote.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from modelyard.errors import Damaged, DiskError, NoSuchFile
from modelyard.jobs.chores import Chore, Options, Step, Tell
from modelyard.jobs.measure import measure
from modelyard.jobs.stock import Stock
from modelyard.net.stop import Stop
from modelyard.store.proofs import Proof, stamp_of

DIGESTS = ("sha256", "blake3", "crc32", "autov1", "tensor-sha256")
_BUNCH = 50
_REST = 0.05
_AGAIN = 3600.0
"""Seconds before a file that could not be read is tried again by itself."""


class MeasureOptions(Options, frozen=True, kw_only=True):
    """What is measured.

    Attributes:
        ids: Models; empty is every model that was not measured yet.
        gentle: Rest between two mebibytes while downloads run, and read when nobody else uses the disk.
        most: Files, at most; 0 is all.
    """

    ids: tuple[int, ...] = ()
    gentle: bool = False
    most: int = 0


def measure_models(stock: Stock, options: MeasureOptions, stop: Stop, tell: Tell) -> dict[str, Any]:
    """Measure files that have no digests, the smallest first."""
    done = size = 0
    failed: list[dict[str, str]] = []
    now = stock.wall()
    resting = [path for path, at in stock.unreadable.items() if now - at < _AGAIN and options.gentle]
    files = stock.catalogue.unmeasured(options.ids, options.most, resting)
    total = sum(one.size for one in files)
    for at, file in enumerate(files):
        stop.check()

        def count(read: int, note: str = f"Measuring {Path(file.path).name}, {at + 1} of {len(files)}") -> None:
            nonlocal size
            size += read
            tell(Step(size, total, note))
            if options.gentle and stock.busy():
                stop.wait(_REST)

        try:
            _measure(stock, Path(file.path), stop, count, gentle=options.gentle)
            done += 1
        except (DiskError, Damaged) as error:
            stock.unreadable[file.path] = now
            failed.append({"path": file.path, "message": error.message})
    return {"measured": done, "bytes": size, "failed": failed[:200]}


def _measure(stock: Stock, path: Path, stop: Stop, count: Any, *, gentle: bool) -> None:
    measured = measure(path, stop, DIGESTS, count, gentle=gentle)
    proofs = stock.yard.proofs
    if proofs.of(path) is None:
        before = proofs.last_known(path)
        if before is None or not (before.address or before.claimed):
            proofs.keep([Proof(path, measured.stamp, measured.digests, blocks=measured.table.packed())])
    if stamp_of(path) != measured.stamp:
        raise NoSuchFile(f"{path} was changed meanwhile.")
    stamp = measured.stamp
    stock.catalogue.measured(
        {str(path): measured.digests}, stock.wall(), stamps={str(path): (stamp.size, stamp.mtime_ns, stamp.inode)}
    )
    stock.catalogue.adopt(str(path), lambda old: not Path(old).parent.is_dir())


def idle(stock: Stock, stop: Stop, seconds: float) -> Iterator[int]:
    """Measure a few files whenever there are any, resting in between; ends when asked to stop."""
    while True:
        begun = time.monotonic()
        told = measure_models(stock, MeasureOptions(gentle=True, most=_BUNCH), stop, lambda _: None)
        yield int(told["measured"])
        if not told["measured"]:
            stop.wait(seconds)
        else:
            stop.wait(min(5.0, 0.2 * (time.monotonic() - begun)))


MEASURE = Chore("measure", "Measure hashes", MeasureOptions, measure_models)
