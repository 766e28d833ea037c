"""Settings: one table of name, default and a sentence each; read from file < environment < flag.

The file is ``settings.json`` in the data folder and holds only what a person changed. A variable is
``MODELYARD_`` and the name in capitals with underscores: ``MODELYARD_RETRY_RETRIES=5``.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from modelyard.errors import BadValue
from modelyard.values.sizes import parse_rate, parse_size

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table.

    Attributes:
        read: From a person's text to the value; raises `BadValue`.
        says: One sentence, with its unit.
    """

    name: str
    default: Value
    read: Callable[[str], Value]
    says: str


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.strip().isascii() or not text.strip().isdigit() or not low <= int(text[:12]) <= high:
            raise BadValue(f"{text!r} is not a whole number from {low} to {high}.")
        return int(text)

    return read


def _number(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise BadValue(f"{text!r} is not a number from {low} to {high}.")
        return value

    return read


def _switch(text: str) -> bool:
    if text.lower() not in {"on", "off", "true", "false", "yes", "no", "1", "0"}:
        raise BadValue(f"{text!r} is neither on nor off.")
    return text.lower() in {"on", "true", "yes", "1"}


def _rate(text: str) -> str:
    parse_rate(text)
    return text.strip()


def _size(text: str) -> str:
    parse_size(text)
    return text.strip()


def _statuses(text: str) -> str:
    if not all(part.strip().isdigit() and 400 <= int(part) < 600 for part in text.split(",")):
        raise BadValue(f"{text!r} is no list of HTTP statuses.", hint="Write it like 408,429,500,503.")
    return text.replace(" ", "")


TABLE: tuple[Setting, ...] = (
    Setting("folder", "", str, "Where files go when no --to is given; empty means the current folder."),
    Setting("files.at-once", 4, _whole(1, 64), "Large files fetched at the same time."),
    Setting("tasks.at-once", 4, _whole(1, 64), "Tasks of the queue that run at the same time."),
    Setting("tasks.per-hub", 3, _whole(1, 64), "Tasks of one hub that run at the same time."),
    Setting("tasks.stalled", 300.0, _number(1, 86400), "Seconds without a sign of life before a task is put off."),
    Setting("tasks.retries", 5, _whole(0, 100), "Further tries of a failed task before it stays failed."),
    Setting("tasks.quiet", "", str, "Hours in which no task runs, like mon-fri 22:00-07:00."),
    Setting("history.keep", 3650, _whole(1, 36500), "Days that ended tasks stay in the history."),
    Setting("database", "", str, "postgresql://user@host/name; empty is SQLite in the data folder."),
    Setting("server.port", 7980, _whole(0, 65535), "Port of the service on this machine; 0 takes a free one."),
    Setting("connections.per-file", 16, _whole(1, 64), "Most connections for one file."),
    Setting("connections.per-host", 64, _whole(1, 256), "Most connections to one host."),
    Setting("connections.total", 64, _whole(1, 256), "Most connections in all."),
    Setting("retry.retries", 3, _whole(0, 100), "Further tries without new ground before giving up."),
    Setting("retry.first", 1.0, _number(0, 3600), "Seconds before the first of them."),
    Setting("retry.cap", 60.0, _number(0, 86400), "Longest wait between two tries, in seconds."),
    Setting("retry.factor", 2.0, _number(1, 10), "Each wait is this much longer than the last."),
    Setting("retry.jitter", True, _switch, "Wait a random time below the computed one."),
    Setting("retry.statuses", "408,425,429,500,502,503,504", _statuses, "HTTP statuses worth another try."),
    Setting("retry.patience", 300.0, _number(0, 86400), "Seconds a hub may ask us to wait before we put it off."),
    Setting("timeout.connect", 10.0, _number(0.1, 600), "Seconds to wait for a connection."),
    Setting("timeout.silence", 10.0, _number(0.1, 600), "Seconds without a byte before a connection counts as dead."),
    Setting("limit.total", "off", _rate, "Speed limit over everything, like 50MB/s."),
    Setting("limit.schedule", "", str, "Limits by the hour: mon-fri 08:00-18:00 2MB/s; sat,sun 00:00-24:00 off."),
    Setting("limit.huggingface", "off", _rate, "Speed limit for Hugging Face."),
    Setting("limit.civitai", "off", _rate, "Speed limit for CivitAI."),
    Setting("limit.modelscope", "off", _rate, "Speed limit for ModelScope."),
    Setting("limit.github", "off", _rate, "Speed limit for GitHub."),
    Setting("limit.web", "off", _rate, "Speed limit for all other addresses."),
    Setting(
        "proxy", "", str, "http://, https:// or socks5:// proxy; empty reads the usual variables, direct uses none."
    ),
    Setting("ca-file", "", str, "PEM file of certificates to trust; empty uses the system's and SSL_CERT_FILE."),
    Setting("disk.reserve", "100MB", _size, "Room that always stays free, at most 1 % of the disk."),
    Setting("xet", True, _switch, "Use Hugging Face's chunk transport where the extra modelyard[xet] is installed."),
    Setting("cache", True, _switch, "Keep hub answers for revalidation and for working offline."),
)

_BY_NAME = {setting.name: setting for setting in TABLE}


def setting(name: str) -> Setting:
    """The row of a setting.

    Raises:
        BadValue: There is none; the hint has the nearest name.
    """
    if name not in _BY_NAME:
        near = difflib.get_close_matches(name, _BY_NAME, 1)
        raise BadValue(
            f"There is no setting {name!r}.",
            hint=f"Did you mean {near[0]}?" if near else "See `modelyard config show`.",
        )
    return _BY_NAME[name]


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return "MODELYARD_" + name.upper().replace(".", "_").replace("-", "_")


class Settings:
    """The settings of one data folder.

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

    def __getitem__(self, name: str) -> Any:
        return self.explain(name)[0]

    def __contains__(self, name: str) -> bool:
        return name in _BY_NAME

    def explain(self, name: str) -> tuple[Value, str]:
        """Value of a setting and where it comes from: ``flag``, a variable, ``file`` or ``default``.

        Raises:
            BadValue: No such setting, or a value that cannot be read.
        """
        row = setting(name)
        if name in self._flags:
            return self._flags[name], "flag"
        if (text := self._environ.get(variable(name))) is not None:
            return row.read(text), variable(name)
        stored = self._stored()
        if name in stored:
            return row.read(_text(stored[name])), "file"
        return row.default, "default"

    def set(self, name: str, text: str) -> Value:
        """Keep a value in the file.

        Raises:
            BadValue: No such setting, or a value that cannot be read.
        """
        value = setting(name).read(text)
        self._write({**self._stored(), name: value})
        return value

    def reset(self, name: str | None = None) -> None:
        """Forget one kept value, or all."""
        kept = self._stored() if name else {}
        if name:
            kept.pop(setting(name).name, None)
        self._write(kept)

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
        with beside.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(dict(sorted(values.items()))), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def data_folder(environ: Mapping[str, str]) -> Path:
    """Where our own data lives: MODELYARD_HOME, else the platform's folder for user data."""
    if home := environ.get("MODELYARD_HOME"):
        return Path(home).expanduser()
    from platformdirs import user_data_path

    return user_data_path("modelyard", appauthor=False)
