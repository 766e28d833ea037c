"""Large answers go out of a file: with their length, nothing is left behind, and errors come instead of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.errors import BadValue
from modelyard.server.spool import spooled
from server.serving import API, Served


def test_a_file_is_whole_at_its_beginning_and_has_no_name(tmp_path: Path) -> None:
    with spooled((b"a" * 300_000 for _ in range(3)), tmp_path) as file:
        assert len(file.read()) == 900_000
        assert os.listdir(tmp_path) == []


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
