"""A second name takes its place in one step, by the first means that works, over nothing and through no link."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from modelyard.errors import CannotLend, DiskFull, TargetExists, UnsafePath
from modelyard.library.shifting.journal import Mark
from modelyard.library.shifting.naming import Way, second_name, take_away
from modelyard.store.opened import Opened

ALL: tuple[Way, ...] = ("reflink", "hardlink", "symlink", "copy")


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "from").mkdir()
    (tmp_path / "to").mkdir()
    (tmp_path / "from" / "a").write_bytes(b"model")
    return tmp_path / "from", tmp_path / "to"


def name(places: tuple[Path, Path], *ways: Way, target: str = "sub/b", told: Any = lambda *_: None) -> Way:
    source, to = places
    return second_name(source, source / "a", to, to / target, ".b.tmp", ways or ALL, told, lambda _: None)


@pytest.mark.parametrize("way", ["hardlink", "symlink", "copy"])
def test_each_way_gives_the_same_bytes_and_is_told_before_it_takes_its_name(
    places: tuple[Path, Path], way: Way
) -> None:
    marks: list[tuple[Way, Mark, bool]] = []

    def told(used: Way, mark: Mark) -> None:
        marks.append((used, mark, (places[1] / "sub" / "b").exists()))

    assert name(places, way, told=told) == way
    made = places[1] / "sub" / "b"
    assert made.read_bytes() == b"model" and os.listdir(made.parent) == ["b"]
    ((used, mark, stood),) = marks
    assert (used, mark.inode, stood) == (way, made.lstat().st_ino, False)


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK])
def test_a_disk_without_links_is_passed_over_for_the_next_way(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Opened, "link", refuse)
    assert name(places, "hardlink", "symlink") == "symlink"
    monkeypatch.setattr(Opened, "symlink", refuse)
    with pytest.raises(CannotLend, match="tried: hardlink, symlink"):
        name(places, "hardlink", "symlink", target="c")
    assert os.listdir(places[1]) == ["sub"]


def test_a_full_disk_is_no_reason_for_the_next_way(places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Opened, "link", full)
    with pytest.raises(DiskFull):
        name(places, "hardlink", "copy", target="b")
    assert os.listdir(places[1]) == []


def test_nothing_is_replaced_even_what_comes_at_the_last_moment(places: tuple[Path, Path]) -> None:
    (places[1] / "b").write_bytes(b"theirs")
    with pytest.raises(TargetExists):
        name(places, target="b", told=lambda *_: pytest.fail("something was made beside it"))
    with pytest.raises(TargetExists):
        name(places, "hardlink", target="c", told=lambda *_: (places[1] / "c").write_bytes(b"theirs"))
    assert sorted(os.listdir(places[1])) == ["b", "c"]
    assert {(places[1] / one).read_bytes() for one in "bc"} == {b"theirs"}


def test_no_link_in_the_way_is_followed(places: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (places[1] / "sub").symlink_to(tmp_path / "outside")
    with pytest.raises(UnsafePath):
        name(places)
    (places[0] / "a").unlink()
    (places[0] / "a").symlink_to("/etc/hostname")
    for way in ALL:
        with pytest.raises(UnsafePath):
            name(places, way, target="b")
    assert os.listdir(tmp_path / "outside") == [] and sorted(os.listdir(places[1])) == ["sub"]


def test_a_name_is_taken_away_only_when_it_is_ours(places: tuple[Path, Path]) -> None:
    name(places, "hardlink", target="b")
    target = places[1] / "b"
    assert not take_away(places[1], target, lambda *_: False) and target.exists()
    assert take_away(places[1], target, lambda *_: True) and not target.exists()
    assert take_away(places[1], target, lambda *_: False), "nothing stands there"
    assert take_away(places[1], places[1] / "never" / "made", lambda *_: False)
