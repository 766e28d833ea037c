import os
from pathlib import Path

import pytest

from modelyard.engine import landing
from modelyard.engine.landing import land, rename, sync_parts
from modelyard.errors import TargetExists


def test_a_part_gets_its_name_and_its_journal_goes(tmp_path: Path) -> None:
    part, target = tmp_path / ".m.part", tmp_path / "m"
    part.write_bytes(b"new")
    part.with_suffix(".journal").write_bytes(b"{}")
    land(part, target)
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize("native", [True, False], ids=["renameat2", "hard link"])
def test_a_file_that_appeared_meanwhile_is_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, native: bool
) -> None:
    if not native:
        monkeypatch.setattr(landing, "_renameat2", lambda: None)
    part, target = tmp_path / ".m.part", tmp_path / "m"
    part.write_bytes(b"new")
    target.write_bytes(b"theirs")
    with pytest.raises(TargetExists):
        rename(part, target, replace=False)
    assert target.read_bytes() == b"theirs"
    assert part.read_bytes() == b"new"
    rename(part, target, replace=True)
    assert target.read_bytes() == b"new"


def test_a_link_under_the_final_name_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    part, target = tmp_path / ".m.part", tmp_path / "m"
    part.write_bytes(b"new")
    target.symlink_to(outside)
    with pytest.raises(TargetExists):
        rename(part, target, replace=False)
    assert outside.read_bytes() == b"precious"


def test_many_parts_are_made_durable_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [tmp_path / f"{index}.part" for index in range(40)]
    for part in parts:
        part.write_bytes(b"x")
    single: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (single.append(descriptor), real(descriptor))[1])
    sync_parts(parts)
    assert len(single) in (0, 40)  # one sync of the file system, or one each where there is none
    sync_parts(parts[:3])
    assert len(single) in (3, 43)
