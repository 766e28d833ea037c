"""Whatever this program publishes while a test runs fits the Struct of its kind."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest

from modelyard.events.kinds import KINDS
from modelyard.events.log import Event, EventLog


@pytest.fixture(autouse=True)
def events_fit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Look at every event that is published; what tests publish by themselves may be anything."""
    misfits: list[str] = []
    real = EventLog.publish

    def publish(self: EventLog, kind: str, data: Mapping[str, Any], *, passing: bool = False) -> Event:
        if sys._getframe(1).f_globals["__name__"].startswith("modelyard"):
            misfits.extend(misfit(kind, data))
        return real(self, kind, data, passing=passing)

    monkeypatch.setattr(EventLog, "publish", publish)
    yield
    assert not misfits, misfits[:5]


def misfit(kind: str, data: Mapping[str, Any]) -> list[str]:
    """What is wrong with the data of an event: a kind or a field that nobody promised, or another type."""
    if kind not in KINDS:
        return [f"nobody promised {kind!r}"]
    plain = msgspec.to_builtins(data, enc_hook=str)
    try:
        promised = msgspec.to_builtins(msgspec.convert(plain, KINDS[kind]))
    except msgspec.ValidationError as error:
        return [f"{kind}: {error}"]
    return list(_beyond(plain, promised, kind))


def _beyond(data: Any, promised: Any, where: str) -> Iterator[str]:
    """Fields of the data that did not get into the Struct."""
    if isinstance(data, dict):
        for name in data:
            if name not in promised:
                yield f"{where}: nobody promised {name!r}"
            else:
                yield from _beyond(data[name], promised[name], f"{where}.{name}")
    elif isinstance(data, list):
        for part, other in zip(data, promised, strict=True):
            yield from _beyond(part, other, where)
