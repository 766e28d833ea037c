"""What programs know of the models in their folders: names, repositories, commits, hashes. Read only, bounded.

A hash that a program tells is a claim: nothing here was measured.
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from modelyard.programs.installed.configs import Settings, read_bytes
from modelyard.programs.installed.found import Program
from modelyard.programs.installed.machine import Machine
from modelyard.values.about import About

MOST = 20_000
"""Models that one program tells of."""
_MODEL_LAYERS = ("application/vnd.ollama.image.model", "application/vnd.ollama.image.projector")
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_REPOSITORY = re.compile(r"models--([\w.-]{1,96})--([\w.-]{1,96})")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SECONDS = 5.0


class Told(msgspec.Struct, frozen=True):
    """What a program says of one file.

    Attributes:
        path: The file, as it lies in the program's folder.
    """

    path: Path
    about: About


def told_by(program: Program, machine: Machine) -> list[Told]:
    """Everything that a program tells of its models; nothing where it keeps no record that we know."""
    reader = _READERS.get(program.kind)
    if reader is None:
        return []
    return [one for one, _ in zip(reader(program, machine), range(MOST), strict=False)]


def _ollama(program: Program, machine: Machine) -> Iterator[Told]:  # noqa: ARG001  # the readers' arguments
    """Manifests name a model's blobs (`manifests/HOST/NAMESPACE/NAME/TAG`)."""
    manifests = program.path / "manifests"
    for path in _files(manifests, depth=4):
        name = _ollama_name(path.relative_to(manifests).parts)
        for layer in _layers(read_bytes(path)):
            digest = _DIGEST.fullmatch(str(layer.get("digest", "")))
            if digest and layer.get("mediaType") in _MODEL_LAYERS:
                blob = program.path / "blobs" / f"sha256-{digest[1]}"
                yield Told(blob, About(name=name, claimed={"sha256": digest[1]}))


def manifests_naming(models: Path, blob: str) -> Iterator[Path]:
    """The manifests of Ollama that name a blob; one that cannot be read might, too."""
    wanted = blob.replace("-", ":", 1).encode()
    for path in _files(models / "manifests", depth=4):
        data = read_bytes(path)
        if data is None or wanted in data:
            yield path


def _ollama_name(parts: tuple[str, ...]) -> str:
    if len(parts) != 4:
        return ":".join(parts[-2:])
    host, namespace, name, tag = parts
    before = "" if (host, namespace) == ("registry.ollama.ai", "library") else f"{namespace}/"
    return f"{'' if host == 'registry.ollama.ai' else host + '/'}{before}{name}:{tag}"


def _layers(data: bytes | None) -> list[dict[str, Any]]:
    try:
        found = msgspec.json.decode(data or b"{}", type=dict[str, Any]).get("layers")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    return [one for one in found[:100] if isinstance(one, dict)] if isinstance(found, list) else []


def _hf_cache(program: Program, machine: Machine) -> Iterator[Told]:  # noqa: ARG001
    """`models--OWNER--NAME/snapshots/COMMIT/…`: links to blobs, those of large files named by their SHA-256."""
    for repository in _folders(program.path):
        named = _REPOSITORY.fullmatch(repository.name)
        if named is None:
            continue
        for snapshot in _folders(repository / "snapshots"):
            for path in _files(snapshot, depth=6, links=True) if _COMMIT.fullmatch(snapshot.name) else ():
                blob = os.path.basename(os.path.realpath(path))
                claimed = {"sha256": blob} if re.fullmatch("[0-9a-f]{64}", blob) else {}
                yield Told(
                    path,
                    About(
                        hub="huggingface",
                        model_id=f"{named[1]}/{named[2]}",
                        version_id=snapshot.name,
                        author=named[1],
                        claimed=claimed,
                    ),
                )


def _modelscope(program: Program, machine: Machine) -> Iterator[Told]:  # noqa: ARG001
    """`models/OWNER/NAME/…`; a dot in a name is written as three underscores."""
    for owner in _folders(program.path / "models"):
        for repository in _folders(owner):
            model = f"{owner.name}/{repository.name.replace('___', '.')}"
            for path in _files(repository, depth=6):
                yield Told(path, About(hub="modelscope", model_id=model, author=owner.name))


def _lm_studio(program: Program, machine: Machine) -> Iterator[Told]:  # noqa: ARG001
    """`publisher/repo/file.gguf`: who published it; whether that is a repository of a hub its owner may know."""
    for folder in program.folders:
        for publisher in _folders(folder.path):
            for path in _files(publisher, depth=2):
                yield Told(path, About(author=publisher.name))


def _jan(program: Program, machine: Machine) -> Iterator[Told]:
    for folder in program.folders:
        for model in _folders(folder.path):
            told = Settings(machine).yaml(model / "model.yml") if (model / "model.yml").is_file() else {}
            name = told.get("name")
            if isinstance(name, str) and (model / "model.gguf").is_file():
                sha256 = str(told.get("model_sha256", "")).lower()
                claimed = {"sha256": sha256} if re.fullmatch("[0-9a-f]{64}", sha256) else {}
                yield Told(model / "model.gguf", About(name=name[:200], claimed=claimed))


def _invoke(program: Program, machine: Machine) -> Iterator[Told]:
    """Rows of the table `models`, whose column `config` is JSON; opened so that nothing in it can change."""
    database = next((one for one in program.configs if one.suffix == ".db"), None)
    base = next((one.path for one in program.folders), program.path / "models")
    if database is None or database.is_symlink():
        return
    address = f"{database.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        db = sqlite3.connect(address, uri=True, timeout=1.0)
    except sqlite3.Error:
        return
    try:
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1 << 20)
        db.execute("PRAGMA trusted_schema=OFF")
        until = time.monotonic() + _SECONDS  # a view may be called `models`, and never end
        db.set_progress_handler(lambda: time.monotonic() > until, 10_000)
        for (config,) in db.execute("SELECT config FROM models LIMIT ?", (MOST,)):
            told = _row(config, base, machine)
            if told is not None:
                yield told
    except sqlite3.Error:
        return
    finally:
        db.close()


def _row(config: object, base: Path, machine: Machine) -> Told | None:
    try:
        row = msgspec.json.decode(config, type=dict[str, Any]) if isinstance(config, str | bytes) else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    words = {name: value[:4000] for name, value in row.items() if isinstance(value, str)}
    path = machine.path(words.get("path", ""))
    if path is None:
        return None
    algorithm, _, digest = words.get("hash", "").lower().partition(":")
    claimed = {algorithm: digest} if algorithm in ("blake3", "sha256") and re.fullmatch("[0-9a-f]{64}", digest) else {}
    source = words.get("source", "")
    is_repository = words.get("source_type") == "hf_repo_id" and re.fullmatch(r"[\w.-]+/[\w.-]+", source)
    about = About(
        name=words.get("name", "")[:200],
        hub="huggingface" if is_repository else "",
        model_id=source if is_repository else "",
        base_model=words.get("base", "")[:80],
        description=words.get("description", ""),
        description_form="text",
        claimed=claimed,
    )
    return Told(Path(os.path.normpath(base / path)), about)


def _folders(path: Path) -> Iterator[Path]:
    try:
        with os.scandir(path) as entries:
            found = sorted(
                entry.path
                for entry, _ in zip(entries, range(MOST), strict=False)
                if entry.is_dir(follow_symlinks=False)
            )
    except OSError:
        return
    yield from map(Path, found)


def _files(path: Path, depth: int, *, links: bool = False) -> Iterator[Path]:
    try:
        with os.scandir(path) as entries:
            found = sorted(zip(entries, range(MOST), strict=False), key=lambda one: one[0].name)
    except OSError:
        return
    for entry, _ in found:
        if entry.is_dir(follow_symlinks=False):
            if depth > 1:
                yield from _files(Path(entry.path), depth - 1, links=links)
        elif entry.is_file(follow_symlinks=links):
            yield Path(entry.path)


_READERS: dict[str, Callable[[Program, Machine], Iterator[Told]]] = {
    "ollama": _ollama,
    "hf-cache": _hf_cache,
    "diffusers-cache": _hf_cache,
    "modelscope-cache": _modelscope,
    "lm-studio": _lm_studio,
    "jan": _jan,
    "invokeai": _invoke,
}
