"""Changed workflows reach the disk whole or not at all; nothing that nobody read is replaced."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from modelyard.cli.workflow_saving import create, read, replace
from modelyard.errors import DiskError, DiskFull, NoWorkflow, TargetExists

unix = pytest.mark.skipif(os.name == "nt", reason="modes of Unix")


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    path = tmp_path / "w.json"
    path.write_bytes(b"old")
    path.chmod(0o600)
    return path


def in_place(path: Path) -> None:
    replace(path, read(path, 100), b"new")


def beside(path: Path) -> None:
    create(path.with_name("w.fixed.json"), b"new", read(path, 100).found)


@pytest.mark.parametrize("save", [in_place, beside])
def test_a_full_disk_leaves_no_half_file_and_the_next_run_is_as_the_first(
    workflow: Path, save: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(DiskFull):
            save(workflow)
    assert [(path.name, path.read_bytes()) for path in workflow.parent.iterdir()] == [("w.json", b"old")]
    save(workflow)
    saved = {path.name: path.read_bytes() for path in workflow.parent.iterdir()}
    assert saved in ({"w.json": b"new", "w.json.bak": b"old"}, {"w.json": b"old", "w.fixed.json": b"new"})


@unix
@pytest.mark.parametrize("save", [in_place, beside])
def test_what_others_may_not_read_they_may_not_read_in_a_copy(workflow: Path, save: Callable[[Path], None]) -> None:
    save(workflow)
    assert {path.stat().st_mode & 0o777 for path in workflow.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("saved", [b"from ComfyUI", b"OLD"])
def test_what_was_saved_since_it_was_read_stays(workflow: Path, saved: bytes) -> None:
    was = read(workflow, 100)
    workflow.write_bytes(saved)
    os.utime(workflow, ns=(1, 1))
    with pytest.raises(TargetExists, match="changed since"):
        replace(workflow, was, b"new")
    assert [(path.name, path.read_bytes()) for path in workflow.parent.iterdir()] == [("w.json", saved)]


def test_a_file_that_went_is_not_made_anew(workflow: Path) -> None:
    was = read(workflow, 100)
    workflow.unlink()
    with pytest.raises(TargetExists):
        replace(workflow, was, b"new")
    assert not list(workflow.parent.iterdir())


def test_nothing_is_put_over_anything(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "dead").symlink_to(tmp_path / "nowhere")
    before = sorted(tmp_path.iterdir())
    for name in ("file", "folder", "dead"):
        with pytest.raises(TargetExists):
            create(tmp_path / name, b"data")
    create(tmp_path / "file", b"mine")
    assert sorted(tmp_path.iterdir()) == before
    assert not (tmp_path / "nowhere").exists()


def test_what_cannot_be_read_or_written_is_told(tmp_path: Path, workflow: Path) -> None:
    with pytest.raises(DiskError):
        create(tmp_path / "no folder" / "x.json", b"data")
    with pytest.raises(DiskError):
        read(tmp_path / "nothing.json", 100)
    with pytest.raises(NoWorkflow):
        read(workflow, 2)
