"""Pickles and torch files: nothing is loaded; what is not known is refused."""

from __future__ import annotations

import bz2
import collections
import gzip
import io
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelyard.library.formats.content import TORCH_LEGACY
from modelyard.library.formats.header import Code, Header
from modelyard.library.formats.reading import read_header
from modelyard.library.identify.identify import identify


def read(tmp_path: Path, data: bytes, name: str = "model.ckpt") -> Header:
    path = tmp_path / name
    path.write_bytes(data)
    return read_header(path)


def codes(header: Header) -> set[Code]:
    return {problem.code for problem in header.findings}


def called(module: str, name: str, argument: str = "id") -> bytes:
    """A pickle of protocol 2 that would call one function."""
    return (
        b"\x80\x02c"
        + f"{module}\n{name}\n".encode()
        + b"X"
        + struct.pack("<I", len(argument))
        + argument.encode()
        + b"\x85R."
    )


def stacked(*texts: str) -> bytes:
    """A pickle of protocol 4 that names its global on the stack."""
    return b"\x80\x04" + b"".join(b"\x8c" + bytes([len(t)]) + t.encode() for t in texts) + b"\x93)R."


GADGETS = [
    ("os", "system"),
    ("posix", "system"),
    ("builtins", "eval"),
    ("builtins", "exec"),
    ("builtins", "getattr"),
    ("builtins", "__import__"),
    ("builtins", "compile"),
    ("builtins", "open"),
    ("subprocess", "Popen"),
    ("pty", "spawn"),
    ("pkgutil", "resolve_name"),
    ("operator", "attrgetter"),
    ("operator", "methodcaller"),
    ("functools", "partial"),
    ("timeit", "timeit"),
    ("cProfile", "run"),
    ("trace", "Trace"),
    ("bdb", "Bdb.run"),
    ("code", "interact"),
    ("runpy", "run_path"),
    ("multiprocessing.spawn", "spawn_main"),
    ("io", "open"),
    ("pathlib", "Path.write_text"),
    ("tarfile", "open"),
    ("sqlite3", "connect"),
    ("shelve", "open"),
    ("urllib.request", "urlopen"),
    ("requests", "get"),
    ("marshal", "loads"),
    ("types", "FunctionType"),
    ("torch", "load"),
    ("torch.storage", "_load_from_bytes"),
    ("torch.serialization", "os.system"),
    ("numpy.testing._private.utils", "runstring"),
    ("_codecs", "encode.x"),
    ("webbrowser", "open"),
    ("ctypes", "CDLL"),
]


@pytest.mark.parametrize(("module", "name"), GADGETS)
def test_whatever_may_act_is_refused(module: str, name: str, tmp_path: Path) -> None:  # (58), (60) to (63)
    for data in (called(module, name), stacked(module, name), b"(S'id'\ni" + f"{module}\n{name}\n.".encode()):
        header = read(tmp_path, data, "model.bin")
        assert Code.UNSAFE_PICKLE in codes(header)
        assert identify(header).safety == "refused"


def test_old_and_hidden_ways_to_name_a_global_are_refused(tmp_path: Path) -> None:  # (59)
    memo = b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94h\x00h\x01\x93\x8c\x02id\x85R."
    computed = b"\x80\x04(]\x8c\x06system\x93)R."
    for data in (memo, computed, b"\x80\x02\x82\x01.", b"\x80\x02(c__builtin__\neval\nX\x01\x00\x00\x001o."):
        assert codes(read(tmp_path, data)) & {Code.UNSAFE_PICKLE, Code.BAD_PICKLE}


def test_damage_is_refused_not_overlooked(tmp_path: Path) -> None:  # (64), (65), (66)
    payload = called("os", "system")
    assert Code.UNSAFE_PICKLE in codes(read(tmp_path, payload[:-1] + b"\xff\xff"))
    assert Code.UNSAFE_PICKLE in codes(read(tmp_path, payload[:-3]))
    plain = pickle.dumps({"a": 1}, 2)
    assert Code.TRAILING_BYTES in codes(read(tmp_path, plain + payload))
    junk = b"\x80\x02" + b"X\x01\x00\x00\x00a0" * 50_000 + payload[2:]
    assert Code.UNSAFE_PICKLE in codes(read(tmp_path, junk))


def test_a_pickle_is_found_under_any_name(tmp_path: Path) -> None:  # (68), (71)
    for name in ("model.bin", "model.safetensors", "model.vae", "model.joblib"):
        header = read(tmp_path, called("os", "system"), name)
        assert header.format == "pickle"
        assert Code.UNSAFE_PICKLE in codes(header)


def test_arrays_with_objects_are_refused(tmp_path: Path) -> None:  # (69)
    numpy = pytest.importorskip("numpy")
    stream = io.BytesIO()
    numpy.save(stream, numpy.array([{}], dtype=object), allow_pickle=True)
    assert Code.UNSAFE_PICKLE in codes(read(tmp_path, stream.getvalue(), "model.npy"))
    plain = io.BytesIO()
    numpy.save(plain, numpy.zeros(3))
    assert codes(read(tmp_path, plain.getvalue(), "model.npy")) == set()
    both = io.BytesIO()
    numpy.savez(both, a=numpy.array([{}], dtype=object))
    assert Code.UNSAFE_PICKLE in codes(read(tmp_path, both.getvalue(), "model.npz"))


def test_archives_and_layers_with_code_are_told(tmp_path: Path) -> None:  # (70), (71)
    assert Code.NOT_A_MODEL in codes(read(tmp_path, b"7z\xbc\xaf\x27\x1c" + b"\1" * 50))
    assert Code.NOT_A_MODEL in codes(read(tmp_path, b"x" * 257 + b"ustar" + b"\1" * 300, "model.nemo"))
    assert Code.HOLDS_CODE in codes(read(tmp_path, b'\x89HDF\r\n\x1a\n{"class_name": "Lambda"}', "model.h5"))


def state(shapes: dict[str, tuple[int, ...]], protocol_head: bytes = b"\x80\x02") -> bytes:
    """A state dictionary as torch pickles it, opcode by opcode."""

    def word(value: str) -> bytes:
        return b"X" + struct.pack("<I", len(value)) + value.encode()

    def number(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    out = protocol_head + b"ccollections\nOrderedDict\n)R("
    for key, shape in shapes.items():
        storage = b"(" + word("storage") + b"ctorch\nHalfStorage\n" + word("0") + word("cpu") + number(9) + b"tQ"
        sizes = b"(" + b"".join(number(n) for n in shape) + b"t"
        out += word(key) + b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + number(0) + sizes + sizes
        out += b"\x89ccollections\nOrderedDict\n)RtR"
    return out + b"u}X\x09\x00\x00\x00_metadata}sb."


SHAPES = {"conv1.weight": (8, 4, 3, 3), "conv8.weight": (3, 8, 1, 1)}


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


GOOD = {"archive/data.pkl": state(SHAPES), "archive/data/0": b"\0" * 100, "archive/version": b"3\n"}


def commented() -> bytes:
    """A zip behind whose end record a long comment stands."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", b"x")
        archive.comment = b"c" * 60_000
    return stream.getvalue()


INSIDE = {
    "zip": zipped({"archive/data.pkl": b"x"}),
    "tar": b"x" * 257 + b"ustar\x0000" + bytes(300),
    "7z": b"7z\xbc\xaf\x27\x1c" + bytes(50),
    "gzip": gzip.compress(b"pickle" * 9),
    "bzip2": bz2.compress(b"pickle" * 9),
    "xz": lzma.compress(b"pickle" * 9),
    "rar": b"Rar!\x1a\x07\x01\x00" + bytes(50),
    "zstd": b"\x28\xb5\x2f\xfd" + bytes(50),
    "lz4": b"\x04\x22\x4d\x18" + bytes(50),
}


def old_tar() -> bytes:
    """A file in a tar from before ustar."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("x.pkl"))
    block = bytearray(stream.getvalue()[:512])
    block[257:] = bytes(255)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


HIDDEN = {
    "a zip packed by bzip2": (INSIDE["zip"], zipfile.ZIP_BZIP2, "method 12"),
    "a zip packed by lzma": (INSIDE["zip"], zipfile.ZIP_LZMA, "method 14"),
    "a zip behind other bytes": (b"\0\0\0\0" + INSIDE["zip"], zipfile.ZIP_STORED, "a zip"),
    "a zip with a comment": (b"\0" * 200_000 + commented(), zipfile.ZIP_STORED, "a zip"),
    "a tar before ustar": (old_tar(), zipfile.ZIP_STORED, "a tar"),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_an_archive_that_hides_in_a_checkpoint_is_told(tmp_path: Path, case: str) -> None:
    data, method, words = HIDDEN[case]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in GOOD.items():
            archive.writestr(name, content)
        archive.writestr("archive/data/1", data, method)
    header = read(tmp_path, stream.getvalue(), "model.pt")
    assert codes(header) == {Code.HOLDS_ARCHIVE} and words in header.findings[0].words
    assert identify(header).safety == "refused"


@pytest.mark.parametrize("data", [b"\x1f\x8b\x08", b"PK\x05\x06" + b"\1\0" * 40, b"\0" * 511, b"\0" * 512, b" " * 600])
def test_a_few_bytes_of_an_archive_are_none(tmp_path: Path, data: bytes) -> None:
    assert codes(read(tmp_path, zipped({**GOOD, "archive/data/1": data}), "model.pt")) == set()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
@pytest.mark.parametrize("kind", INSIDE)
def test_an_archive_inside_of_a_checkpoint_is_told_and_no_checkpoint_is_safe_with_it(  # (70)
    tmp_path: Path, kind: str, method: int
) -> None:
    header = read(tmp_path, zipped({**GOOD, f"archive/x.{kind}": INSIDE[kind]}, method), "model.pt")
    assert codes(header) == {Code.HOLDS_ARCHIVE} and kind in header.findings[0].words
    assert identify(header).safety == "refused"


def test_a_zip_that_is_no_model_may_hold_archives(tmp_path: Path) -> None:
    found = codes(read(tmp_path, zipped({"readme.txt": b"x", "pictures.zip": INSIDE["zip"]})))
    assert Code.NOT_A_MODEL in found and Code.HOLDS_ARCHIVE not in found


def test_numbers_that_begin_like_a_gzip_are_no_archive(tmp_path: Path) -> None:
    for start in (b"\x1f\x8b", b"\x1f\x8b\x08", b"\x1f\x8b\x08\x00" + b"\x07" * 90, b"BZh91", b"PK\x03"):
        assert codes(read(tmp_path, zipped({**GOOD, "archive/data/1": start + b"\xff" * 60}), "model.pt")) == set()


def test_keras_archives_and_compressed_joblib_are_told(tmp_path: Path) -> None:  # (71)
    weights = {"metadata.json": b"{}", "model.weights.h5": b"\x89HDF\r\n\x1a\n"}
    lambda_ = b'{"config": {"layers": [{"class_name": "Lambda"}]}}'
    assert Code.HOLDS_CODE in codes(read(tmp_path, zipped({**weights, "config.json": lambda_}), "model.keras"))
    plain = read(tmp_path, zipped({**weights, "config.json": b'{"config": {}}'}), "model.keras")
    assert (plain.format, codes(plain)) == ("keras", set())
    for pack in (gzip.compress, zlib.compress, bz2.compress, lzma.compress):
        assert codes(read(tmp_path, pack(called("os", "system") * 9), "model.joblib")), "nobody can look inside"


def test_a_torch_zip_tells_its_tensors_and_only_known_globals(tmp_path: Path) -> None:
    header = read(tmp_path, zipped(GOOD), "model.pt")
    assert header.format == "torch"
    assert header.findings == ()
    assert {name: (one.dtype, one.shape) for name, one in header.tensors.items()} == {
        n: ("F16", s) for n, s in SHAPES.items()
    }
    assert identify(header).safety == "only-known"
    assert identify(header).kind == "vae_approx"


def test_a_legacy_torch_file_of_five_pickles_is_read(tmp_path: Path) -> None:  # (65)
    rest = [pickle.dumps(1001, 2), pickle.dumps({"little_endian": True}, 2), state(SHAPES), pickle.dumps(["0"], 2)]
    header = read(tmp_path, TORCH_LEGACY + b"." + b"".join(rest) + b"\0" * 64, "model.pth")
    assert header.format == "torch-legacy"
    assert header.findings == ()
    assert set(header.tensors) == set(SHAPES)
    evil = TORCH_LEGACY + b"." + b"".join(rest[:2]) + called("os", "system")
    assert Code.UNSAFE_PICKLE in codes(read(tmp_path, evil, "model.pth"))


def test_a_shape_of_enormous_numbers_is_passed_over(tmp_path: Path) -> None:
    number = b"\x8b" + struct.pack("<i", 1_000_000) + b"\x7f" * 1_000_000
    storage = b"(X\x07\x00\x00\x00storagectorch\nHalfStorage\nX\x01\x00\x00\x000tQ"
    data = (
        b"\x80\x02}X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n("
        + storage
        + b"K\x00("
        + number
        + b"2" * 9
        + b"t)\x89)tRs."
    )
    header = read(tmp_path, data)
    assert header.tensors == {}
    assert identify(header).parameters == 0


def test_a_payload_in_a_zip_is_refused(tmp_path: Path) -> None:
    for name in ("archive/data.pkl", "x/DATA.PKL", "archive/other.pickle"):
        assert Code.UNSAFE_PICKLE in codes(read(tmp_path, zipped({**GOOD, name: called("os", "system")}), "model.pt"))


def test_torchscript_is_told_as_code(tmp_path: Path) -> None:
    header = read(
        tmp_path, zipped({**GOOD, "archive/constants.pkl": pickle.dumps((), 2), "archive/code/x.py": b"1"}), "m.pt"
    )
    assert header.format == "torchscript"
    assert Code.HOLDS_CODE in codes(header)
    assert identify(header).safety == "code"


def test_tricks_with_zips_are_found(tmp_path: Path) -> None:  # (67)
    raw = zipped(GOOD)
    at = raw.index(b"\x80\x02ccollections")
    crc = bytearray(raw)
    crc[at + raw[at:].index(b"conv8")] ^= 1
    assert Code.BAD_CHECKSUM in codes(read(tmp_path, bytes(crc)))
    encrypted = bytearray(raw)
    encrypted[6] |= 1
    assert Code.ENCRYPTED in codes(read(tmp_path, bytes(encrypted)))
    assert Code.JUNK_PREFIX in codes(read(tmp_path, b"junk" * 100 + raw))
    local = bytearray(raw)
    local[raw.index(b"archive/data.pkl")] ^= 32
    assert Code.NAME_MISMATCH in codes(read(tmp_path, bytes(local)))
    assert Code.BAD_NAME in codes(read(tmp_path, zipped({**GOOD, "../../etc/x": b""})))
    assert Code.BAD_ARCHIVE in codes(read(tmp_path, raw[:-30]))
    assert Code.NOT_A_MODEL in codes(read(tmp_path, zipped({"readme.txt": b"x"})))


def test_ordinary_pickles_of_python_are_not_called_dangerous(tmp_path: Path) -> None:
    for protocol in range(2, 6):
        data = pickle.dumps(collections.OrderedDict(a=[1, 2.5, "x", b"y", None, True, {"z"}, (1,)]), protocol)
        assert codes(read(tmp_path, data, "a.pkl")) == set()


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_changed_bytes_never_raise(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from([zipped(GOOD), state(SHAPES), stacked("os", "system")])))
    for _ in range(data.draw(st.integers(1, 5))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    read(tmp_path_factory.getbasetemp(), bytes(raw))
