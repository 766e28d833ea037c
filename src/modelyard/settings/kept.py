"""The settings of one data folder: read from file < environment < flag, checked wherever they come from."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import asdict

from modelyard.errors import BadValue
from modelyard.settings.table import BY_NAME, TABLE, Setting, Value, setting, variable

Told = Callable[[str], None]
"""Called with the name of a setting whose kept value changed."""


class Row(msgspec.Struct, frozen=True):
    """One setting as a person sees it.

    Attributes:
        value: What holds now, passwords masked; None when it cannot be read.
        kind: ``whole``, ``number``, ``switch`` or ``text``.
        origin: ``default``, ``file``, ``flag`` or the name of a variable.
        trouble: Why the value cannot be read; empty when it can.
    """

    name: str
    value: Value | None
    default: Value
    kind: str
    says: str
    origin: str
    variable: str
    restart: bool
    secret: bool
    trouble: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON-able data; `origin` is called ``from``."""
        told = asdict(self)
        told["from"] = told.pop("origin")
        return told


_KINDS = {bool: "switch", int: "whole", float: "number", str: "text"}


class Settings:
    """The settings of one data folder. Safe to use from every thread.

    Args:
        folder: The data folder; need not exist.
        environ: Where variables are looked up.
        flags: What the command line said, by name.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str], flags: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._path = folder / "settings.json"
        self._environ = environ
        self._flags = {name: setting(name).read(text) for name, text in (flags or {}).items()}
        self._lock = threading.RLock()
        self._told: list[Told] = []
        self._last: dict[str, Value] | None = None

    def __getitem__(self, name: str) -> Any:
        return self.explain(name)[0]

    def __contains__(self, name: str) -> bool:
        return name in BY_NAME

    # --- look -------------------------------------------------------------------------------------

    def explain(self, name: str) -> tuple[Value, str]:
        """Value of a setting and where it comes from: ``flag``, a variable, ``file`` or ``default``.

        Raises:
            BadValue: No such setting, or a value that cannot be read.
        """
        row = setting(name)
        decided = self._above_the_file(row)
        return decided or _from_file(row, self._stored())

    def describe(self, name: str | None = None) -> list[Row]:
        """Every setting, or the one of that name, fit to be shown. A value that cannot be read is told, not raised.

        Raises:
            BadValue: No such setting, or the file is damaged.
        """
        rows, stored = [setting(name)] if name else list(TABLE), self._stored()
        return [self._row(row, stored) for row in rows]

    def check(self) -> None:
        """Read every setting once.

        Raises:
            BadValue: One cannot be read; the message names the variable or the setting.
        """
        stored = self._stored()
        for row in TABLE:
            if not self._above_the_file(row):
                _from_file(row, stored)

    def _above_the_file(self, row: Setting) -> tuple[Value, str] | None:
        if row.name in self._flags:
            return self._flags[row.name], "flag"
        if (text := self._environ.get(variable(row.name))) is not None:
            return _read(row, text, variable(row.name)), variable(row.name)
        return None

    def _row(self, row: Setting, stored: Mapping[str, Value]) -> Row:
        value: Value | None = None
        trouble = ""
        try:
            value, origin = self._above_the_file(row) or _from_file(row, stored)
        except BadValue as error:
            trouble, origin = error.message, variable(row.name) if variable(row.name) in self._environ else "file"
        shown = without_password(value) if row.secret and isinstance(value, str) else value
        kind = _KINDS[type(row.default)]
        more = (row.default, kind, row.says, origin, variable(row.name), row.restart, row.secret, trouble)
        return Row(row.name, shown, *more)

    # --- change -----------------------------------------------------------------------------------

    def set(self, name: str, text: str) -> Value:
        """Keep a value in the file, and tell who asked to be told.

        Raises:
            BadValue: No such setting, or a value that cannot be read.
        """
        value = setting(name).read(text)
        with self._lock:
            self._write({**self._stored(), name: value})
        self.look_again()
        return value

    def change(self, name: str, text: str) -> Row:
        """As `set`; gives the row as it is now, which another place than the file may still decide."""
        self.set(name, text)
        return self.describe(name)[0]

    def reset(self, name: str | None = None) -> None:
        """Forget one kept value, or all, and tell who asked to be told."""
        with self._lock:
            kept = self._stored() if name else {}
            if name:
                kept.pop(setting(name).name, None)
            self._write(kept)
        self.look_again()

    def on_change(self, told: Told) -> Callable[[], None]:
        """Call `told` with the name of each setting whose kept value changes, in the thread that changes it.

        Returns:
            A call that ends it.
        """
        with self._lock:
            if self._last is None:
                self._last = self._stored_or_nothing()
            self._told.append(told)

        def leave() -> None:
            with self._lock:
                if told in self._told:
                    self._told.remove(told)

        return leave

    def look_again(self) -> None:
        """Tell of what changed since the last look: another process may have written the file."""
        with self._lock:
            before, told = self._last, list(self._told)
            if before is None:
                return
            now = self._last = self._stored_or_nothing()
        changed = [name for name in sorted({*before, *now}) if name in BY_NAME and before.get(name) != now.get(name)]
        for name in changed:
            for call in told:
                call(name)

    # --- the file ---------------------------------------------------------------------------------

    def _stored_or_nothing(self) -> dict[str, Value]:
        try:
            return self._stored()
        except BadValue:
            return {}

    def _stored(self) -> dict[str, Value]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, str | int | float | bool])
        except FileNotFoundError:
            return {}
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadValue(
                f"{self._path} is damaged: {error}.", hint="Mend it, or begin anew with `modelyard config reset`."
            ) from error

    def _write(self, values: Mapping[str, Value]) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self._path.with_name(f".settings.{os.getpid()}")
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # it may hold a password
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(dict(sorted(values.items()))), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)


def without_password(text: str) -> str:
    """A URL without the user and password in it."""
    head, at, host = text.rpartition("@")
    return f"{head.split('://')[0]}://…@{host}" if at else text


def _from_file(row: Setting, stored: Mapping[str, Value]) -> tuple[Value, str]:
    if row.name not in stored:
        return row.default, "default"
    value = stored[row.name]
    return _read(row, str(value).lower() if isinstance(value, bool) else str(value), f"The setting {row.name}"), "file"


def _read(row: Setting, text: str, where: str) -> Value:
    try:
        return row.read(text)
    except BadValue as error:
        raise BadValue(f"{where}: {error.message}", hint=error.hint) from error
