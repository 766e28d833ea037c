"""What a pickle would build, followed with stand-ins: nothing is imported and nothing is called."""

from __future__ import annotations

import pickletools
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from modelyard.library.formats.header import Tensor
from modelyard.library.formats.pickle_globals import STORAGES


class Refused(Exception):
    """The pickle does something that no checkpoint does."""


class _Global(msgspec.Struct, frozen=True):
    module: str
    name: str


_MARK, _THING = object(), object()
_TEXTS = frozenset(
    {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
)
_NUMBERS = frozenset({"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"})
_PUTS, _GETS = frozenset({"PUT", "BINPUT", "LONG_BINPUT"}), frozenset({"GET", "BINGET", "LONG_BINGET"})
_REBUILD = frozenset({"_rebuild_tensor_v2", "_rebuild_tensor", "_rebuild_tensor_v3"})
_LONGEST, _MOST_DIMENSIONS, _DEEPEST, _MOST_TENSORS = 1 << 48, 16, 3, 100_000
_INSIDE = (
    "state_dict",
    "model_state_dict",
    "params_ema",
    "params",
    "model",
    "module",
    "ema",
    "generator",
    "net",
    "weights",
)


class Stack:
    """The stack and the memo of a pickle machine, holding stand-ins.

    Attributes:
        globals: Module and name of every global that it names, in order.
    """

    def __init__(self) -> None:
        self.globals: list[tuple[str, str]] = []
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    @property
    def top(self) -> Any:
        """What the pickle would give back."""
        return self._stack[-1] if self._stack else None

    def step(self, op: pickletools.OpcodeInfo, argument: Any) -> None:
        """Follow one opcode.

        Raises:
            Refused: It names a global in a way that cannot be followed, or uses the extension registry.
            IndexError: It takes from an empty stack.
        """
        name = op.name
        if name in _TEXTS or name in _NUMBERS:
            self._stack.append(argument)
        elif name in _PUTS:
            self._memo[int(argument)] = self._stack[-1]
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = self._stack[-1]
        elif name in _GETS:
            self._stack.append(self._memo[int(argument)])
        else:
            own = getattr(self, f"_{name.lower()}", None)
            if own is not None:
                own(argument)
            else:
                self._plain(op)

    def _plain(self, op: pickletools.OpcodeInfo) -> None:
        """Any other opcode: pop and push as many as its description says."""
        if pickletools.markobject in op.stack_before:
            self._marked()
            below = op.stack_before.index(pickletools.markobject)
        else:
            below = len(op.stack_before)
        for _ in range(below):
            self._stack.pop()
        self._stack.extend(_THING for _ in op.stack_after)

    def _marked(self) -> list[Any]:
        """Pop all above the last mark, and the mark."""
        place = len(self._stack) - 1
        while self._stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise IndexError("no mark")
        items = self._stack[place + 1 :]
        del self._stack[place:]
        return items

    def _named(self, module: object, name: object) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise Refused("It computes the name of what it calls; no checkpoint does.")
        module, name = _sound(module), _sound(name)
        self.globals.append((module, name))
        self._stack.append(_Global(module, name))

    def _mark(self, _: Any) -> None:
        self._stack.append(_MARK)

    def _global(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self._named(module, name)

    def _stack_global(self, _: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self._named(module, name)

    def _inst(self, argument: str) -> None:
        self._marked()
        self._global(argument)
        self._stack[-1] = _THING

    def _ext1(self, _: Any) -> None:
        raise Refused("It uses copyreg's extension registry, which hides what is called; no checkpoint does.")

    _ext2 = _ext4 = _ext1

    def _dup(self, _: Any) -> None:
        self._stack.append(self._stack[-1])

    def _none(self, _: Any) -> None:
        self._stack.append(None)

    def _empty_dict(self, _: Any) -> None:
        self._stack.append({})

    def _empty_list(self, _: Any) -> None:
        self._stack.append(_THING)

    def _empty_tuple(self, _: Any) -> None:
        self._stack.append(())

    def _tuple(self, _: Any) -> None:
        items = self._marked()
        self._stack.append(tuple(items) if len(items) <= 64 else _THING)

    def _tuple1(self, _: Any) -> None:
        self._stack[-1:] = [(self._stack[-1],)]

    def _tuple2(self, _: Any) -> None:
        self._stack[-2:] = [(self._stack[-2], self._stack[-1])]

    def _tuple3(self, _: Any) -> None:
        self._stack[-3:] = [(self._stack[-3], self._stack[-2], self._stack[-1])]

    def _setitem(self, _: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._set([key, value])

    def _setitems(self, _: Any) -> None:
        self._set(self._marked())

    def _set(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, dict):
            for key, value in zip(items[::2], items[1::2], strict=False):
                if isinstance(key, str):
                    target[_sound(key)] = value

    def _stop(self, _: Any) -> None:
        if not self._stack:
            raise IndexError("it ends with an empty stack")

    def _binpersid(self, _: Any) -> None:
        pass  # the identity of a storage stands for the storage

    def _reduce(self, _: Any) -> None:
        arguments, called = self._stack.pop(), self._stack.pop()
        self._stack.append(_made(called, arguments))

    def _build(self, _: Any) -> None:
        self._stack.pop()
        if not self._stack:
            raise IndexError("nothing to build on")

    def _newobj(self, _: Any) -> None:
        self._reduce(_)


def _sound(text: str) -> str:
    """Text without lone surrogates, which a pickle may hold and nothing else may write."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def _made(called: object, arguments: object) -> object:
    """A stand-in for what a call would give: tensors and dictionaries are told apart, nothing else."""
    if not isinstance(called, _Global) or not isinstance(arguments, tuple):
        return _THING
    if called.name == "OrderedDict":
        return {}
    if called.name in _REBUILD and called.module == "torch._utils" and len(arguments) >= 3:
        return _tensor(arguments[0], arguments[2])
    if called.name.startswith("_rebuild_parameter") and arguments:
        return arguments[0]
    return _THING


def _tensor(storage: object, shape: object) -> object:
    if (
        not isinstance(shape, tuple)
        or len(shape) > _MOST_DIMENSIONS
        or not all(isinstance(n, int) and 0 <= n < _LONGEST for n in shape)
    ):
        return _THING
    kind = storage[1] if isinstance(storage, tuple) and len(storage) > 1 else None
    return Tensor(STORAGES.get(kind.name, "F32") if isinstance(kind, _Global) else "F32", shape)


def tensors_of(top: object) -> Mapping[str, Tensor]:
    """The tensors of what a checkpoint would give: of its state dictionary, wherever that lies."""
    return dict(pair for pair, _ in zip(_walked(top, "", 0), range(_MOST_TENSORS), strict=False))


def _walked(value: object, path: str, depth: int) -> Iterator[tuple[str, Tensor]]:
    if not isinstance(value, dict) or depth > _DEEPEST:
        return
    inner = next((value[key] for key in _INSIDE if isinstance(value.get(key), dict)), None) if depth == 0 else None
    if inner is not None and not any(isinstance(one, Tensor) for one in value.values()):
        yield from _walked(inner, "", 1)
        return
    for key, one in value.items():
        if isinstance(one, Tensor):
            yield path + key, one
        elif isinstance(one, dict):
            yield from _walked(one, f"{path}{key}.", depth + 1)
