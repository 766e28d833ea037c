"""A pickle that would run code never gets the name that a program loads, until a person says so of these bytes."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from library.formats.test_pickles import GOOD as TORCH
from library.formats.test_pickles import called, zipped
from modelyard.app import App
from modelyard.catalogue.asking import Asking
from modelyard.errors import BadValue, TargetExists, UnsafePath, YardError
from modelyard.jobs.admission import quarantined, refusals
from modelyard.jobs.quarantine import confine, kept, release
from modelyard.jobs.wish import Wish
from modelyard.library.reading.pool import Pool
from modelyard.net.stop import Stop
from modelyard.testing import PracticeHub
from modelyard.testing.content import Bytes

from .library import library, model, scanned

EVIL = zipped({"archive/data.pkl": called("os", "system"), "archive/version": b"3\n"})


@pytest.fixture
def yard(hub: PracticeHub, tmp_path: Path) -> Iterator[tuple[App, Path]]:
    with library(tmp_path, **hub.env()) as both:
        yield both


@pytest.fixture(scope="module")
def readers() -> Iterator[Pool]:
    with Pool(1) as pool:
        yield pool


def unsafe(part: Path, target: Path, readers: Pool) -> YardError | None:
    """Why this one file may not have its name."""
    (why,) = refusals([(part, target)], readers)
    return why


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs POSIX")
def test_what_ends_its_reader_counts_as_unsafe(tmp_path: Path) -> None:
    part = tmp_path / "a.part"
    part.write_bytes(zipped(TORCH))
    with Pool(1, patience=2.0) as readers:
        assert unsafe(part, tmp_path / "a.pt", readers) is None
        child = readers._children[0]._process
        assert child is not None
        os.kill(child.pid, signal.SIGSTOP)  # as a file that is read for ever
        refused = unsafe(part, tmp_path / "a.pt", readers)
    assert refused is not None and "too long" in refused.message


@pytest.mark.parametrize("name", ["a.ckpt", "a.pt", "a.safetensors", "a"])
def test_the_content_decides_not_the_name(readers: Pool, tmp_path: Path, name: str) -> None:
    evil, good = tmp_path / "evil.part", tmp_path / "good.part"
    evil.write_bytes(EVIL)
    good.write_bytes(zipped(TORCH))
    refused = unsafe(evil, tmp_path / name, readers)
    assert refused is not None and refused.code == "unsafe-pickle" and "system" in refused.message
    assert unsafe(good, tmp_path / name, readers) is None


def padded() -> bytes:
    """A payload behind more steps than anybody follows: NONE and POP, over and over."""
    return b"\x80\x02" + b"N0" * 200_001 + called("os", "system")[2:]


def crowded() -> bytes:
    """A payload behind more pickles than anybody reads."""
    harmless = {f"archive/{n}.pkl": b"\x80\x02N." for n in range(9)}
    return zipped({**harmless, "archive/data.pkl": called("os", "system"), "archive/version": b"3\n"})


def encrypted() -> bytes:
    """A zip whose members say that they are encrypted."""
    raw = bytearray(EVIL)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := raw.find(mark, at + 1)) >= 0:
            raw[at + offset] |= 1
    return bytes(raw)


@pytest.mark.parametrize("made", [padded, crowded, encrypted, lambda: EVIL[:-30]])
def test_what_cannot_be_taken_apart_counts_as_unsafe(readers: Pool, tmp_path: Path, made: Callable[[], bytes]) -> None:
    part = tmp_path / "many.part"
    part.write_bytes(made())
    refused = unsafe(part, tmp_path / "many.pt", readers)
    assert refused is not None and refused.code == "unsafe-pickle"


@pytest.mark.parametrize("allowed", [False, True])
def test_a_download_that_would_run_code_lands_in_quarantine(hub: PracticeHub, tmp_path: Path, allowed: bool) -> None:
    hub.hf.add_repo("me/evil", {"evil.ckpt": Bytes(EVIL), "good.pt": Bytes(zipped(TORCH))})
    flags = {"quarantine": "off"} if allowed else {}
    with App({"MODELYARD_HOME": str(tmp_path / "yard"), **hub.env()}, flags=flags) as app:
        download = app.download(Wish(["hf:me/evil"], to=f"{tmp_path}/models/"))
        outcomes = {one.target.name: one.error for one in download.run(download.plan())}
    there = sorted(path.name for path in (tmp_path / "models").rglob("*") if path.is_file())
    if allowed:
        assert outcomes == {"evil.ckpt": None, "good.pt": None} and there == ["evil.ckpt", "good.pt"]
    else:
        assert outcomes["good.pt"] is None and outcomes["evil.ckpt"].code == "unsafe-pickle"
        assert there == ["evil.ckpt.quarantine", "good.pt"]


def fetched(hub: PracticeHub, tmp_path: Path, address: str, **wish: Any) -> dict[str, str | None]:
    """Codes of the errors of each file of a download into `models`."""
    with App({"MODELYARD_HOME": str(tmp_path / "yard"), **hub.env()}) as app:
        download = app.download(Wish([address], to=f"{tmp_path}/models/", **wish))
        return {one.target.name: one.error and one.error.code for one in download.run(download.plan())}


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(("name", "begun"), [("a.pt", True), ("a.safetensors", False)])
def test_who_takes_a_file_apart_is_called_before_it_is_here(
    hub: PracticeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, begun: bool
) -> None:
    lay: list[list[str]] = []
    real = Pool.begin
    monkeypatch.setattr(Pool, "begin", lambda pool: (lay.append(names(tmp_path / "models")), real(pool))[1])
    url = hub.add_file(name, 20_000 if name.endswith("s") else zipped(TORCH))
    assert fetched(hub, tmp_path, url) == {name: None}
    assert len(lay) == begun and not any(name in there for there in lay)


def test_a_member_of_an_archive_that_would_run_code_lands_in_quarantine(hub: PracticeHub, tmp_path: Path) -> None:
    raw = zipped({"sub/evil.pt": EVIL, "good.pt": zipped(TORCH)})
    told = fetched(hub, tmp_path, hub.add_file("many.zip", raw), unpack=True)
    assert told == {"evil.pt.quarantine": "unsafe-pickle", "good.pt": None}
    assert names(tmp_path / "models") == ["good.pt", "sub/evil.pt.quarantine"]


def test_what_lies_in_quarantine_is_not_replaced_unasked(hub: PracticeHub, tmp_path: Path) -> None:
    mine = tmp_path / "models" / "evil.pt.quarantine"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    url = hub.add_file("evil.pt", EVIL)
    assert fetched(hub, tmp_path, url) == {"evil.pt": "target-exists"}
    assert mine.read_bytes() == b"mine" and not (tmp_path / "models" / "evil.pt").exists()
    mine.unlink()
    assert fetched(hub, tmp_path, url) == {"evil.pt": "unsafe-pickle"}
    assert mine.read_bytes() == EVIL and names(mine.parent) == [mine.name]
    assert fetched(hub, tmp_path, url) == {"evil.pt": "unsafe-pickle"}  # the same bytes: nothing to replace
    assert names(mine.parent) == [mine.name]


def test_what_is_kept_is_shown_with_what_it_would_run_and_released_by_its_hash(yard) -> None:
    app, root = yard
    path = quarantined(root / "sub" / "evil.ckpt")
    path.parent.mkdir()
    path.write_bytes(EVIL)
    (one,) = kept(app.stock)
    assert one.path == str(path) and "system" in one.words
    assert [problem.code for problem in scanned(app).problems] == ["quarantined"]
    digest = hashlib.sha256(EVIL).hexdigest()
    with pytest.raises(BadValue):
        release(app.stock, path, "0" * 64, Stop())
    (root / "sub" / "evil.ckpt").write_bytes(b"taken")
    with pytest.raises(TargetExists):
        release(app.stock, path, digest, Stop())
    (root / "sub" / "evil.ckpt").unlink()
    assert release(app.stock, path, digest.upper(), Stop()).read_bytes() == EVIL
    with pytest.raises(BadValue):
        release(app.stock, root / "sub" / "evil.ckpt", digest, Stop())


def test_nothing_outside_the_roots_is_released(yard, tmp_path: Path) -> None:
    app, _ = yard
    path = tmp_path / "evil.ckpt.quarantine"
    path.write_bytes(EVIL)
    with pytest.raises(UnsafePath):
        release(app.stock, path, "0" * 64, Stop())


def test_a_model_that_could_run_code_is_put_away_and_found_again_once_it_is_released(yard: tuple[App, Path]) -> None:
    app, root = yard
    (root / "evil.pt").write_bytes(EVIL)
    (root / "evil.txt").write_text("words")
    scanned(app)
    (one,) = app.stock.catalogue.page(Asking()).models
    app.stock.catalogue.write(one.id, {"uses": 5})
    held = confine(app.stock, one.id)
    assert held == root / "evil.pt.quarantine" and held.read_bytes() == EVIL and (root / "evil.txt").exists()
    assert app.stock.catalogue.page(Asking()).models == []
    scanned(app)
    assert app.stock.catalogue.page(Asking()).models == [] and [each.path for each in kept(app.stock)] == [str(held)]
    release(app.stock, held, hashlib.sha256(EVIL).hexdigest(), Stop())
    scanned(app)
    (again,) = app.stock.catalogue.page(Asking()).models
    assert (again.id, again.uses, again.health) == (one.id, 5, "unsafe")


def test_nothing_but_a_single_unsafe_file_is_put_away_and_no_file_is_replaced(yard: tuple[App, Path]) -> None:
    app, root = yard
    model(root / "good.safetensors")
    (root / "evil.pt").write_bytes(EVIL)
    (root / "evil.pt.quarantine").write_bytes(b"another")
    scanned(app)
    good, evil = sorted(app.stock.catalogue.page(Asking()).models, key=lambda one: one.health != "unverified")
    with pytest.raises(BadValue):
        confine(app.stock, good.id)
    with pytest.raises(TargetExists):
        confine(app.stock, evil.id)
    assert (root / "evil.pt").exists() and (root / "evil.pt.quarantine").read_bytes() == b"another"
    assert len(app.stock.catalogue.page(Asking()).models) == 2


def test_what_is_released_or_removed_while_the_list_is_made_is_left_out(yard: tuple[App, Path]) -> None:
    app, root = yard
    for name in ("a.pt", "b.pt", "sub/c.pt", "zeta/d.pt"):
        held = quarantined(root / name)
        held.parent.mkdir(exist_ok=True)
        held.write_bytes(EVIL)
    listed = kept(app.stock)
    assert Path(next(listed).path) == quarantined(root / "a.pt")
    quarantined(root / "b.pt").rename(root / "b.pt")
    quarantined(root / "sub" / "c.pt").unlink()
    (root / "sub").rmdir()
    assert [Path(each.path) for each in listed] == [quarantined(root / "zeta" / "d.pt")]
