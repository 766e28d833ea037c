import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.engine.journal import Journal, Story
from modelyard.engine.landing import land, name, rename, sync_files, sync_parts
from modelyard.engine.part import PartFile
from modelyard.errors import TargetExists
from modelyard.store import opened


@pytest.fixture
def part(tmp_path: Path) -> Iterator[PartFile]:
    part = PartFile(tmp_path / ".m.part")
    part.write(memoryview(b"new"), 0)
    yield part
    part.close()


def test_a_part_gets_its_name_and_its_journal_goes(part: PartFile, tmp_path: Path) -> None:
    part.path.with_suffix(".journal").write_bytes(b"{}")
    land(part, tmp_path / "m")
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize("native", [True, False], ids=["renameat2", "hard link"])
def test_a_file_that_appeared_meanwhile_is_never_overwritten(
    part: PartFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, native: bool
) -> None:
    if not native:
        monkeypatch.setattr(opened, "_renameat2", lambda: None)
    target = tmp_path / "m"
    target.write_bytes(b"theirs")
    with pytest.raises(TargetExists):
        name(part, target, replace=False)
    with pytest.raises(TargetExists):
        rename(part.path, target)
    assert target.read_bytes() == b"theirs"
    assert part.path.read_bytes() == b"new"
    name(part, target, replace=True)
    assert target.read_bytes() == b"new"


def test_a_link_under_the_final_name_is_not_followed(part: PartFile, tmp_path: Path) -> None:
    outside, target = tmp_path / "outside", tmp_path / "m"
    outside.write_bytes(b"precious")
    target.symlink_to(outside)
    with pytest.raises(TargetExists):
        name(part, target, replace=False)
    assert outside.read_bytes() == b"precious"


def test_a_part_lands_in_the_folder_it_was_begun_in_whatever_stands_there_now(tmp_path: Path) -> None:
    begun, moved, victim = tmp_path / "models", tmp_path / "moved", tmp_path / "victim"
    begun.mkdir()
    victim.mkdir()
    part = PartFile(begun / ".m.part")
    begun.rename(moved)
    begun.symlink_to(victim)
    part.write(memoryview(b"new"), 0)
    Journal(part, Story(size=3)).close()
    assert part.still_ours()
    land(part, begun / "m")
    part.close()
    assert list(victim.iterdir()) == []
    assert [path.name for path in moved.iterdir()] == ["m"]


@pytest.mark.parametrize("how", ["parts", "files"])
def test_many_parts_are_made_durable_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    parts = [PartFile(tmp_path / f"{index}.part") for index in range(40)]
    single: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (single.append(descriptor), real(descriptor))[1])

    def sync(some: list[PartFile]) -> None:
        if how == "parts":
            sync_parts(some)
        else:
            sync_files([part.path for part in some])

    sync(parts)
    assert len(single) in (0, 40)  # one sync of the file system, or one each where there is none
    sync(parts[:3])
    assert len(single) in (3, 43)
    for part in parts:
        part.close()
