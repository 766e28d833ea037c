"""A shift moves all of its files or none, over nothing, whatever ends it in between."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from modelyard.errors import Busy, DiskFull, NoSuchFile, Stopped, TargetExists, UnsafePath
from modelyard.library.shifting import journal
from modelyard.library.shifting import shift as shifting
from modelyard.library.shifting.claims import Claims
from modelyard.library.shifting.failpoint import VARIABLE
from modelyard.library.shifting.journal import Shift
from modelyard.store.opened import Opened, opened
from running import script

NAMES = ("a.safetensors", "a.png", "a.info")
POINTS = {
    "rename": ("journaled", "landed", "landed:2", "landed:3", "synced", "settled"),
    "copy": ("journaled", "copied", "copied:2", "proven", "landed", "landed:3", "synced", "settled", "removed")
    + ("removed:2", "removed:3"),
}
CHILD = """
import sys, msgspec
from pathlib import Path
from modelyard.library.shifting import shift as shifting
from modelyard.library.shifting.journal import Shift
shift = msgspec.json.decode(sys.stdin.buffer.read(), type=Shift)
log = Path(sys.argv[2])
shifting.carry(Path(sys.argv[1]), shift, lambda done: log.write_text(done.id))
"""


@pytest.fixture
def books(tmp_path: Path) -> Path:
    return tmp_path / "books"


def laid(root: Path) -> dict[str, str]:
    """Three files in a folder of a root, and their digests."""
    (root / "from").mkdir(parents=True)
    for at, name in enumerate(NAMES):
        (root / "from" / name).write_bytes(bytes([65 + at]) * (3_000_000 if at == 0 else 500))
    return {name: digest(root / "from" / name) for name in NAMES}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def shift_of(root: Path, to: Path, *, copy: bool = False, names: tuple[str, ...] = NAMES) -> Shift:
    number = "0123456789abcdef"
    steps = tuple(shifting.step_of(root / "from" / name, f"new/b{name[1:]}", root) for name in names)
    shift = Shift(id=number, what="move", root=str(root), to_root=str(to), steps=steps)
    return shifting.copying(shift) if copy else shift


def as_text(shift: Shift) -> str:
    return msgspec.json.encode(shift).decode()


def files(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("how", ["rename", "copy"])
def test_all_files_go_with_their_bytes_and_times(tmp_path: Path, books: Path, how: str) -> None:
    was = laid(tmp_path / "r")
    stamp = (tmp_path / "r/from/a.safetensors").stat().st_mtime_ns
    settled: list[str] = []
    shifting.carry(
        books, shift_of(tmp_path / "r", tmp_path / "r", copy=how == "copy"), lambda done: settled.append(done.id)
    )
    assert {f"a{path.name[1:]}": digest(path) for path in files(tmp_path / "r")} == was
    assert all(path.parent.name == "new" for path in files(tmp_path / "r"))
    assert (tmp_path / "r/new/b.safetensors").stat().st_mtime_ns == stamp
    assert settled == ["0123456789abcdef"]
    assert journal.unfinished(books) == []


@pytest.mark.parametrize(("how", "point"), [(how, point) for how, points in POINTS.items() for point in points])
def test_killed_anywhere_every_file_is_there_once_with_its_bytes(
    tmp_path: Path, books: Path, how: str, point: str
) -> None:
    root = tmp_path / "r"
    was = laid(root)
    log = tmp_path / "settled"
    done = script(CHILD, books, log, env={VARIABLE: point}, stdin=as_text(shift_of(root, root, copy=how == "copy")))
    assert done.code == 137, "the failpoint was not passed"
    settled: list[str] = []
    told = shifting.recover(books, lambda shift: settled.append(shift.id))
    assert len(told) == 1 and told[0][1] in (True, False)
    found = files(root)
    assert {f"a{path.name[1:]}": digest(path) for path in found} == was
    assert len(found) == 3
    assert {path.parent.name for path in found} == {"new" if told[0][1] else "from"}
    assert bool(settled) == told[0][1], "the books are told exactly when the files have landed"
    assert shifting.recover(books, lambda shift: settled.append(shift.id)) == []


@pytest.mark.parametrize("how", ["rename", "copy"])
def test_who_comes_second_with_the_same_plan_undoes_nothing(tmp_path: Path, books: Path, how: str) -> None:
    root = tmp_path / "r"
    was = laid(root)
    shift = shift_of(root, root, copy=how == "copy")
    shifting.carry(books, shift, lambda _: None)
    with pytest.raises(NoSuchFile):
        shifting.carry(books, shift, lambda _: None)
    assert {f"a{path.name[1:]}": digest(path) for path in files(root / "new")} == was


@pytest.mark.parametrize("how", ["rename", "copy"])
@pytest.mark.parametrize("taken", NAMES)
def test_nothing_is_put_over_another_file_and_what_had_moved_comes_back(
    tmp_path: Path, books: Path, how: str, taken: str
) -> None:
    root = tmp_path / "r"
    was = laid(root)
    (root / "new").mkdir()
    other = root / "new" / f"b{taken[1:]}"
    other.write_text("mine")
    with pytest.raises(TargetExists):
        shifting.carry(books, shift_of(root, root, copy=how == "copy"), lambda _: None)
    assert other.read_text() == "mine"
    assert {path.name: digest(path) for path in files(root / "from")} == was
    assert files(root / "new") == [other]
    assert journal.unfinished(books) == []


@pytest.mark.parametrize("how", ["rename", "copy"])
def test_a_file_that_appears_after_a_crash_stays_and_the_rest_goes_back(tmp_path: Path, books: Path, how: str) -> None:
    root = tmp_path / "r"
    was = laid(root)
    point = "landed" if how == "rename" else "proven"
    script(
        CHILD, books, tmp_path / "log", env={VARIABLE: point}, stdin=as_text(shift_of(root, root, copy=how == "copy"))
    )
    (root / "new").mkdir(exist_ok=True)
    (root / "new" / "b.info").write_text("mine")
    assert [told for _, told in shifting.recover(books, lambda _: None)] == [False]
    assert {path.name: digest(path) for path in files(root / "from")} == was
    assert [path.name for path in files(root / "new")] == ["b.info"]


def test_a_drive_that_is_away_is_waited_for(tmp_path: Path, books: Path) -> None:
    root, to = tmp_path / "r", tmp_path / "usb"
    was = laid(root)
    to.mkdir()
    script(CHILD, books, tmp_path / "log", env={VARIABLE: "landed:2"}, stdin=as_text(shift_of(root, to, copy=True)))
    to.rename(tmp_path / "away")
    ((_, told),) = shifting.recover(books, lambda _: None)
    assert isinstance(told, NoSuchFile)
    (tmp_path / "away").rename(to)
    assert [told for _, told in shifting.recover(books, lambda _: None)] == [True]
    assert {f"a{path.name[1:]}": digest(path) for path in files(root, to)} == was


def test_a_stop_while_copying_leaves_everything_as_it_was(tmp_path: Path, books: Path) -> None:
    root = tmp_path / "r"
    was = laid(root)

    def stop(_: int) -> None:
        raise Stopped("Enough.")

    with pytest.raises(Stopped):
        shifting.carry(books, shift_of(root, root, copy=True), lambda _: None, stop)
    assert {path.name: digest(path) for path in files(root)} == was
    assert journal.unfinished(books) == []


def test_a_file_that_another_program_changes_is_not_removed(
    tmp_path: Path, books: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "r"
    laid(root)

    def settle(_: Shift) -> None:
        (root / "from" / "a.info").write_text("newer than the copy")

    shifting.carry(books, shift_of(root, root, copy=True), settle)
    assert [path.name for path in files(root / "from")] == ["a.info"]
    assert (root / "from" / "a.info").read_text() == "newer than the copy"


def test_a_whole_folder_is_copied_proven_and_removed(tmp_path: Path, books: Path) -> None:
    root, to = tmp_path / "r", tmp_path / "to"
    to.mkdir()
    for name in ("model_index.json", "unet/x.safetensors", "vae/deep/y.bin"):
        (root / "pipe" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "pipe" / name).write_text(name)
    step = shifting.step_of(root / "pipe", "sub/pipe", root, temp_for="77")
    shifting.carry(books, Shift(id="77", what="move", root=str(root), to_root=str(to), steps=(step,)), lambda _: None)
    assert not (root / "pipe").exists()
    assert {path.relative_to(to / "sub/pipe").as_posix(): path.read_text() for path in files(to)} == {
        name: name for name in ("model_index.json", "unet/x.safetensors", "vae/deep/y.bin")
    }


def test_a_folder_with_a_link_is_not_copied(tmp_path: Path, books: Path) -> None:
    root = tmp_path / "r"
    (root / "pipe").mkdir(parents=True)
    (root / "pipe" / "secret").symlink_to("/etc/passwd")
    step = shifting.step_of(root / "pipe", "other", root, temp_for="77")
    with pytest.raises(UnsafePath):
        shifting.carry(
            books, Shift(id="77", what="move", root=str(root), to_root=str(root), steps=(step,)), lambda _: None
        )
    assert sorted(path.name for path in root.rglob("*")) == ["pipe", "secret"]


@pytest.mark.skipif(sys.platform == "win32", reason="by path there")
@pytest.mark.parametrize("end", ["from", "new"])
def test_a_folder_swapped_for_a_link_between_check_and_use_is_refused(tmp_path: Path, books: Path, end: str) -> None:
    root, outside = tmp_path / "r", tmp_path / "outside"
    laid(root)
    (root / "new").mkdir()
    outside.mkdir()
    for name in NAMES:
        (outside / name).write_text("not ours")
    shift = shift_of(root, root)
    (root / end).rename(root / "aside")
    (root / end).symlink_to(outside)
    with pytest.raises(UnsafePath):
        shifting.carry(books, shift, lambda _: None)
    assert sorted(path.name for path in outside.iterdir()) == sorted(NAMES)
    assert all(path.read_text() == "not ours" for path in outside.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="by path there")
def test_a_link_swapped_in_again_and_again_never_leads_out(tmp_path: Path, books: Path) -> None:
    root, outside = tmp_path / "r", tmp_path / "outside"
    outside.mkdir()
    (root / "from").mkdir(parents=True)
    (root / "new").mkdir()
    over = threading.Event()

    def swap() -> None:
        for turn in itertools.count():
            if over.is_set():
                return
            aside = root / f"aside{turn}"
            for act in (
                lambda aside=aside: (root / "new").rename(aside),
                lambda: (root / "new").symlink_to(outside),
                (root / "new").unlink,
                lambda aside=aside: aside.rename(root / "new"),
            ):
                with contextlib.suppress(OSError):  # a shift made the folder anew
                    act()

    attacker = threading.Thread(target=swap)
    attacker.start()
    try:
        for number in range(200):
            name = f"m{number}.bin"
            (root / "from" / name).write_bytes(b"x" * number)
            step = shifting.step_of(root / "from" / name, f"new/{name}", root)
            shift = Shift(id=f"{number}", what="move", root=str(root), to_root=str(root), steps=(step,))
            try:
                shifting.carry(books, shift, lambda _: None)
            except (UnsafePath, NoSuchFile, TargetExists):
                continue
    finally:
        over.set()
        attacker.join()
    assert list(outside.iterdir()) == []
    shifting.recover(books, lambda _: None)
    assert sorted(path.name for path in files(root)) == sorted(f"m{number}.bin" for number in range(200))


def test_names_that_lead_elsewhere_are_no_names(tmp_path: Path) -> None:
    with opened(tmp_path, tmp_path) as folder:
        for name in ("..", ".", "", "a/b", "/etc/passwd"):
            with pytest.raises(UnsafePath):
                folder.stat(name)
            with pytest.raises(UnsafePath):
                folder.sub(name)
    with pytest.raises(UnsafePath), opened(tmp_path, tmp_path / ".." / "x"):
        pass
    with pytest.raises(UnsafePath), opened(tmp_path, tmp_path.parent):
        pass


def test_without_a_rename_that_never_replaces_nothing_is_replaced_either(
    tmp_path: Path, books: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelyard.store.opened._renameat2", lambda: None)
    root = tmp_path / "r"
    was = laid(root)
    shifting.carry(books, shift_of(root, root), lambda _: None)
    assert {f"a{path.name[1:]}": digest(path) for path in files(root / "new")} == was
    (root / "from" / "a.png").write_text("another")
    with pytest.raises(TargetExists):
        shifting.carry(books, shift_of(root, root, names=("a.png",)), lambda _: None)
    assert (root / "from" / "a.png").read_text() == "another"


def test_a_disk_that_says_other_device_at_the_rename_gets_copies(
    tmp_path: Path, books: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "r"
    was = laid(root)
    true = Opened.rename

    def rename(self: Opened, name: str, other: Opened, new: str) -> None:
        if self.path != other.path:
            raise OSError(errno.EXDEV, "cross-device", str(other.path))
        true(self, name, other, new)

    monkeypatch.setattr(Opened, "rename", rename)
    shifting.carry(books, shift_of(root, root), lambda _: None)
    assert {f"a{path.name[1:]}": digest(path) for path in files(root)} == was


@pytest.mark.root
def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path, books: Path) -> None:
    root, small = tmp_path / "r", tmp_path / "small"
    was = laid(root)
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], check=True)
    try:
        with pytest.raises(DiskFull):
            shifting.carry(books, shift_of(root, small, copy=True), lambda _: None)
        assert files(small) == []
    finally:
        subprocess.run(["umount", small], check=True)
    assert {path.name: digest(path) for path in files(root)} == was
    assert journal.unfinished(books) == []


def test_two_never_have_the_same_files() -> None:
    claims = Claims()
    with claims.claim("1", [Path("/r/a"), Path("/r/b")]):
        with pytest.raises(Busy), claims.claim("2", [Path("/r/b")]):
            pass
        with pytest.raises(Busy), claims.claim("2", [Path("/r")]):
            pass
        with claims.claim("3", [Path("/r/c")]), claims.alone() as alone:
            assert not alone
    with claims.claim("2", [Path("/r/b")]):
        pass
    with claims.alone() as alone:
        assert alone


def test_a_folder_that_somebody_removed_after_a_crash_does_not_keep_proven_copies_from_landing(
    tmp_path: Path, books: Path
) -> None:
    root = tmp_path / "r"
    was = laid(root)
    script(CHILD, books, tmp_path / "log", env={VARIABLE: "proven"}, stdin=as_text(shift_of(root, root, copy=True)))
    shutil.rmtree(root / "from")
    assert [told for _, told in shifting.recover(books, lambda _: None)] == [True]
    assert {f"a{path.name[1:]}": digest(path) for path in files(root / "new")} == was
