"""Giving a model another preview: checked, written anew, the former one kept and restorable.

Killed at any instant, it leaves the old picture or the new one whole, and a former one that can be restored: what comes
back lies under a name of its own (`RESTORING`) until it is back, and `finish` ends what a crash interrupted.
"""

from __future__ import annotations

import filecmp
import os
import shutil
from pathlib import Path

from modelyard.errors import NoSuchFile, PreviewRefused
from modelyard.library import writing
from modelyard.library.passing import RESTORING, passing
from modelyard.library.previews.containers import form_of
from modelyard.library.previews.decoder import Decoder
from modelyard.library.previews.finding import VIDEOS
from modelyard.library.shifting.failpoint import failpoint
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
    try:
        _finish_any(model)
        present = _there(model, "")
        _set_aside(present)
        failpoint("preview-aside")
        writing.put(target, told)
        failpoint("preview-put")
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
    try:
        _finish_any(model)
        kept = _there(model, BACKUP)
        if not kept:
            raise NoSuchFile(f"{model.name} has no former preview.")
        target = kept[0].with_name(kept[0].name.removesuffix(BACKUP))
        coming = kept[0].with_name(f".{target.name}{RESTORING}")
        _second_name(kept[0], coming)
        failpoint("preview-coming")
        finish(coming)
    except OSError as error:
        raise translate(error, model) from error
    return target


def finish(coming: Path) -> None:
    """Put back the former preview that has this hidden name, and keeps it until all of that is done.

    Raises:
        OSError: The disk says no.
    """
    target = coming.with_name(coming.name[1:].removesuffix(RESTORING))
    kept = target.with_name(target.name + BACKUP)
    present = [each for each in _named(target.parent, _stem(target), "") if not _same(each, coming)]
    _set_aside(present)
    failpoint("preview-former-aside")
    _second_name(coming, target)
    failpoint("preview-back")
    _drop(present, target)
    if os.path.lexists(kept) and _same(kept, coming):
        kept.unlink()
    coming.unlink()
    sync_folder(target.parent)


def remove(model: Path) -> None:
    """Take the preview away; it becomes the former one.

    Raises:
        NoSuchFile: There is none under a name that is its alone.
        DiskError: The disk says no.
    """
    try:
        _finish_any(model)
        present = _there(model, "")
        if not present:
            hint = "A picture under another name may belong to several files."
            raise NoSuchFile(f"{model.name} has no preview of its own.", hint=hint)
        _set_aside(present)
        failpoint("preview-aside")
        for each in present:
            each.unlink()
        sync_folder(model.parent)
    except OSError as error:
        raise translate(error, model) from error


def _finish_any(model: Path) -> None:
    stem = stem_of(model.name)
    for ending in _ENDINGS:
        coming = model.with_name(f".{stem}{ending}{RESTORING}")
        if os.path.lexists(coming):
            finish(coming)


def _set_aside(present: list[Path]) -> None:
    """Give the present preview the name of a former one, too; an older former one goes."""
    for each in present:
        _second_name(each, each.with_name(each.name + BACKUP))
    kept = {each.name + BACKUP for each in present}
    for old in _named(present[0].parent, _stem(present[0]), BACKUP) if present else ():
        if old.name not in kept:
            old.unlink()


def _drop(present: list[Path], target: Path) -> None:
    for each in present:
        if each != target:
            each.unlink()


def _second_name(path: Path, name: Path) -> None:
    """The same bytes, whole, under another name as well: a hard link, or a copy where there are none."""
    hidden = passing(path.parent)
    try:
        os.link(path, hidden, follow_symlinks=False)
    except OSError:
        shutil.copyfile(path, hidden, follow_symlinks=False)
        _sync(hidden)
    failpoint("preview-linked")
    _rename(hidden, name)


def _sync(path: Path) -> None:
    if not path.is_symlink():
        with path.open("rb+") as file:
            os.fsync(file.fileno())


def _rename(path: Path, name: Path) -> None:
    path.replace(name)
    path.unlink(missing_ok=True)  # renaming one of two names of a file to the other leaves both


def _same(path: Path, other: Path) -> bool:
    if path.is_symlink() or other.is_symlink():
        return path.is_symlink() and other.is_symlink() and path.readlink() == other.readlink()
    return filecmp.cmp(path, other, shallow=False)


def _there(model: Path, after: str) -> list[Path]:
    return _named(model.parent, stem_of(model.name), after)


def _named(folder: Path, stem: str, after: str) -> list[Path]:
    paths = (folder / (stem + ending + after) for ending in _ENDINGS)
    return [path for path in paths if os.path.lexists(path)]


def _stem(preview: Path) -> str:
    return preview.name.removesuffix(preview.suffix).removesuffix(".preview")
