"""Folders: a diffusers pipeline, one of its components, or the shards of one model (huggingface_hub's index files)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from modelyard.library.formats.header import Code, Header, Problem, Tensor
from modelyard.store.positioned import pread
from modelyard.values.shards import SHARD

_SHARDED = (".safetensors", ".gguf", ".bin")
_LARGEST, _MOST_SHARDS, _MOST_NAMED = 16 << 20, 2000, 300_000
_PLACES = ("transformer", "unet", "prior", "model")


class _Index(msgspec.Struct):
    weight_map: dict[str, str] = {}


def read(folder: Path) -> Header:
    """A folder as one model: of a pipeline its classes and its main component's tensors, of a component its own."""
    metadata = _json(folder / "model_index.json")
    if metadata is None:
        config = _json(folder / "config.json")
        header = component(folder)
        known = header.tensors or header.findings
        if not known and config is None:
            return Header("folder", findings=(Problem(Code.NOT_A_MODEL, "It is a folder without a model."),))
        return replace(header, format="diffusers", metadata={**header.metadata, **(config or {})})
    main = next((folder / place for place in _PLACES if (folder / place).is_dir()), None)
    header = component(main) if main else Header()
    lacking = tuple(
        Problem(Code.MISSING_SHARD, f"Its part {name!r} is missing.")
        for name, value in metadata.items()
        if isinstance(value, list)
        and value
        and value[0]
        and not (folder / name).is_dir()
        and not name.startswith("_")
        and name.isidentifier()
    )
    size = sum(found.stat().st_size for found in _files(folder))
    return Header("diffusers", size, header.tensors, metadata, (*header.findings, *lacking))


def component(folder: Path) -> Header:
    """The tensors of all weight files of one folder; a missing shard is a finding."""
    from modelyard.library.formats.reading import read_header

    weights = sorted(path for path in folder.iterdir() if path.suffix in (".safetensors", ".bin") and path.is_file())
    plain = [path for path in weights if path.suffix == ".safetensors"] or weights
    normal = [path for path in plain if ".fp16." not in path.name and ".non_ema." not in path.name] or plain
    tensors: dict[str, Tensor] = {}
    findings: list[Problem] = list(missing(folder, [path.name for path in weights]))
    size = 0
    for path in normal[:_MOST_SHARDS]:
        header = read_header(path)
        tensors.update(header.tensors)
        findings += header.findings
        size += header.size
    return Header("diffusers", size, tensors, {}, tuple(findings))


def missing(folder: Path, names: list[str]) -> list[Problem]:
    """What index files and numbered names promise and the folder lacks."""
    wanted: set[str] = set()
    for index in sorted(folder.glob("*.index.json"))[:10]:
        found = _index(index)
        if found is None:
            return [Problem(Code.BAD_HEADER, f"{index.name} cannot be read.")]
        wanted |= found
    for name in names:
        match = SHARD.fullmatch(name)
        if match and match["suffix"] in _SHARDED and int(match["all"]) <= _MOST_SHARDS:
            count = int(match["all"])
            wanted |= {f"{match['stem']}-{number:05}-of-{count:05}{match['suffix']}" for number in range(1, count + 1)}
    lacking = sorted(wanted - set(names) - {path.name for path in folder.iterdir()})
    if not lacking:
        return []
    more = f" and {len(lacking) - 3} more" if len(lacking) > 3 else ""
    return [
        Problem(Code.MISSING_SHARD, f"Of its files {', '.join(name[:80] for name in lacking[:3])}{more} are missing.")
    ]


def read_index(fd: int, _start: bytes, size: int) -> Header:
    """An index file by itself: which tensors lie in which file."""
    try:
        found = msgspec.json.decode(pread(fd, min(size, _LARGEST), 0), type=_Index)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Header("sharded", size, findings=(Problem(Code.BAD_HEADER, f"It is no index of shards: {error}."),))
    return Header("sharded", size, metadata={"files": tuple(sorted(set(found.weight_map.values())))[:_MOST_SHARDS]})


def _index(path: Path) -> set[str] | None:
    if path.stat().st_size > _LARGEST:
        return None
    try:
        names = set(msgspec.json.decode(path.read_bytes(), type=_Index).weight_map.values())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return {name for name in names if "/" not in name and "\\" not in name}


def _json(path: Path) -> Mapping[str, object] | None:
    """A small JSON object, None when there is none or it is none."""
    try:
        if path.stat().st_size > 1 << 20:
            return None
        return msgspec.json.decode(path.read_bytes(), type=dict[str, object])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*/*") if path.is_file()]
