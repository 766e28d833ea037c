"""Renaming and moving models, one and many: with everything that belongs to them, never over another file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from modelyard.errors import BadValue, NoSuchFile, NoSuchRoot, Stopped, UnsafePath, YardError
from modelyard.jobs.carrying import Load, Way, base_of, carry, gather, recover, relocation, shift_of
from modelyard.jobs.chores import Chore, Options, Step, Tell
from modelyard.jobs.foreseeing import Foreseen, Plan, foresee
from modelyard.jobs.stock import Stock
from modelyard.library.names import check_no_code, safe_component, safe_relative
from modelyard.library.roots.roots import Root
from modelyard.library.shifting.journal import Shift
from modelyard.library.sidecars.belonging import renamed, stem_of
from modelyard.net.stop import Stop
from modelyard.values.shards import index_of, shard_of

_LARGEST_INDEX = 64 << 20


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one model of many.

    Attributes:
        path: Where it lies now.
        trash: Its entry in the trash.
        error: Why nothing was done with it: code, message, hint.
    """

    id: int
    path: str = ""
    trash: str = ""
    error: dict[str, Any] | None = None


def each(ids: tuple[int, ...], do: Callable[[int], Outcome]) -> list[Outcome]:
    """Do something with models one after the other; one that fails does not stop the others.

    Raises:
        Stopped: Somebody asked to stop.
    """
    told = []
    for number in dict.fromkeys(ids):
        try:
            told.append(do(number))
        except Stopped:
            raise
        except YardError as error:
            told.append(Outcome(id=number, error=error.as_dict()))
    return told


def rename(stock: Stock, number: int, name: str) -> str:
    """Give a model another name in its folder; gives its new path. Its ending stays.

    Raises:
        UnsafePath: That is no name for a file.
        TargetExists: A file of the new name stands there; nothing was changed.
        YardError: As `carrying.gather` and `carrying.carry`.
    """
    recover(stock)
    return _take(stock, _renaming(stock, number, name))


def foresee_rename(stock: Stock, number: int, name: str) -> list[Foreseen]:
    """What `rename` would do; touches nothing."""
    return foresee(stock, (number,), lambda one: _renaming(stock, one, name).plan)


def _renaming(stock: Stock, number: int, name: str) -> _Planned:
    load = gather(stock, number)
    return _planned(stock, load, Path(load.model.path).parent, load.root, _stem(load, name))


def move(stock: Stock, number: int, root: Root, sub: str = "", count: Callable[[int], object] = lambda _: None) -> str:
    """Take a model to a folder of a root, also on another disk; gives its new path.

    Args:
        sub: Folder below the root, with `/`; made when it is missing.

    Raises:
        UnsafePath: The folder is none for models.
        TargetExists: A file of its name stands there; nothing was changed.
        YardError: As `carrying.gather` and `carrying.carry`.
    """
    recover(stock)
    return _take(stock, _moving(stock, number, root, sub), count)


def foresee_move(stock: Stock, ids: tuple[int, ...], root: Root, sub: str = "") -> list[Foreseen]:
    """What `move` would do with models that go one after the other; touches nothing."""
    return foresee(stock, ids, lambda number: _moving(stock, number, root, sub).plan)


def _moving(stock: Stock, number: int, root: Root, sub: str) -> _Planned:
    load = gather(stock, number)
    to = root.path / safe_relative(sub.strip("/")) if sub.strip("/") else root.path
    if not root.path.is_dir():
        raise NoSuchFile(f"{root.path} is not there.", hint="Is its drive attached?")
    if not load.tree and any(path.is_symlink() for path in load.files):
        raise UnsafePath(f"{load.model.path} is a link.", hint="Move the file that it leads to.")
    return _planned(stock, load, to, root, _own_stem(load))


def _own_stem(load: Load) -> str:
    if load.tree:
        return load.name
    shard = shard_of(load.name)
    return shard[0] if shard else stem_of(load.name)


def _stem(load: Load, name: str) -> str:
    """The new name without what stays of the old one."""
    if any(letter in name for letter in "/\\\0"):
        raise UnsafePath(f"{name[:80]!r} is no plain name.", hint="Folders are changed with `modelyard move`.")
    suffix = "" if load.tree else Path(load.name).suffix
    if suffix and name.lower().endswith(suffix.lower()):
        name = name[: -len(suffix)]
    shard = shard_of(name + suffix)
    return safe_component((shard[0] if shard else name) + suffix)[: -len(suffix) or None]


class _Planned(msgspec.Struct, frozen=True):
    """A move that nobody began.

    Attributes:
        made: New bytes of small files that change on their way.
        path: Where the model will lie.
    """

    shift: Shift
    made: dict[str, bytes]
    path: Path

    @property
    def plan(self) -> Plan:
        return self.shift, str(self.path)


def _take(stock: Stock, planned: _Planned, count: Callable[[int], object] = lambda _: None) -> str:
    carry(stock, planned.shift, count, planned.made)
    return str(planned.path)


def _planned(stock: Stock, load: Load, to: Path, root: Root, stem: str) -> _Planned:
    check_no_code(str(to))
    stock.roots().writable(to / "x")
    real = Path(os.path.realpath(to))
    base = base_of(stock.roots(), real)
    if load.tree and real.is_relative_to(load.files[0]):
        raise BadValue(f"{to} lies inside of what would be moved there.")
    ways = _ways(load, stem)
    if len({way.name for way in ways}) < len(ways):
        raise UnsafePath(f"Two files of {load.model.title} would have one name.")
    moved = {way.source: real / way.name for way in ways}
    if (main := moved.get(load.home / load.name)) is None:
        raise NoSuchFile(f"{load.model.title} was moved or removed meanwhile.")
    path = to / main.name
    facts = {"relocation": relocation(load, root, path, {old: to / new.name for old, new in moved.items()})}
    shift = shift_of(load, ways, real, base, "move", facts)
    made = _index(load, stem)
    if made:
        by_copy = tuple(
            msgspec.structs.replace(step, temp=f".{Path(step.target).name[:100]}.{shift.id}.tmp", mark=None)
            if step.source in made
            else step
            for step in shift.steps
        )
        shift = msgspec.structs.replace(shift, steps=by_copy)
    return _Planned(shift, made, path)


def _ways(load: Load, stem: str) -> list[Way]:
    if load.tree:
        return [Way(load.files[0], stem)]
    names = {file: _renamed(file.name, stem) for file in load.files}
    ways = [Way(file, name) for file, name in names.items()]
    for path in (*load.beside, *load.shared):
        name = index_of(names[load.files[0]]) if path == load.index else _beside(path, names)
        ways.append(Way(path, name, stays=path in load.shared))
    return ways


def _renamed(name: str, stem: str) -> str:
    shard = shard_of(name)
    return stem + (shard[1] if shard else Path(name).suffix)


def _beside(path: Path, names: dict[Path, str]) -> str:
    for file, name in names.items():
        try:
            return renamed(path, file, file.with_name(name)).name
        except BadValue:
            continue
    raise UnsafePath(f"{path} belongs to no file of the model.")


def _index(load: Load, stem: str) -> dict[str, bytes]:
    """The list of a sharded set's tensors with the new names of its files, when these change."""
    index = load.index
    if index is None or stem == _own_stem(load):
        return {}
    if index.stat().st_size > _LARGEST_INDEX:
        raise BadValue(f"{index} is too large to be rewritten.", hint="Move it without another name.")
    try:
        told = msgspec.json.decode(index.read_bytes())
        told["weight_map"] = {tensor: _renamed(str(file), stem) for tensor, file in told["weight_map"].items()}
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
        raise BadValue(f"{index} cannot be read, so its files keep their names.") from error
    return {index.relative_to(load.base).as_posix(): msgspec.json.format(msgspec.json.encode(told), indent=2)}


class MoveOptions(Options, frozen=True, kw_only=True):
    """Which models go where.

    Attributes:
        root: Path of a root; or `folder` and `index` as ComfyUI numbers them.
        sub: Folder below the root, with `/`.
    """

    ids: tuple[int, ...]
    root: str = ""
    folder: str = ""
    index: int = 0
    sub: str = ""


def target(stock: Stock, options: MoveOptions) -> Root:
    """The root that is meant.

    Raises:
        NoSuchRoot: There is none.
        BadValue: None is named.
    """
    roots = stock.roots()
    if options.root:
        for root in roots.all:
            if str(root.path) == options.root.rstrip("/"):
                return root
        raise NoSuchRoot(f"{options.root} is not registered.")
    if not options.folder:
        raise BadValue("No root is named.", hint="Name a root's path, or ComfyUI's name of a folder and its index.")
    return roots.get(options.folder, options.index)


def move_models(stock: Stock, options: MoveOptions, stop: Stop, tell: Tell) -> dict[str, Any]:
    """Move models one after the other, and tell what became of each."""
    root = target(stock, options)
    copied = 0

    def one(number: int) -> Outcome:
        def count(size: int) -> None:
            nonlocal copied
            copied += size
            stop.check()
            tell(Step(copied, None, f"Moving model {number}"))

        stop.check()
        return Outcome(id=number, path=move(stock, number, root, options.sub, count))

    told = each(options.ids, one)
    failed = sum(one.error is not None for one in told)
    return {"moved": len(told) - failed, "failed": failed, "results": msgspec.to_builtins(told)}


MOVE = Chore("move", "Move models", MoveOptions, move_models, unique=False)
