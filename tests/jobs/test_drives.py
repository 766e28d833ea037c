"""Network drives are known by what each system says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.jobs.drives import in_table, is_far, is_far_drive, on_network, told_by_mount


def test_on_linux_by_the_deepest_mount(tmp_path: Path) -> None:
    table = tmp_path / "mounts"
    rows = ["/dev/sda / ext4 rw 0 0", "nas:/x /mnt/nas nfs4 rw 0 0", "/dev/sdb /mnt/nas/local ext4 rw 0 0"]
    table.write_text("\n".join([*rows, "//nas/y /mnt/two\\040words cifs rw 0 0", "odd"]) + "\n")
    mounts = in_table(str(table))
    told = {path: is_far(path, mounts) for path in ("/mnt/nas/a", "/mnt/nas/local/a", "/home", "/mnt/nasty", "/mnt")}
    assert told == {"/mnt/nas/a": True, "/mnt/nas/local/a": False, "/home": False, "/mnt/nasty": False, "/mnt": True}
    assert is_far("/cloud/loras", [("/", "ext4"), ("/cloud", "fuse.rclone")])
    assert is_far("/mnt/two words/a", mounts)
    assert in_table(str(tmp_path / "nothing")) == [] and not is_far("/a", [])
    assert not on_network(tmp_path)


def test_on_macos_by_what_mount_says() -> None:
    mounts = told_by_mount(
        "/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)\n"
        "//me@nas._smb._tcp.local/models on /Volumes/my models (smbfs, nodev, nosuid, mounted by me)\n"
        "/dev/disk4s2 on /Volumes/Drive (exfat, local, nodev)\nnonsense\n"
    )
    assert is_far("/Volumes/my models/loras", mounts)
    assert not is_far("/Volumes/Drive/loras", mounts) and not is_far("/Users/me", mounts)


@pytest.mark.parametrize(
    ("path", "far"),
    [
        ("\\\\nas\\models\\loras", True),
        ("\\\\?\\UNC\\nas\\models", True),
        ("Z:\\loras", True),
        ("C:\\loras", False),
        ("\\\\?\\C:\\loras", False),
        ("loras", False),
    ],
)
def test_on_windows_by_the_share_or_the_drive(path: str, far: bool) -> None:
    assert is_far_drive(path, lambda drive: {"Z:\\": 4, "C:\\": 3}[drive]) is far
