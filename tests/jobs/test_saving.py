"""What is written down replaces an older one of its kind, whole or not at all, and no other file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.errors import TargetExists
from modelyard.jobs.saving import BACKUP, HISTORY, LOCKFILE, Form, save

OURS = {
    BACKUP: (b'{"modelyard_backup":1}',),
    LOCKFILE: (b'{"modelyard":1}', b'{\n  "modelyard": 1,\n  "made": "x"\n}\n'),
    HISTORY: (b"id,kind,title,hub\r\n", b"[]", b'[\n  {\n    "id": 1'),
}


@pytest.mark.parametrize(("form", "old"), [(form, old) for form, all_ in OURS.items() for old in all_])
def test_an_older_one_stays_until_the_new_one_is_whole(tmp_path: Path, form: Form, old: bytes) -> None:
    def cut() -> Iterator[bytes]:
        yield b"half"
        raise KeyboardInterrupt

    file = tmp_path / "x"
    file.write_bytes(old)
    with pytest.raises(KeyboardInterrupt):
        save(file, cut(), form)
    assert file.read_bytes() == old and [one.name for one in tmp_path.iterdir()] == ["x"]
    assert save(file, [b"a", b"bc"], form) == 3 and file.read_bytes() == b"abc"
    assert file.stat().st_mode & 0o077 & ~form.mode == 0


@pytest.mark.parametrize("form", list(OURS), ids=lambda form: form.name)
def test_nothing_else_is_replaced(tmp_path: Path, form: Form) -> None:
    others = [old for other, all_ in OURS.items() if other is not form for old in all_]
    for bytes_ in (b"", b"\x10\0\0\0\0\0\0\0{}", b"PK\x03\x04", b'{"nodes":[]}', *others):
        file = tmp_path / "x"
        file.write_bytes(bytes_)
        with pytest.raises(TargetExists, match=form.name):
            save(file, [b"new"], form)
        assert file.read_bytes() == bytes_
    (tmp_path / "link").symlink_to(file)
    with pytest.raises(TargetExists):
        save(tmp_path / "link", [b"new"], form)
