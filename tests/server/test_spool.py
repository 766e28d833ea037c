"""Large answers go out of a file: with their length, nothing is left behind, and errors come instead of them."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp.payload import Payload

from modelyard.errors import BadValue, DiskFull
from modelyard.server.messages import Reply
from modelyard.server.spool import spooled
from modelyard.server.transport import response_of
from server.serving import API, Served


def test_a_file_is_whole_at_its_beginning_and_has_no_name(tmp_path: Path) -> None:
    with spooled((b"%d" % number * 300_000 for number in range(5)), tmp_path) as file:
        assert file.read() == b"".join(b"%d" % number * 300_000 for number in range(5))
        assert file.fileno() and os.listdir(tmp_path) == []


def test_a_full_disk_still_gives_a_small_one_and_says_so_for_a_large_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    assert spooled([b"a" * 1024, b"b"], tmp_path).read() == b"a" * 1024 + b"b"
    with pytest.raises(DiskFull):
        spooled([b"a" * 2**20, b"b"], tmp_path)


def test_what_making_it_met_is_told_and_nothing_is_kept(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"begun"
        raise BadValue("These are too many.")

    with pytest.raises(BadValue):
        spooled(pieces(), tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("path", "begin"), [("/lockfile", b'{"modelyard":1'), ("/backup", b'{"modelyard_backup":')])
def test_it_goes_over_the_wire_with_its_length_and_leaves_no_handle(service: Served, path: str, begin: bytes) -> None:
    def handles() -> int:
        return len(os.listdir(f"/proc/{service.process.pid}/fd")) if os.path.isdir("/proc/self/fd") else 0

    first = service.ask("GET", API + path)
    before = handles()
    for _ in range(5):
        again = service.ask("GET", API + path, Accept_Encoding="gzip")
        assert (again.status, again.headers["content-length"]) == (200, str(len(first.body)))
        assert again.body.startswith(begin) and "content-encoding" not in again.headers
        head = service.ask("HEAD", API + path)
        assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(first.body)))
    assert handles() <= before + 2, "requests of the moment, not ten files"
    assert json.loads(first.body)["models"] == []


@pytest.mark.parametrize("size", [10, 3 * 2**20])
def test_its_length_stands_in_the_head(tmp_path: Path, size: int) -> None:
    with spooled([b"a" * size], tmp_path) as file:
        body = response_of(Reply(200, file=file), "r1").body
        assert isinstance(body, Payload) and body.size == size
