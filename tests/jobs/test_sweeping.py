"""A scan clears away what crashes left, and nothing else."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.engine.journal import journal_path
from modelyard.engine.part import part_path
from modelyard.library.passing import is_passing, passing
from modelyard.library.roots.entries import Entry

from .library import model, scanned


def left(root: Path) -> dict[str, Path]:
    part, alone = part_path(root / "m.safetensors", "one"), part_path(root / "m.safetensors", "two")
    found = {
        "written": passing(root),
        "coming": root / ".a.preview.png.restoring",
        "journal": journal_path(alone),
        "journal begun": journal_path(alone).with_suffix(".journal-new"),
        "part": part,
        "journal of the part": journal_path(part),
        "a person's": root / ".mine.tmp",
        "a person's too": root / ".modelyard-mine.tmp",
        "shown": root / "modelyard-0123456789ab.tmp",
        "another tool's": root / ".a.png.restoring",
    }
    for path in found.values():
        path.write_bytes(b"x")
    return found


@pytest.mark.parametrize(("hours", "read_only"), [(2, False), (0, False), (2, True)])
def test_only_what_is_ours_and_old_goes_and_only_where_something_may_be_written(
    app: App, root: Path, hours: int, read_only: bool
) -> None:
    model(root / "a.safetensors")
    found = left(root)
    app.stock.entries.keep(Entry(path=str(root), folder="loras", read_only=read_only))
    app.stock.wall = lambda: time.time() + hours * 3600
    scanned(app)
    gone = {name for name, path in found.items() if not path.exists()}
    assert gone == ({"written", "coming", "journal", "journal begun"} if hours and not read_only else set())
    preview = root / "a.preview.png"
    assert preview.exists() == bool(gone)
    assert app.stock.catalogue.at(str(root / "a.safetensors")).preview == (str(preview) if gone else "")


def test_what_cannot_be_cleared_away_ends_no_scan(
    app: App, root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model(root / "a.safetensors")
    path = passing(root)
    path.mkdir()
    app.stock.wall = lambda: time.time() + 7200
    assert scanned(app).seen == 1
    assert "left over from a crash" in caplog.text and path.is_dir()


def test_a_name_is_ours_by_its_whole_form(tmp_path: Path) -> None:
    assert is_passing(passing(tmp_path).name) and passing(tmp_path) != passing(tmp_path)
    assert not any(
        map(is_passing, (".modelyard-0123456789ab.tmp.safetensors", ".journal", ".a.journal", "a.restoring"))
    )
