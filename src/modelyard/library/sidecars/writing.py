"""Writing the sidecars that a person chose, into what others wrote there: nothing of theirs is lost.

A file that cannot be read is never written, one that would not change is not touched, and one that another
program changed meanwhile is read again.
"""

from __future__ import annotations

import codecs
import html
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from modelyard.errors import BadValue, Busy, SidecarUnreadable, YardError
from modelyard.library import writing
from modelyard.library.describing.cleaning import clean, words
from modelyard.library.sidecars import (
    civitai_info,
    info,
    json_edit,
    lora_manager,
    markdown_edit,
    stability_matrix,
    swarm,
    web_ui,
)
from modelyard.library.sidecars.belonging import stem_of
from modelyard.library.sidecars.source import LARGEST, as_json, read_bytes
from modelyard.values.about import About
from modelyard.values.suffixes import SIDECARS

_TRIES = 3
_NOT_KNOWN = b"{}"


class Written(msgspec.Struct, frozen=True):
    """What became of the files.

    Attributes:
        changed: Files that were made or changed.
        errors: By the name of the file; the others were written all the same.
    """

    changed: tuple[Path, ...] = ()
    errors: Mapping[str, YardError] = msgspec.field(default_factory=dict)


def write(model: Path, about: About, forms: Sequence[str], *, measured: Mapping[str, str] | None = None) -> Written:
    """Put what is known into a model's sidecars.

    Facts that `about` does not have leave those of a file alone; what its owner wrote is exact in ``.info``.
    CivitAI's and Stability Matrix's forms are left out for models of other hubs, which they cannot name.

    Args:
        forms: Of `SIDECARS`.
        measured: Digests of the model's own bytes, for the tools that take them for measured.

    Raises:
        BadValue: A form that we do not write.
    """
    if strange := [form for form in forms if form not in SIDECARS]:
        raise BadValue(
            f"Sidecars of the form {strange[0]!r} are not written.", hint=f"Written are {', '.join(SIDECARS)}."
        )
    changed: list[Path] = []
    errors: dict[str, YardError] = {}
    for form in forms:
        path = model.with_name(f"{stem_of(model.name)}.{form}")
        if path == model:
            continue
        try:
            if _write(path, lambda old, form=form: _told(form, old, model, about, measured or {})):  # type: ignore[misc]
                changed.append(path)
        except SidecarUnreadable as error:
            errors[path.name] = SidecarUnreadable(f"{path} is left as it is. {error}")
        except YardError as error:
            errors[path.name] = error
    return Written(tuple(changed), errors)


def _write(path: Path, edit: Callable[[bytes | None], bytes | None]) -> bool:
    for _ in range(_TRIES):
        stamp = _stamp(path)
        old = read_bytes(path)
        new = edit(old)
        if new is None or new == old:
            return False
        if len(new) > LARGEST:
            raise SidecarUnreadable(f"It would have {len(new):,} bytes, and sidecars up to 4 MiB are read.")
        if _stamp(path) == stamp:
            writing.put(path, new)
            return True
    raise Busy(f"Another program keeps changing {path}.")


def _stamp(path: Path) -> tuple[int, int, int] | None:
    found = _stat(path)
    return (found.st_ino, found.st_size, found.st_mtime_ns) if found else None


def _stat(path: Path, *, follow: bool = False) -> os.stat_result | None:
    try:
        return os.stat(path, follow_symlinks=follow)
    except OSError:
        return None


def _told(form: str, old: bytes | None, model: Path, about: About, measured: Mapping[str, str]) -> bytes | None:
    """The new bytes of a sidecar, None when this model has none of that form."""
    if form == "md":
        mark, text = _text(old or b"")
        return mark + markdown_edit.edited(text, _for_others(about, form)).encode() or None
    if form == "civitai.info" and old is None and "civitai" in about.unknown_at and not about.model_id:
        return _NOT_KNOWN
    if form != "info":
        about = _for_others(about, form)
    mark, text = _text(old if old is not None else b"{}")
    changes = _changes(form, text, model, about, measured)
    if changes is None:
        return None
    told = json_edit.edited(text, changes)
    return mark + told.encode() + (b"\n" if old is None else b"")


def _for_others(about: About, form: str) -> About:
    """A record whose description does no harm in tools that show it as HTML without a look."""
    told = about.description
    if about.description_form == "html":
        told = clean(told, "html")
    elif form == "md":
        told = re.sub(r"<(?=[a-zA-Z/!?])", "&lt;", told)
    elif form != "json":  # that one is shown as text
        told = html.escape(told, quote=False)
    return replace(about, description=told)


def _changes(form: str, text: str, model: Path, about: About, measured: Mapping[str, str]) -> dict[str, Any] | None:
    match form:
        case "info":
            return info.changes(about)
        case "civitai.info":
            return civitai_info.changes(about, model.name)
        case "metadata.json":
            return lora_manager.changes(about, model, _stat(model, follow=True), measured)
        case "cm-info.json":
            return stability_matrix.changes(about)
        case "swarm.json":
            return swarm.changes(about)
    told = as_json(text.encode(), f"{stem_of(model.name)}.json")
    if not isinstance(told, dict):
        raise SidecarUnreadable("It belongs to another tool.")
    return web_ui.changes(about, told, words(about.description, about.description_form))


def _text(data: bytes) -> tuple[bytes, str]:
    """The byte order mark that a file begins with, and its text.

    Raises:
        SidecarUnreadable: It is not UTF-8; its text cannot be kept byte for byte then.
    """
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    try:
        return mark, data[len(mark) :].decode()
    except UnicodeDecodeError as error:
        raise SidecarUnreadable("Its text is not UTF-8.") from error
