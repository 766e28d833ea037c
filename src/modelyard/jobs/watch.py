"""The watch flow: files that change below the roots are looked at within a second or two.

Where the system gives no events (network drives) a scan every few minutes sees the same later. What we write
ourselves settles before it is looked at: parts have names that no scan reads.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from modelyard.errors import NotSupported
from modelyard.jobs.scan import Scan
from modelyard.jobs.stock import Stock
from modelyard.net.stop import Stop
from modelyard.values.suffixes import LISTED, suffix_of

if TYPE_CHECKING:
    from watchfiles.main import FileChange

_QUIET = 1500
"""Milliseconds without a change before what changed is looked at."""
_FIRST = 1000
"""Milliseconds after which the watch surely has begun."""
_FEW = 200
_BESIDE = frozenset(
    (".json", ".info", ".md", ".txt", ".html", ".yaml", ".yml", ".png", ".webp", ".jpg", ".jpeg", ".mp4")
)


def watch(stock: Stock, stop: Stop, again: Callable[[], object]) -> None:
    """Keep the catalogue true until asked to stop; returns when the roots changed, to be called anew.

    Args:
        again: Asks for a whole scan: the watch has just begun, or too much changed at once.

    Raises:
        NotSupported: The system does not tell of changes, or of no more of them.
    """
    roots = [str(root.path) for root in stock.roots().all if root.path.is_dir()]
    if not roots:
        return
    ended, began = threading.Event(), False
    with stop.waking(ended.set):
        for bunch in _bunches(roots, ended):
            if stop.is_set():
                return
            paths = {path for _, path in bunch if _matters(path)}
            folders = set(filter(_is_folder, paths))
            if len(paths) <= _FEW and (files := paths - folders):
                look(stock, files, stop)
            if len(paths) > _FEW or not began or folders:
                again()  # what changed before the watch began, and whole folders, are seen by a scan
            began = True


def _bunches(roots: Sequence[str], ended: threading.Event) -> Iterator[set[FileChange]]:
    """What changed, in bunches; an empty one now and then."""
    from watchfiles import watch as changes

    try:
        yield from changes(
            *roots,
            stop_event=ended,
            debounce=_QUIET,
            step=200,
            rust_timeout=_FIRST,
            yield_on_timeout=True,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
    except (OSError, RuntimeError) as error:  # the watcher's own errors are RuntimeErrors
        raise NotSupported(f"The folders of models cannot be watched: {error}.") from error


def _is_folder(path: str) -> bool:
    """Whether a folder came or went: one event stands for all that is in it."""
    return Path(path).is_dir() or (not os.path.lexists(path) and suffix_of(path) not in LISTED | _BESIDE)


def look(stock: Stock, paths: Iterable[str], stop: Stop) -> None:
    """Look at files that came, changed or went, and at the models whose sidecars did."""
    folders = {os.path.dirname(path) for path in paths}
    for folder in sorted(folders):
        if Path(folder).is_dir():
            Scan(stock, stop).folder(folder)
    gone = [path for path in paths if suffix_of(path) in LISTED and not os.path.lexists(path)]
    if gone:
        stock.catalogue.lose_paths(gone)


def _matters(path: str) -> bool:
    name = os.path.basename(path)
    return not name.startswith(".") and not name.endswith((".part", ".tmp"))
