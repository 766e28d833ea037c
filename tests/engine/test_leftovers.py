"""What earlier runs, other programs and odd servers leave behind must never get into a file."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.engine.part import part_path
from modelyard.testing import PracticeHub
from running import modelyard

SIZE = 12 * 2**20


@pytest.mark.parametrize("journal", [None, b"", b"{broken"])
def test_a_longer_part_of_another_time_leaves_no_tail(hub: PracticeHub, tmp_path: Path, journal: bytes | None) -> None:
    data = os.urandom(SIZE)
    url = hub.add_file("m.bin", data)
    sha256 = hashlib.sha256(data).hexdigest()
    target = tmp_path / "m.bin"
    part = part_path(target, sha256)
    part.write_bytes(os.urandom(SIZE + 5_000_000))
    if journal is not None:
        part.with_suffix(".journal").write_bytes(journal)
    assert modelyard("get", url, "--to", str(target), "--sha256", sha256).code == 0
    assert target.read_bytes() == data
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["m.bin"]


def test_asking_again_for_a_damaged_file_keeps_what_is_known_of_it(hub: PracticeHub, tmp_path: Path) -> None:
    hub.hf.add_repo("me/model", {"m.safetensors": SIZE})
    target = tmp_path / "m.safetensors"
    get = ("get", "hf:me/model/m.safetensors", "--to", str(target), "--json")
    assert modelyard(*get, env=hub.env()).code == 0
    raw = bytearray(target.read_bytes())
    raw[5 * 2**20] ^= 1
    target.write_bytes(raw)
    assert modelyard(*get, env=hub.env()).error == "target-exists"
    assert modelyard("verify", str(target), env=hub.env()).code == 6
    assert modelyard("verify", str(target), "--repair", env=hub.env()).code == 0
    raw[5 * 2**20] ^= 1
    assert target.read_bytes() == bytes(raw)


@pytest.fixture
def trickle() -> Iterator[tuple[str, list[int]]]:
    """A server that gives what it gave before and one byte more, then breaks off, for ever."""
    data, asked = os.urandom(9 * 2**20), []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        given = 2 * 2**20
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                request = connection.recv(65536).decode()
                asked.append(1)
                first = int(request.split("bytes=")[1].split("-")[0]) if "bytes=" in request else 0
                given += 1
                head = f"HTTP/1.1 206 P\r\nContent-Range: bytes {first}-{len(data) - 1}/{len(data)}\r\n"
                head = head if first else "HTTP/1.1 200 OK\r\n"
                body = data[first : max(given, first + 1)]
                connection.sendall(f'{head}Content-Length: {len(data) - first}\r\nETag: "a"\r\n\r\n'.encode() + body)

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/m.bin", asked
    listener.close()


def test_a_trickle_between_breaks_is_no_progress(trickle: tuple[str, list[int]], tmp_path: Path) -> None:
    url, asked = trickle
    ran = modelyard("get", url, "--to", f"{tmp_path}/", "--json", env={"MODELYARD_RETRY_FIRST": "0.05"})
    assert ran.error == "interrupted"
    assert len(asked) < 20


def test_a_wait_that_no_calendar_can_show_is_still_told(hub: PracticeHub, tmp_path: Path) -> None:
    url, _ = hub.add_fault("s429huge", SIZE, retry_after=999_999_999_999)
    ran = modelyard("get", url, "--to", f"{tmp_path}/", "--json")
    assert (ran.error, ran.code) == ("waiting", 8)


def test_an_archive_does_not_follow_a_link_that_was_there(hub: PracticeHub, tmp_path: Path) -> None:
    import io
    import zipfile

    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    folder.mkdir()
    (folder / "a").symlink_to(outside)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a/evil.bin", b"x")
    url = hub.add_file("m.zip", packed.getvalue())
    ran = modelyard("get", url, "--to", f"{folder}/", "--unpack", "--json")
    assert ran.error == "unsafe-path"
    assert list(outside.iterdir()) == []
