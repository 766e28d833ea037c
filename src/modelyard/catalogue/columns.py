"""The row of a model: decided from what a scan saw, what sidecars tell and what was known before. Pure code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from modelyard.catalogue.model import VERDICTS, Entry, FileFacts, Health, health_of
from modelyard.catalogue.words import words_of
from modelyard.store.shelves import models
from modelyard.values.about import About, Own
from modelyard.values.identity import Identity

_LENGTHS = {
    column.name: column.type.length for column in models.c if isinstance(column.type, sa.String) and column.type.length
}


class Before(msgspec.Struct, frozen=True):
    """What the catalogue knew of a model.

    Attributes:
        files: Rows of files by path, those of other models among them.
        held: How many of them are its own.
        touched: Whether the entry is older than it.
    """

    row: Mapping[Any, Any]
    files: Mapping[str, Any]
    held: int
    touched: bool = False

    def main_same(self, entry: Entry) -> bool:
        """Whether its main file is the one that was measured."""
        row = self.files.get(entry.files[0].path)
        return row is not None and row["model"] == self.row["id"] and is_measured(row, entry.files[0])

    def same(self, entry: Entry) -> bool:
        """Whether all its files are those that were measured."""
        return self.held == len(entry.files) and all(
            file.path in self.files and is_measured(self.files[file.path], file) for file in entry.files
        )


def columns_of(entry: Entry, before: Before | None) -> dict[str, Any]:
    """The row of a model as a scan saw it.

    Args:
        before: What was known of it; None of a new one.
    """
    identity, main = entry.identity, entry.files[0]
    told = {
        "path": entry.path,
        "root": entry.root,
        "folder": entry.folder,
        "place": entry.place,
        "name": entry.name,
        "size": entry.size,
        "modified": main.mtime_ns / 1e9,
        "gone": 0.0,
        "format": identity.format,
        "kind": identity.kind,
        "family": identity.family,
        "certainty": identity.certainty,
        "dtype": identity.dtype,
        "quantisation": identity.quantisation,
        "parameters": min(identity.parameters, 2**62),
        "preview": entry.preview,
        "problems": " ".join(entry.problems),
        "sidecars": "" if before and before.touched else entry.sidecars,
        "identity": msgspec.json.encode(identity).decode(),
    }
    told |= _described(entry.name, entry.folder, identity, _merged(entry, before))
    return _fitting(told) | _measured(entry, before) | ({} if before else {"uses": 0, "used": 0.0, "asked": 0.0})


def described(name: str, folder: str, identity: Identity, about: About) -> dict[str, Any]:
    """The columns that follow from what is known of a model apart from its bytes."""
    return _fitting(_described(name, folder, identity, about))


def _described(name: str, folder: str, identity: Identity, about: About) -> dict[str, Any]:
    own = about.own
    title = own.title or about.name or identity.title or name
    return {
        "title": title,
        "title_key": title.lower()[:200],
        "base": about.base_model or identity.base_model,
        "hub": about.hub,
        "hub_model": about.model_id,
        "hub_version": about.version_id,
        "author": about.author,
        "licence": about.licence,
        "nsfw": min(about.nsfw or 0, 2**14),
        "completeness": about.completeness,
        "favourite": own.favourite,
        "rating": own.rating or 0,
        "team": own.group,
        "notes": own.notes,
        "about": msgspec.json.encode(about).decode() if about != About() else "{}",
        "words": words_of(name, folder, identity, about),
    }


def is_measured(row: Any, file: FileFacts) -> bool:
    """The device may change with every mount; another inode is another file."""
    return (row["size"], row["mtime_ns"], row["inode"]) == (file.size, file.mtime_ns, file.inode)


def _measured(entry: Entry, before: Before | None) -> dict[str, Any]:
    """What a measurement said, as long as the files are the same."""
    if before is None or not before.same(entry):
        told: dict[str, Any] = {"checked": 0.0, "health": health_of(entry.problems)}
        return told if before is not None and before.main_same(entry) else told | {"sha256": ""}
    found = dict.fromkeys((*entry.problems, *sorted(VERDICTS & set(before.row["problems"].split()))))
    was_good = before.row["health"] == Health.GOOD
    health = health_of(found, Health.GOOD if was_good else Health.UNVERIFIED)
    return {"health": health, "problems": " ".join(found)}


def _merged(entry: Entry, before: Before | None) -> About:
    """What the sidecars say now, over what the catalogue knew.

    The owner's words and a hub's facts are not lost while the file is the same. Of a file that somebody put in
    its place only the owner's words stay; of one that came to where a model had vanished, nothing does.
    """
    about = entry.about
    if before is None:
        return about
    old, same = msgspec.json.decode(before.row["about"], type=About), before.main_same(entry)
    if not same and before.row["gone"]:
        return about
    if before.touched:
        return old if same else replace(about, own=old.own)
    untouched = before.row["sidecars"] == entry.sidecars
    own = old.own if untouched or about.own == Own() else about.own
    return replace(old if same and old.hub and not about.hub else about, own=own)


def _fitting(told: dict[str, Any]) -> dict[str, Any]:
    """Texts as every database takes them: no zero byte, no lone surrogate, no longer than their columns."""
    texts = {name: value for name, value in told.items() if isinstance(value, str)}
    together = "".join(texts.values())
    if not together.isascii() or "\0" in together:
        texts = {name: text.encode("utf-8", "replace").decode().replace("\0", "") for name, text in texts.items()}
        told = told | texts
    return told | {name: texts[name][:most] for name, most in _LENGTHS.items() if len(texts.get(name, "")) > most}
