"""A file's access time counts only where it is kept, and where it was not us who read it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.library.atimes import Mounts, last_read, mounts, read_mounts

TABLE = """\
26 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
30 26 0:26 / /mnt/nas rw,relatime - nfs4 nas:/models rw,vers=4.2
31 26 8:1 / /mnt/fast rw,noatime - xfs /dev/sdb1 rw
32 26 8:2 / /mnt/old\\040disk ro,relatime - ext4 /dev/sdc1 ro
33 26 8:3 / /mnt/win rw,relatime - fuseblk /dev/sdd1 rw
34 31 8:4 / /mnt/fast/strict rw - btrfs /dev/sde1 rw
broken line
"""


@pytest.mark.parametrize(
    ("path", "honest"),
    [
        ("/home/me/a.safetensors", True),
        ("/mnt/nas/a.safetensors", False),
        ("/mnt/nas2/a.safetensors", True),
        ("/mnt/fast/a.safetensors", False),
        ("/mnt/fast/strict/a.safetensors", True),
        ("/mnt/old disk/a.safetensors", False),
        ("/mnt/win/a.safetensors", False),
    ],
)
def test_the_options_of_the_deepest_mount_decide(path: str, honest: bool) -> None:
    assert read_mounts(TABLE).keep(path) is honest


@given(st.text())
def test_no_table_is_too_odd(text: str) -> None:
    assert read_mounts(text).keep("/a") in (True, False)
    assert not Mounts(()).keep("/a")


def test_what_we_read_ourselves_is_nobodys_use(tmp_path: Path) -> None:
    path, day, kept = tmp_path / "a", 86400.0, Mounts((("/", True),))
    path.write_bytes(b"x")
    os.utime(path, (100 * day, 1.0))
    assert last_read(str(path), kept, (10 * day, 20 * day)) == 100 * day
    assert last_read(str(path), kept, (10 * day, 100.5 * day)) == 0.0
    assert last_read(str(path), kept, (10 * day, 200 * day)) == 0.0
    assert last_read(str(path), Mounts(()), (10 * day,)) == 0.0
    assert last_read(str(tmp_path / "none"), kept, ()) == 0.0
    assert isinstance(mounts(), Mounts)
