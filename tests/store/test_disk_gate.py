"""Each refusal of the disk becomes an error that says what to do; sidecars and downloads are told the same."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from modelyard.errors import DiskError, DiskFailed, DiskFull, FileTooBig, NoPermission, NoSuchFile, ReadOnlyDisk
from modelyard.library import writing
from modelyard.store.disk_gate import translate


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EFBIG, FileTooBig),
        (errno.EACCES, NoPermission),
        (errno.EROFS, ReadOnlyDisk),
        (errno.EIO, DiskFailed),
        (errno.ENOENT, NoSuchFile),
        (errno.EMFILE, DiskError),
        (errno.EBUSY, DiskError),
    ],
)
def test_each_refusal_of_the_disk_is_told_as_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, told: type[DiskError]
) -> None:
    error = OSError(code, os.strerror(code))
    assert type(translate(error, "x")) is told

    def refuse(_: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(told) as met:
        writing.put(tmp_path / "a.info", b"{}")
    assert type(met.value) is told and met.value.hint
    assert list(tmp_path.iterdir()) == []
