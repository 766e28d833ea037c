"""Done means durable: what is synced before what, seen at the calls themselves."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modelyard.app import App
from modelyard.engine.journal import journal_path
from modelyard.errors import DiskFailed
from modelyard.jobs import arrivals, folders
from modelyard.jobs.wish import Outcome, Wish
from modelyard.store.opened import Opened
from modelyard.store.proofs import Proofs
from modelyard.testing import PracticeHub

SMALL, LARGE = 300_000, 9 * 2**20 + 5


def fetched(hub: PracticeHub, size: int, target: Path) -> Outcome:
    hub.hf.add_repo("me/model", {"m.safetensors": size})
    with App({**os.environ, **hub.env()}) as app:
        download = app.download(Wish(["hf:me/model/m.safetensors"], str(target)))
        (outcome,) = download.run(download.plan())
    return outcome


def noting(patched: pytest.MonkeyPatch, where: Any, name: str, note: Callable[..., None]) -> None:
    """Have a function tell its arguments once it has done its work."""
    real = getattr(where, name)

    def told(*arguments: Any) -> Any:
        result = real(*arguments)
        note(*arguments)
        return result

    patched.setattr(where, name, told)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "with a journal"])
def test_bytes_are_synced_then_named_then_the_name_is_synced_then_the_proof_is_kept_and_last_the_journal_goes(
    hub: PracticeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    target = tmp_path / "new" / "m.safetensors"
    calls: list[tuple[str, int]] = []

    def synced(descriptor: int) -> None:
        calls.append(("sync", os.fstat(descriptor).st_ino))

    for name in ("fsync", "fdatasync"):
        noting(monkeypatch, os, name, synced)
    noting(monkeypatch, Opened, "rename", lambda *_: calls.append(("name", target.stat().st_ino)))
    noting(monkeypatch, Proofs, "keep", lambda *_: calls.append(("proof", 0)))
    journals: list[bool] = []
    noting(monkeypatch, arrivals, "sync_parts", lambda parts: journals.append(journal_path(parts[0].path).exists()))
    noting(monkeypatch, arrivals, "forget_journal", lambda part: calls.append(("forget", part.size())))

    assert fetched(hub, size, target).error is None
    file, folder = target.stat().st_ino, target.parent.stat().st_ino
    landing = calls[calls.index(("name", file)) - 1 :]
    assert landing == [("sync", file), ("name", file), ("sync", folder), ("proof", 0), ("forget", size)]
    assert calls.index(("sync", tmp_path.stat().st_ino)) < calls.index(("name", file)), "the folder's own name, too"
    assert journals == [size == LARGE]
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_a_file_whose_bytes_could_not_be_synced_never_gets_its_name(
    hub: PracticeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr(os, "fsync", refuse)
    outcome = fetched(hub, SMALL, tmp_path / "m.safetensors")
    assert isinstance(outcome.error, DiskFailed)
    assert not (tmp_path / "m.safetensors").exists()


def test_folders_made_for_a_file_go_again_when_the_disk_fails_under_them(
    hub: PracticeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> None:
        raise DiskFailed(f"{folder} failed.")

    monkeypatch.setattr(folders, "sync_folder", refuse)
    outcome = fetched(hub, SMALL, tmp_path / "new" / "deep" / "m.safetensors")
    assert isinstance(outcome.error, DiskFailed)
    assert not (tmp_path / "new").exists()
