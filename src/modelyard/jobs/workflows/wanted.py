"""What a workflow wants, one row a model: read from a reader's plain rows, nothing in it is believed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from modelyard.errors import UnsafePath
from modelyard.library.names import is_program, safe_relative
from modelyard.library.roots.comfy import NOT_MODELS, folder_name
from modelyard.programs.workflows.gathering import leaves
from modelyard.values.suffixes import MODELS, suffix_of
from modelyard.values.untrusted import text, texts, whole

_HASH = re.compile(r"[0-9a-f]{8}|[0-9a-f]{10}|[0-9a-f]{12}|[0-9a-f]{64}")
_SHA256 = 64
_TENSORS = 12
_AUTOV1 = 8
_SURE = (10, _TENSORS, _SHA256)
"""Digits of hashes that name one file: AutoV2, AutoV3, SHA-256. AutoV1's eight are a hint (facts 3.7)."""

_LONGEST_NAME = 1000
_MOST_MIRRORS = 8


class Wanted(msgspec.Struct, frozen=True):
    """One model that a workflow wants.

    Attributes:
        name: As the workflow says it; may be empty when it only gives an address.
        directory: As the workflow says it.
        folder: ComfyUI's name of that folder today; empty when nobody says.
        hash: Lower-case hex of 8, 10, 12 or 64 digits.
        url: Where the workflow says it can be had.
        mirrors: Other places that its notes name.
        address: An AIR, or a version of CivitAI.
        size: Bytes as a note says, rounded.
        listed: Whether a running ComfyUI lists it; None when none was asked.
        refused: Why its name will not be followed.
    """

    name: str
    directory: str = ""
    folder: str = ""
    hash: str = ""
    url: str = ""
    mirrors: tuple[str, ...] = ()
    address: str = ""
    size: int | None = None
    listed: bool | None = None
    refused: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """The same for the same model of several workflows."""
        return self.name, self.folder, "" if self.name else self.address

    @property
    def base(self) -> str:
        """Its file name without folders."""
        return self.name.replace("\\", "/").rpartition("/")[2]

    @property
    def sha256(self) -> str:
        """Its SHA-256 where the workflow says it whole."""
        return self.hash if len(self.hash) == _SHA256 else ""

    @property
    def sure_hash(self) -> str:
        """A hash that names one file."""
        return self.hash if len(self.hash) in _SURE else ""

    @property
    def has_suffix(self) -> bool:
        """Whether its name ends as a file of a model does; A1111 leaves the ending out."""
        return suffix_of(self.base) in MODELS

    def agrees(self, digests: Mapping[str, str]) -> bool | None:
        """Whether digests of a file are those that are wanted; None when that cannot be told.

        Eight digits are AutoV1, ten the beginning of the SHA-256 (AutoV2, A1111). Twelve are that of the tensors
        (AutoV3), or of the whole file, which is all that a pickle or a GGUF has.
        """
        compared = [value for value in self._comparable(digests) if value] if self.hash else []
        if any(value.startswith(self.hash) or self.hash.startswith(value) for value in compared):
            return True
        either = len(self.hash) == _TENSORS and self._has_tensors
        return False if compared and (len(compared) > 1 or not either) else None

    def _comparable(self, digests: Mapping[str, str]) -> list[str]:
        if len(self.hash) == _AUTOV1:
            return [digests.get("autov1", "")]
        if self.sha256:
            return [digests.get("sha256", "")]
        whole_file = digests.get("sha256", "") or digests.get("autov2", "")
        if len(self.hash) == _TENSORS and self._has_tensors:
            return [whole_file, digests.get("tensor-sha256", "") or digests.get("autov3", "")]
        return [whole_file]

    @property
    def _has_tensors(self) -> bool:
        """Whether it may be a safetensors file, the one kind whose tensors are hashed apart."""
        return suffix_of(self.base) not in MODELS - {".safetensors", ".sft"}


def read_row(row: Mapping[str, Any]) -> Wanted:
    """One row of a reader; a field of another type counts as absent."""
    directory = text(row.get("directory"), 200)
    raw = row.get("name")
    name = text(raw, _LONGEST_NAME)
    given = text(row.get("hash")).strip().lower().removeprefix("0x")
    wanted = Wanted(
        name=name,
        directory=directory,
        folder=folder_name(directory),
        hash=given if _HASH.fullmatch(given) else "",
        url=text(row.get("url"), 8192),
        mirrors=tuple(dict.fromkeys(texts(row.get("mirrors"))))[:_MOST_MIRRORS],
        address=text(row.get("address"), 512),
        size=whole(row.get("size")) or None,
        listed=row.get("listed") if isinstance(row.get("listed"), bool) else None,
    )
    cut = isinstance(raw, str) and raw != name  # it held what no name may hold, or was too long
    return replace(wanted, refused=_refusal(wanted, marked=bool(row.get("unsafe")) or cut))


def _refusal(wanted: Wanted, *, marked: bool) -> str:
    """Why a name may not become a path here, empty when it may."""
    if wanted.folder in NOT_MODELS:
        return f"{wanted.folder} is no folder for models; programs and settings lie there."
    if is_program(wanted.base):
        return "It has the name of a program."
    if marked or leaves(wanted.directory):
        return "Its name or folder would lead out of the folder of models."
    try:
        if wanted.name:
            safe_relative(wanted.name.replace("\\", "/"))
    except UnsafePath as error:
        return error.message
    return ""


def merged(rows: Iterable[Wanted]) -> tuple[list[Wanted], list[int]]:
    """Each model once, and for each row the place of its model; what one row does not say another may.

    Rows of one name are two models when their hashes contradict each other, and when they name different places and
    no common hash: names say little.
    """
    known: dict[tuple[str, ...], int] = {}
    found: list[Wanted] = []
    where: list[int] = []
    for row in rows:
        at = next((known[key] for key in _keys(row) if key in known and _is_same(found[known[key]], row)), None)
        if at is None:
            at = len(found)
            found.append(row)
        else:
            found[at] = _joined(found[at], row)
        for key in _keys(row):
            known.setdefault(key, at)
        where.append(at)
    return found, where


def _keys(row: Wanted) -> Iterator[tuple[str, ...]]:
    """Under what a row is looked for, the surest first."""
    if row.hash:
        yield (*row.key, "hash", row.hash)
    if row.url:
        yield (*row.key, "url", _place(row.url))
    yield row.key


def _is_same(one: Wanted, other: Wanted) -> bool:
    if one.hash and other.hash:
        return one.hash == other.hash
    return not (one.url and other.url) or _place(one.url) == _place(other.url)


def _place(url: str) -> str:
    """A link in the one of its forms; Hugging Face has a page and a download of each file."""
    return url.partition("?download=")[0].replace("/blob/", "/resolve/", 1)


def _joined(one: Wanted, other: Wanted) -> Wanted:
    """Two rows of one model: the first word counts, the other's address is another source."""
    urls = [url for url in (other.url, *other.mirrors) if url and url != one.url]
    mirrors = [*one.mirrors, *(urls if one.url else other.mirrors)]
    return replace(
        one,
        hash=one.hash or other.hash,
        url=one.url or other.url,
        mirrors=tuple(dict.fromkeys(mirrors))[:_MOST_MIRRORS],
        address=one.address or other.address,
        size=one.size or other.size,
        refused=one.refused or other.refused,
    )
