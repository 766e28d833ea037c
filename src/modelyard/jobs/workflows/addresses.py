"""Who says where a model can be had: the workflow, its notes, our index. Pure, asks nobody."""

from __future__ import annotations

from modelyard.jobs.workflows.wanted import Wanted
from modelyard.programs.workflows.wellknown import Known, known


def told_by(wanted: Wanted) -> dict[str, str]:
    """Texts that say where a model can be had, the best first, and who says so."""
    told: dict[str, str] = {}
    if wanted.url:
        told[wanted.url] = "the workflow says its address"
    if wanted.address:
        told.setdefault(wanted.address, "the workflow says its number")
    for url in wanted.mirrors:
        told.setdefault(url, "a note of the workflow names a mirror")
    for one in _indexed(wanted):
        told.setdefault(one.url, "ComfyUI's own templates use it")
        for url in one.mirrors:
            told.setdefault(url, "ComfyUI's own templates name a mirror")
    return told


def indexed_rivals(wanted: Wanted) -> list[str]:
    """Addresses of our index where the name alone says too little: several files have it."""
    urls = list(dict.fromkeys(one.url for one in known(wanted.base, wanted.folder))) if wanted.base else []
    return urls if len(urls) > 1 else []


def indexed_folder(wanted: Wanted) -> str:
    """The folder that our index knows for a name; empty when it knows none or several."""
    folders = {one.directory for one in known(wanted.base)} if wanted.base else set[str]()
    return folders.pop() if len(folders) == 1 else ""


def _indexed(wanted: Wanted) -> tuple[Known, ...]:
    """What our index knows: the very address of the workflow, else the one file of that name."""
    found = known(wanted.base, wanted.folder) if wanted.base else ()
    same = tuple(one for one in found if one.url == wanted.url)
    return same or (found if len({one.url for one in found}) == 1 else ())
