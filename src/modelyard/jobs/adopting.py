"""The folder for downloads becomes one of the library's once a model arrives in it: what came is seen at once."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from modelyard.errors import YardError
from modelyard.jobs.stock import Stock
from modelyard.jobs.targets import usual_folder
from modelyard.library.roots.entries import Entry
from modelyard.values.suffixes import LISTED, suffix_of

_log = logging.getLogger("modelyard.library")


def adopt(stock: Stock, arrived: Iterable[str]) -> bool:
    """Register the folder for downloads when a model lies in it that no root holds; whether that was done.

    Who wants it otherwise switches `library.adopt` off; taking the folder out of the library does, too.
    """
    settings = stock.yard.settings
    if not settings["library.adopt"]:
        return False
    usual, roots = usual_folder(settings), stock.roots()
    known = stock.entries.all()
    if any(one.path == str(usual) or (one.comfy and Path(one.path).is_relative_to(usual)) for one in known):
        return False  # its owner said what of a ComfyUI counts: not the program, not its nodes
    models = (Path(path) for path in arrived if suffix_of(path) in LISTED)
    if not any(path.is_relative_to(usual) and roots.holding(path) is None for path in models):
        return False
    try:
        stock.entries.keep(Entry(path=str(usual)))
    except YardError as error:  # it is somebody's whole home, say: too much for a root
        _log.info("%s is not listed: %s", usual, error.message)
        return False
    return True
