"""A pinned folder stays the one it was; links that were there before are followed, what is swapped later is not."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path

import pytest

from modelyard.errors import DiskError, DiskFailed, UnsafePath
from modelyard.store.opened import opened, pinned, sync_folder


def test_links_on_the_way_are_followed_to_the_real_folder(tmp_path: Path) -> None:
    real = tmp_path / "disk" / "loras"
    real.mkdir(parents=True)
    (tmp_path / "models").symlink_to(tmp_path / "disk")
    with pinned(tmp_path / "models" / "loras") as folder:
        os.close(folder.open("a", os.O_WRONLY | os.O_CREAT))
        assert folder.path == real
    assert (real / "a").exists()


def test_a_folder_that_leads_out_of_its_fence_is_refused(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "inside" / "way").symlink_to(tmp_path / "outside")
    with pytest.raises(UnsafePath, match="outside"):
        pinned(tmp_path / "inside" / "way", str(tmp_path / "inside"))
    with pinned(tmp_path / "inside" / "way", str(tmp_path)):
        pass


def test_the_root_of_the_file_system_and_a_missing_folder_are_answered(tmp_path: Path) -> None:
    with pinned(Path("/")) as folder:
        assert folder.stat("etc") is not None
    with pytest.raises(DiskError):
        pinned(tmp_path / "none")


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        pinned(deep).close()
        with pytest.raises(DiskError):
            pinned(deep / "none")
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.root
@pytest.mark.skipif(os.getuid() != 0, reason="another user is needed to have no right to read")
def test_folders_that_may_be_passed_and_not_read_are_passed(tmp_path: Path) -> None:
    deep = tmp_path / "closed" / "mine"
    deep.mkdir(parents=True)
    tmp_path.chmod(0o711)
    (tmp_path / "closed").chmod(0o711)
    deep.chmod(0o777)
    for above in deep.parents:
        if above != Path("/") and above.is_relative_to("/tmp") and above != Path("/tmp"):
            above.chmod(0o711)
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        with pinned(deep) as folder:
            os.close(folder.open("a", os.O_WRONLY | os.O_CREAT))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def test_whoever_swaps_folders_and_links_all_the_time_never_gets_a_file(tmp_path: Path) -> None:
    fence, victim = tmp_path / "fence", tmp_path / "victim"
    (fence / "a").mkdir(parents=True)
    victim.mkdir()
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            (fence / "a").rename(fence / "b")
            (fence / "a").symlink_to(victim)
            over.wait(0.0005)
            (fence / "a").unlink()
            (fence / "b").rename(fence / "a")
            over.wait(0.0005)

    thread = threading.Thread(target=swap)
    thread.start()
    written = 0
    try:
        number, end = 0, time.monotonic() + 20
        while (number < 2000 or not written) and time.monotonic() < end:
            number += 1
            try:
                with pinned(fence / "a", str(fence)) as folder:
                    os.close(folder.open(f"{number}", os.O_WRONLY | os.O_CREAT))
                    written += 1
            except DiskError:
                continue
    finally:
        over.set()
        thread.join()
    assert list(victim.iterdir()) == []
    assert written


@pytest.mark.parametrize("code", [errno.EIO, errno.EINVAL, errno.ENOTSUP])
def test_a_folder_that_a_failing_disk_cannot_sync_is_told_and_one_that_no_disk_can_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    told = []
    with opened(tmp_path, tmp_path) as folder:
        for sync in (folder.sync, lambda: sync_folder(tmp_path)):
            try:
                sync()
            except DiskFailed as error:
                told.append(error)
    assert len(told) == (2 if code == errno.EIO else 0)
