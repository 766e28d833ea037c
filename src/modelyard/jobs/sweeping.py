"""What a crash left beside models: what was half written goes, a preview that was on its way back arrives.

A part stays: its download goes on with it. Only the journal of one that has its name by now goes.
"""

from __future__ import annotations

import logging
from pathlib import Path

from msgspec.structs import replace

from modelyard.jobs.stock import Stock, real_roots
from modelyard.library.passing import RESTORING, part_of
from modelyard.library.previews.replacing import finish
from modelyard.library.roots.roots import Root
from modelyard.library.walk import Folder, Walk

_OLD = 3600.0
"""Seconds after which nobody, on another machine either, is still at work on such a file."""
_log = logging.getLogger("modelyard.library")


def swept(stock: Stock, root: Root, folder: Folder) -> Folder:
    """A folder of a root, cleared of what crashes left in it; what the disk refuses waits for the next scan."""
    done = 0
    for name in () if root.read_only else folder.passing:
        path = Path(folder.path, name)
        try:
            part = part_of(name)
            if stock.wall() - path.lstat().st_ctime < _OLD or (part and path.with_name(part).exists()):
                continue
            if name.endswith(RESTORING):
                finish(path)
            else:
                path.unlink()
            done += 1
        except OSError as error:
            _log.warning("%s is left over from a crash and cannot be cleared away: %s", path, error.strerror)
    return _again(stock, root, folder) if done else folder


def _again(stock: Stock, root: Root, folder: Folder) -> Folder:
    walk = Walk(replace(root, path=Path(folder.path)), real_roots(stock.roots()))
    return next(walk.folders(lambda _: True), folder)
