"""Giving a model another preview: checked, written anew, the former one kept and restorable."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from modelyard.errors import NoSuchFile, PreviewRefused
from modelyard.library import writing
from modelyard.library.previews.containers import form_of
from modelyard.library.previews.decoder import Decoder
from modelyard.library.previews.finding import VIDEOS
from modelyard.library.sidecars.belonging import stem_of
from modelyard.store.disk_gate import translate
from modelyard.store.opened import sync_folder

BACKUP = ".bak"
_ENDINGS = tuple(f".preview.{end}" for end in ("png", "webp", "jpeg", "jpg", "gif", "avif", *VIDEOS))
_LARGEST_VIDEO = 64 << 20


def write(model: Path, data: bytes, decoder: Decoder) -> Path:
    """Make these bytes the preview: ``<stem>.preview.png``, which nearly every tool finds.

    A video is kept as it is once its first bytes are those of an MP4 or WebM. Other names' pictures
    (``<stem>.png``) stay: they may belong to another model, too.

    Raises:
        PreviewRefused: It is neither a picture nor a video that we take.
        DiskError: The disk says no.
    """
    form = form_of(data)
    if form in VIDEOS:
        if len(data) > _LARGEST_VIDEO:
            raise PreviewRefused(f"The video has {len(data):,} bytes; previews up to 64 MiB are kept.")
        told = data
    else:
        form, told = "png", decoder.recode(data)
    target = model.with_name(f"{stem_of(model.name)}.preview.{form}")
    writing.check_plain(target)
    present = _there(model, "")
    try:
        _set_aside(present, model)
        writing.put(target, told)
        _drop(present, target)
    except OSError as error:
        raise translate(error, target) from error
    return target


def restore(model: Path) -> Path:
    """Put the former preview back; the present one becomes the former.

    Raises:
        NoSuchFile: There is no former one.
        DiskError: The disk says no.
    """
    present, kept = _there(model, ""), _there(model, BACKUP)
    if not kept:
        raise NoSuchFile(f"{model.name} has no former preview.")
    target = kept[0].with_name(kept[0].name.removesuffix(BACKUP))
    try:
        hidden = _second_name(kept[0])
        _set_aside(present, model)
        hidden.replace(target)
        _drop(present, target)
        if not present:
            kept[0].unlink()
        sync_folder(model.parent)
    except OSError as error:
        raise translate(error, target) from error
    return target


def remove(model: Path) -> None:
    """Take the preview away; it becomes the former one.

    Raises:
        NoSuchFile: There is none under a name that is its alone.
        DiskError: The disk says no.
    """
    present = _there(model, "")
    if not present:
        raise NoSuchFile(
            f"{model.name} has no preview of its own.", hint="A picture under another name may belong to several files."
        )
    try:
        _set_aside(present, model)
        for each in present:
            each.unlink()
        sync_folder(model.parent)
    except OSError as error:
        raise translate(error, present[0]) from error


def _set_aside(present: list[Path], model: Path) -> None:
    """Give the present preview the name of a former one, too; an older former one goes."""
    for each in present:
        _second_name(each).replace(each.with_name(each.name + BACKUP))
    kept = {each.name + BACKUP for each in present}
    for old in _there(model, BACKUP) if present else ():
        if old.name not in kept:
            old.unlink()


def _drop(present: list[Path], target: Path) -> None:
    for each in present:
        if each != target:
            each.unlink()


def _second_name(path: Path) -> Path:
    """The same bytes under a hidden name beside: a hard link, or a copy where there are none."""
    hidden = path.with_name(f".{path.name[:100]}.{os.urandom(4).hex()}")
    try:
        os.link(path, hidden, follow_symlinks=False)
    except OSError:
        shutil.copyfile(path, hidden, follow_symlinks=False)
    return hidden


def _there(model: Path, after: str) -> list[Path]:
    stem = stem_of(model.name)
    paths = (model.with_name(stem + ending + after) for ending in _ENDINGS)
    return [path for path in paths if os.path.lexists(path)]
