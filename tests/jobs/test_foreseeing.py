"""A dry run tells what the true one would do, file by file, and touches nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from modelyard.app import App
from modelyard.jobs.foreseeing import Foreseen
from modelyard.jobs.moving import foresee_move, foresee_rename, move, rename
from modelyard.jobs.trash import foresee_trash, put_away

from .library import model, scanned


def everything(root: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder of a data folder's parent, with inode and time."""
    return {
        str(path): (path.lstat().st_ino, path.lstat().st_mtime_ns)
        for path in root.parent.rglob("*")
        if "yard" not in path.relative_to(root.parent).parts
    }


def nice(app: App, root: Path) -> int:
    path = model(root / "sub" / "nice.safetensors", 1)
    (root / "sub" / "nice.preview.png").write_bytes(b"x")
    model(root / "sub" / "nice.ckpt", 2)
    (root / "sub" / "nice.civitai.info").write_text("{}")
    scanned(app)
    return app.stock.catalogue.at(str(path)).id


def told(found: list[Foreseen]) -> dict[str, str]:
    (one,) = found
    assert one.conflicts == ()
    return {way.source: way.target for way in one.files}


def test_what_it_tells_is_what_happens(app: App, root: Path) -> None:
    one, there = nice(app, root), app.stock.roots().all[0]
    before = everything(root)
    plans = [
        foresee_trash(app.stock, [one]),
        foresee_rename(app.stock, one, "nicer"),
        foresee_move(app.stock, (one,), there, "style/new"),
    ]
    assert everything(root) == before
    for path in told(plans[0]):
        assert path in before and (".modelyard-trash" in told(plans[0])[path])
    for ways, do in ((told(plans[1]), lambda: rename(app.stock, one, "nicer")),):
        assert not any(os.path.lexists(new) for new in ways.values())
        do()
        assert all(os.path.lexists(new) for new in ways.values())
    again = foresee_move(app.stock, (one,), there, "style/new")
    assert again[0].path == move(app.stock, one, there, "style/new")
    assert all(os.path.lexists(new) for new in told(again).values())
    count = len(foresee_trash(app.stock, [one])[0].files)
    kept = put_away(app.stock, one)
    assert len(list((root / ".modelyard-trash" / kept.id / "files").iterdir())) == count


def codes(one: Foreseen) -> list[Any]:
    return [conflict["code"] for conflict in one.conflicts]


def test_conflicts_are_told_with_the_file_that_stands_in_the_way(app: App, root: Path) -> None:
    one = nice(app, root)
    model(root / "sub" / "taken.safetensors", 3)
    (root / "sub" / "taken.preview.png").write_bytes(b"y")
    (found,) = foresee_rename(app.stock, one, "taken")
    assert codes(found) == ["target-exists", "target-exists"] and found.path.endswith("taken.safetensors")
    assert "taken.preview.png" in str(found.conflicts)
    assert codes(foresee_rename(app.stock, one, "../x")[0]) == ["unsafe-path"]
    assert codes(foresee_trash(app.stock, [987])[0]) == ["no-such-model"]


def test_two_that_would_go_to_one_place_are_told(app: App, root: Path) -> None:
    for place in ("a", "b"):
        model(root / place / "same.safetensors", 1)
    scanned(app)
    ids = tuple(app.stock.catalogue.at(str(root / place / "same.safetensors")).id for place in ("a", "b"))
    found = foresee_move(app.stock, ids, app.stock.roots().all[0], "both")
    assert [codes(one) for one in found] == [[], ["target-exists"]]
    assert f"model {ids[0]}" in str(found[1].conflicts)


def test_a_full_disk_is_told_and_copies_are_called_copies(
    app: App, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = nice(app, root)
    monkeypatch.setattr("modelyard.jobs.carrying.on_one_device", lambda _: False)
    (found,) = foresee_move(app.stock, (one,), app.stock.roots().all[0], "far")
    assert {way.how for way in found.files} == {"copy"} and codes(found) == []
    assert sum(way.size for way in found.files if way.source.endswith(".safetensors")) > 50_000
    monkeypatch.setattr("modelyard.jobs.carrying.room", lambda _: 10)
    assert codes(foresee_move(app.stock, (one,), app.stock.roots().all[0], "far")[0]) == ["disk-full"]
