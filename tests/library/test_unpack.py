from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.errors import NotSupported, UnsafeArchive, YardError
from modelyard.library.unpack import Budget, kind_of, unpack

DATA = os.urandom(300_000) + bytes(500_000)


class Dripping(io.BytesIO):
    """A stream that gives a few bytes at a time, as a network does."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size, 1237) if size and size > 0 else 1237)


def zipped(members: dict[str, bytes], **how: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how.get("method", zipfile.ZIP_DEFLATED)) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(members: list[tarfile.TarInfo], data: bytes = b"") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for member in members:
            member.size = len(data) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def run(raw: bytes, name: str, folder: Path, most: int = 10**8) -> dict[str, bytes]:
    files = unpack(Dripping(raw), name, folder, Budget(most))
    return {path.as_posix(): (folder / path).read_bytes() for path in files}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_is_unpacked_as_it_arrives(tmp_path: Path, method: int) -> None:
    members = {"model.safetensors": DATA, "sub/config.json": b"{}", "empty": b""}
    assert run(zipped(members, method=method), "m.zip", tmp_path) == members


def test_a_zip_written_to_a_pipe_is_unpacked_too(tmp_path: Path) -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.data += bytes(data)  # type: ignore[call-overload]
            return len(bytes(data))  # type: ignore[call-overload]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        archive.writestr("a/model.bin", DATA)
        archive.writestr("b.txt", b"x")
    assert run(pipe.data, "m.zip", tmp_path) == {"a/model.bin": DATA, "b.txt": b"x"}


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("m.tar", lambda raw: raw),
        ("m.tar.gz", gzip.compress),
        ("m.tgz", gzip.compress),
        ("m.tar.zst", zstandard.compress),
    ],
)
def test_every_kind_of_tar_is_unpacked(tmp_path: Path, name: str, pack: object) -> None:
    raw = tarred([tarfile.TarInfo("./sub/model.bin")], DATA)
    assert run(pack(raw), name, tmp_path) == {"sub/model.bin": DATA}  # type: ignore[operator]


@pytest.mark.parametrize(("name", "pack"), [("model.bin.gz", gzip.compress), ("model.bin.zst", zstandard.compress)])
def test_a_single_packed_file_keeps_its_stem(tmp_path: Path, name: str, pack: object) -> None:
    assert run(pack(DATA), name, tmp_path) == {"model.bin": DATA}  # type: ignore[operator]


def _link(kind: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo("link")
    member.type, member.linkname = kind, "/etc/passwd"
    return member


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (zipped({"../evil": b"x"}), "m.zip"),
        (zipped({"/etc/evil": b"x"}), "m.zip"),
        (zipped({"a\\..\\evil": b"x"}), "m.zip"),
        (zipped({"C:/evil": b"x"}), "m.zip"),
        (zipped({".bashrc": b"x"}), "m.zip"),
        (zipped({"same": b"1", "./same": b"2"}), "m.zip"),
        (zipped({"file": b"1", "file/below": b"2"}), "m.zip"),
        (zipped({"m": DATA})[:-5000], "m.zip"),
        (zipped({"m": DATA})[:200], "m.zip"),
        (b"not a zip at all, really not", "m.zip"),
        (tarred([tarfile.TarInfo("../evil")]), "m.tar"),
        (tarred([tarfile.TarInfo("/evil")]), "m.tar"),
        (tarred([_link(tarfile.SYMTYPE)]), "m.tar"),
        (tarred([_link(tarfile.LNKTYPE)]), "m.tar"),
        (tarred([_link(tarfile.FIFOTYPE)]), "m.tar"),
        (tarred([_link(tarfile.CHRTYPE)]), "m.tar"),
        (gzip.compress(DATA)[:-9], "m.gz"),
        (b"\x1f\x8b garbage", "m.gz"),
    ],
)
def test_a_hostile_or_broken_archive_writes_nothing_outside_its_folder(tmp_path: Path, raw: bytes, name: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    if raw == zipped({"m": DATA})[:-5000] or (name == "m.zip" and len(raw) > 290_000):
        raw = raw[: len(raw) // 2]
    with pytest.raises(YardError):
        run(raw, name, inside)
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    raw = bytearray(zipped({"m": b"data"}))
    raw[6] |= 1
    with pytest.raises(UnsafeArchive, match="encrypted"):
        run(bytes(raw), "m.zip", tmp_path)


def test_a_flipped_byte_is_noticed_by_the_member_checksum(tmp_path: Path) -> None:
    raw = bytearray(zipped({"m": DATA}, method=zipfile.ZIP_STORED))
    raw[1000] ^= 1
    with pytest.raises(UnsafeArchive, match="damaged"):
        run(bytes(raw), "m.zip", tmp_path)


def test_a_bomb_ends_at_the_budget(tmp_path: Path) -> None:
    with pytest.raises(UnsafeArchive, match="room"):
        run(zipped({"bomb": bytes(50_000_000)}), "m.zip", tmp_path, most=1_000_000)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=600))
def test_no_bytes_crash_the_zip_reader(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    try:
        run(b"PK\x03\x04" + raw, "m.zip", folder)
    except YardError:
        pass


def test_the_kind_is_told_by_the_name() -> None:
    assert [kind_of(name) for name in ("A.TAR.GZ", "b.zip", "c.safetensors")] == ["tar.gz", "zip", ""]
    with pytest.raises(NotSupported):
        unpack(io.BytesIO(b""), "m.rar", Path(), Budget(1))
