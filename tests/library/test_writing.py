"""A small file is put in place whole or not at all."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from modelyard.errors import DiskError, NoSuchFile, UnsafePath
from modelyard.library.writing import put


def test_a_new_file_has_the_usual_mode_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.info"
    umask = os.umask(0o027)
    try:
        put(path, b"one")
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o600)
    put(path, b"two")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"two", 0o600)
    assert os.listdir(tmp_path) == ["a.info"]


def test_links_folders_and_pipes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "victim")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "folder", "pipe"):
        with pytest.raises(UnsafePath):
            put(tmp_path / name, b"x")
    assert not (tmp_path / "victim").exists()


def test_a_missing_folder_and_a_name_that_is_too_long_are_told(tmp_path: Path) -> None:
    with pytest.raises(NoSuchFile):
        put(tmp_path / "absent" / "a", b"x")
    with pytest.raises(DiskError):
        put(tmp_path / ("x" * 300), b"x")


def test_a_long_name_that_the_disk_takes_is_taken(tmp_path: Path) -> None:
    put(tmp_path / ("ü" * 127), b"x")
    assert (tmp_path / ("ü" * 127)).read_bytes() == b"x"


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.info"
    path.write_bytes(b"old")
    program = (
        "import resource, signal, sys, pathlib; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "from modelyard.library.writing import put; put(pathlib.Path(sys.argv[1]), b'x' * 5000)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True)
    assert done.returncode == 1 and "FileTooBig" in done.stderr
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["a.info"]


def test_a_reader_sees_one_whole_version_whenever_the_writer_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "a.info"
    put(path, b"0" * 50_000)
    program = (
        "import sys, pathlib; from modelyard.library.writing import put\n"
        "for index in range(10**6): put(pathlib.Path(sys.argv[1]), str(index % 10).encode() * 50_000)"
    )
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", program, str(path)])
        before = path.stat().st_mtime_ns
        deadline = time.monotonic() + 20
        while path.stat().st_mtime_ns == before and time.monotonic() < deadline:
            data = path.read_bytes()
            assert len(data) == 50_000 and len(set(data)) == 1
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        data = path.read_bytes()
        assert len(data) == 50_000 and len(set(data)) == 1
