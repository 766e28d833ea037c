"""The hooks that a person set up: ``hooks.json`` in the data folder, readable by its owner only."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from modelyard.errors import BadValue
from modelyard.jobs.hooks.entries import Hook, checked
from modelyard.keys.private_file import read_private, write_private

MOST = 100
"""Hooks that one may have."""


class HookFile:
    """The hooks of one data folder. Safe to use from every thread."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "hooks.json"
        self._lock = threading.Lock()
        self.on_change: Callable[[], None] = lambda: None

    def stamp(self) -> int:
        """Changes whenever the file does: another process may add a hook."""
        try:
            return self._path.stat().st_mtime_ns
        except OSError:
            return 0

    def list(self) -> tuple[Hook, ...]:
        """Every hook.

        Raises:
            BadValue: The file is damaged, or a hook in it makes no sense.
            UnsafePath: Others may read the file, or it is a link.
        """
        try:
            hooks = msgspec.json.decode(read_private(self._path) or b"[]", type=tuple[Hook, ...])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            hooks = None
        if hooks is None:  # raised outside: a decode error may quote a secret
            raise BadValue(f"{self._path} is no list of hooks.", hint="Mend it, or remove it and add the hooks again.")
        return tuple(checked(hook) for hook in hooks)

    def get(self, name: str) -> Hook:
        """The hook of that name.

        Raises:
            BadValue: There is none; the hint has the nearest name.
        """
        hooks = {hook.name: hook for hook in self.list()}
        if name not in hooks:
            near = difflib.get_close_matches(name, hooks, 1)
            raise BadValue(
                f"There is no hook {name[:80]!r}.",
                hint=f"Did you mean {near[0]}?" if near else "See `modelyard hooks list`.",
            )
        return hooks[name]

    def add(self, hook: Hook) -> Hook:
        """Keep a hook; one of the same name is replaced.

        Raises:
            BadValue: It makes no sense, or there are too many.
        """
        checked(hook)
        with self._lock:
            others = [each for each in self.list() if each.name != hook.name]
            if len(others) >= MOST:
                raise BadValue(f"There are {MOST} hooks already.", hint="Remove one first.")
            self._write([*others, hook])
        self.on_change()
        return hook

    def remove(self, name: str) -> Hook:
        """Forget a hook.

        Raises:
            BadValue: There is none of that name.
        """
        with self._lock:
            gone = self.get(name)
            self._write([each for each in self.list() if each.name != name])
        self.on_change()
        return gone

    def _write(self, hooks: Sequence[Hook]) -> None:
        write_private(self._path, msgspec.json.format(msgspec.json.encode(hooks), indent=2) + b"\n")
