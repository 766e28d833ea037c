"""Roots that overlap, that hold our own data, that cannot be written: each is told with what mends it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelyard.library.roots.entries import Entry
from modelyard.library.roots.looking import problems_of
from modelyard.library.roots.roots import roots_of


def told(tmp_path: Path, *places: Path, read_only: bool = False) -> dict[str, list[tuple[str, str]]]:
    roots = roots_of([Entry(path=str(place), read_only=read_only) for place in places])
    found = problems_of(roots.all, tmp_path / "yard")
    assert all(one.words and one.hint for problems in found.values() for one in problems)
    return {
        os.path.relpath(path, tmp_path): [(one.code, one.words) for one in problems] for path, problems in found.items()
    }


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "yard").mkdir()
    (tmp_path / "models" / "loras").mkdir(parents=True)
    return tmp_path / "models"


def test_roots_that_lie_apart_are_fine(tmp_path: Path, models: Path) -> None:
    (tmp_path / "models2").mkdir()
    assert told(tmp_path, models, tmp_path / "models2", tmp_path / "nothing") == {}


def test_a_root_inside_another_is_told_and_by_a_link_counts_twice(tmp_path: Path, models: Path) -> None:
    ((code, words),) = told(tmp_path, models, models / "loras")["models/loras"]
    assert (code, "listed here" in words) == ("overlap", True)
    (tmp_path / "link").symlink_to(models / "loras")
    ((code, words),) = told(tmp_path, tmp_path / "link", models)["link"]
    assert (code, "listed twice" in words) == ("overlap", True)


def test_the_same_folder_twice_is_told_once(tmp_path: Path, models: Path) -> None:
    (tmp_path / "link").symlink_to(models)
    found = told(tmp_path, models, tmp_path / "link")
    assert list(found) == ["link"] and "same folder" in found["link"][0][1]


def test_a_root_that_holds_our_own_data_is_told(tmp_path: Path, models: Path) -> None:
    assert [code for code, _ in told(tmp_path, tmp_path)["."]] == ["overlap"]
    assert [code for code, _ in told(tmp_path, tmp_path / "yard")["yard"]] == ["overlap"]
    (tmp_path / "yard" / "models").mkdir()
    assert told(tmp_path, tmp_path / "yard" / "models") == {}


def test_a_root_where_nothing_can_be_written_is_told_unless_it_was_registered_so(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert [code for code, _ in told(tmp_path, models)["models"]] == ["read-only"]
    assert told(tmp_path, models, read_only=True) == {}
