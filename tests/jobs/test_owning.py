"""What an owner says is kept beside the model too, and nowhere where nothing may be written."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from modelyard.app import App
from modelyard.catalogue.views import Kept
from modelyard.errors import ReadOnlyDisk
from modelyard.jobs.checking import VerifyOptions, verify_models
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.owning import Change, change_own, change_tags
from modelyard.jobs.scan import Scan
from modelyard.library.roots.entries import Entry
from modelyard.net.stop import Stop
from modelyard.testing.pictures import png

from .library import model, scanned


@pytest.fixture
def fixed(yard: tuple[App, Path], tmp_path: Path) -> Path:
    """A read-only root with a model, which the writable one leads into."""
    app, root = yard
    fixed = tmp_path / "fixed"
    model(fixed / "a.safetensors")
    model(root / "b.safetensors")
    (root / "way").symlink_to(fixed)
    app.stock.entries.keep(Entry(path=str(fixed), folder="vae", read_only=True))
    scanned(app)
    return fixed


def by_link(app: App, root: Path) -> int:
    """The model of the read-only root, known by the way through the writable one."""
    found = app.stock.catalogue.at(str(root / "way" / "a.safetensors"))
    return found.id


def test_a_link_into_a_read_only_root_is_no_way_to_write_there(yard: tuple[App, Path], fixed: Path) -> None:
    app, root = yard
    number = by_link(app, root)
    for told in (
        change_own(app.stock, number, Change(title="Mine", favourite=True)),
        change_tags(app.stock, [number], ["kept"], []),
    ):
        assert "read-only" in " ".join(told)
    assert app.stock.catalogue.details(number).about.own.title == "Mine"
    with pytest.raises(ReadOnlyDisk):
        app.stock.pictures.give(app.stock.catalogue.get(number), png(1))
    assert [path.name for path in fixed.iterdir()] == ["a.safetensors"]


def test_a_sidecar_that_cannot_be_written_is_told_and_the_words_are_kept(yard: tuple[App, Path]) -> None:
    app, root = yard

    def number_of(path: Path) -> int:
        return app.stock.catalogue.at(str(path)).id

    one, two = model(root / "a.safetensors"), model(root / "b.safetensors", 1)
    scanned(app)
    (root / "b.info").write_bytes(b"{broken")
    assert change_own(app.stock, number_of(one), Change(notes="good")) == ()
    (told,) = change_tags(app.stock, [number_of(one), number_of(two)], ["kept"], [])
    assert "b.info" in told
    assert (root / "b.info").read_bytes() == b"{broken"
    assert app.stock.catalogue.details(number_of(two)).about.own.tags == ("kept",)


def test_nothing_is_mended_through_a_link_into_a_read_only_root(yard: tuple[App, Path], fixed: Path) -> None:
    app, _ = yard
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)
    victim = fixed / "a.safetensors"
    before = victim.stat()
    raw = bytearray(victim.read_bytes())
    raw[-1] ^= 1
    victim.write_bytes(raw)
    os.utime(victim, ns=(before.st_atime_ns, before.st_mtime_ns))
    told = verify_models(app.stock, VerifyOptions(mend=True), Stop(), lambda _: None)
    assert victim.read_bytes() == bytes(raw)
    assert "mended" not in told["counts"]


def test_words_written_while_a_scan_reads_the_older_sidecar_stay(
    yard: tuple[App, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, root = yard
    path = model(root / "a.safetensors")
    scanned(app)
    number = app.stock.catalogue.at(str(path)).id
    change_own(app.stock, number, Change(notes="first"))
    keep = app.stock.catalogue.keep_found

    def late(*told: Any) -> Kept:
        if notes:
            change_own(app.stock, number, Change(notes=notes.pop()))
        return keep(*told)

    monkeypatch.setattr(app.stock.catalogue, "keep_found", late)
    notes = [""]
    scanned(app)
    assert app.stock.catalogue.details(number).about.own.notes == ""
    os.utime(root / "a.info", (1, 1))
    notes = ["second", "third"]  # written while the sidecars are read again, too
    scanned(app)
    assert app.stock.catalogue.details(number).about.own.notes == "second"
    scanned(app)
    scanned(app)
    assert app.stock.catalogue.details(number).about.own.notes == "second"


def test_a_word_taken_back_does_not_come_again_however_scans_and_changes_fall(yard: tuple[App, Path]) -> None:
    app, root = yard
    path = model(root / "a.safetensors")
    scanned(app)
    number = app.stock.catalogue.at(str(path)).id
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            Scan(app.stock, Stop()).files([str(path)])

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for turn in range(12):
            change_own(app.stock, number, Change(notes=f"note {turn}"))
            change_own(app.stock, number, Change(notes=""))
            Scan(app.stock, Stop()).files([str(path)])
            assert app.stock.catalogue.details(number).about.own.notes == ""
    finally:
        over.set()
        looking.join()
