"""Previews, sidecars, quarantine and repairs, killed at every step that a kill can part: nothing whole is lost."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from library.formats.test_pickles import called, zipped
from modelyard.app import App
from modelyard.catalogue.model import Health
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.owning import Change, change_own, keep_beside
from modelyard.jobs.quarantine import confine, kept, release
from modelyard.jobs.verify import State, repair, verify
from modelyard.jobs.wish import Wish
from modelyard.library.previews.finding import find
from modelyard.library.shifting.failpoint import VARIABLE
from modelyard.net.stop import Stop
from modelyard.testing import PracticeHub

from .library import library, model, scanned

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a child is forked for each kill")

PARENT = f"""
import json, os, sys
from pathlib import Path
from modelyard.app import App
from modelyard.jobs.owning import Change, change_own
from modelyard.jobs.quarantine import confine, release
from modelyard.jobs.refresh import RefreshOptions, refresh
from modelyard.jobs.verify import repair, verify
from modelyard.net.stop import Stop

def work(app, what, path, data):
    if what == "verify":
        finding, measured = verify(app.yard, path)
        return repair(app.yard, finding, measured)
    if what == "refresh":
        return refresh(app.stock, RefreshOptions(force=True), Stop(), lambda _: None)
    if what == "release":
        return release(app.stock, path, data, Stop())
    known, pictures = app.stock.catalogue.at(str(path)), app.stock.pictures
    if what == "give":
        pictures.give(known, bytes.fromhex(data))
    elif what == "own":
        change_own(app.stock, known.id, Change(notes=data))
    elif what == "confine":
        confine(app.stock, known.id)
    else:
        getattr(pictures, what)(known)

for line in sys.stdin:
    point, environ, what, path, data = json.loads(line)
    child = os.fork()
    if child == 0:
        os.environ[{VARIABLE!r}] = point
        with App(environ) as app:
            work(app, what, Path(path), data)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

Kill = Callable[..., None]
OLD, NEW, NEWER = (b"\0\0\0\x18ftypisom" + bytes([mark]) * 300 for mark in range(3))
WEBM = b"\x1a\x45\xdf\xa3\x01\0\0\0\x42\x82\x84webm" + b"\7" * 300


@pytest.fixture(scope="module")
def parent() -> Iterator[subprocess.Popen[str]]:
    """A process that has imported everything, and forks a child for each piece of work."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def kill(parent: subprocess.Popen[str], tmp_path: Path) -> Kill:
    """Does one thing to a model in a process that dies at a point."""

    def killed(point: str, what: str, path: Path, data: str = "", **environ: str) -> None:
        assert parent.stdin is not None and parent.stdout is not None
        told = {"MODELYARD_HOME": str(tmp_path / "yard"), **environ}
        parent.stdin.write(json.dumps([point, told, what, str(path), data]) + "\n")
        parent.stdin.flush()
        assert parent.stdout.readline().strip() == "137", "it never came to that point"

    return killed


def later(app: App, root: Path) -> None:
    """Two hours later a scan clears away what is hidden, and finds nothing new after that."""
    app.stock.wall = lambda: time.time() + 7200
    scanned(app)
    assert [path.name for path in root.rglob(".*")] == []
    again = scanned(app)
    assert (again.added, again.changed, again.moved, again.gone) == (0, 0, 0, 0)


def given(folder: Path, points: Sequence[str], *data: bytes) -> list[tuple[str, Path]]:
    """For each point a model in a folder of its own, that was given these previews one after the other."""
    with library(folder) as (app, root):
        models = [
            (point, model(root / point.replace(":", "-") / "a.safetensors", at)) for at, point in enumerate(points)
        ]
        scanned(app)
        for _, path in models:
            for one in data:
                app.stock.pictures.give(app.stock.catalogue.at(str(path)), one)
    return models


def shown(path: Path) -> bytes:
    found = find(path)
    return found.path.read_bytes() if found else b""


def pictures(path: Path) -> set[bytes]:
    """Every preview, present, former or on its way."""
    return {one.read_bytes() for one in path.parent.iterdir() if ".preview." in one.name}


GIVING = ("preview-linked", "preview-aside", "put-written", "put-named", "preview-put")
RESTORING = ("preview-linked", "preview-coming", "preview-linked:2", "preview-former-aside", "preview-back")
OTHERS = pytest.mark.parametrize("other", [NEWER, WEBM], ids=["same ending", "other ending"])


@OTHERS
def test_a_preview_that_is_given_replaces_the_old_one_whole(kill: Kill, tmp_path: Path, other: bytes) -> None:
    models = given(tmp_path, GIVING if other == NEWER else GIVING[1::3], OLD, NEW)
    for point, path in models:
        kill(point, "give", path, other.hex())
        assert shown(path) in (NEW, other) and pictures(path) >= {NEW}, point
    with library(tmp_path) as (app, root):
        later(app, root)
        for point, path in models:
            known = app.stock.catalogue.at(str(path))
            assert app.stock.pictures.whole(known)[0] == shown(path) in (NEW, other), point
            app.stock.pictures.give(known, other)
            assert shown(path) == other, point
            app.stock.pictures.restore(known)
            assert pictures(path) >= {other}, point


@OTHERS
def test_of_two_previews_that_change_places_none_is_lost(kill: Kill, tmp_path: Path, other: bytes) -> None:
    models = given(tmp_path, RESTORING if other == NEWER else (*RESTORING[1::2], RESTORING[-1]), other, NEW)
    for point, path in models:
        kill(point, "restore", path)
        assert shown(path) in (other, NEW) and pictures(path) == {other, NEW}, point
    with library(tmp_path) as (app, root):
        later(app, root)
        for point, path in models:
            known, before = app.stock.catalogue.at(str(path)), shown(path)
            assert before in (other, NEW) and pictures(path) == {other, NEW}, point
            app.stock.pictures.restore(known)
            assert shown(path) in {other, NEW} - {before}, point


def test_what_a_kill_left_half_restored_is_ended_by_whoever_comes_next(kill: Kill, tmp_path: Path) -> None:
    models = given(tmp_path, RESTORING[1:4:2], OLD, NEW)
    for point, path in models:
        kill(point, "restore", path)
    with library(tmp_path) as (app, _):
        for point, path in models:
            known = app.stock.catalogue.at(str(path))
            app.stock.pictures.remove(known)
            assert shown(path) == b"" and pictures(path) == {OLD}, f"{point}: it was back, and then taken away"
            app.stock.pictures.restore(known)
            assert shown(path) == OLD, point


def test_a_preview_that_is_taken_away_can_be_put_back(kill: Kill, tmp_path: Path) -> None:
    models = given(tmp_path, GIVING[:2], OLD)
    for point, path in models:
        kill(point, "remove", path)
        assert shown(path) == OLD, point
    with library(tmp_path) as (app, root):
        later(app, root)
        for _, path in models:
            known = app.stock.catalogue.at(str(path))
            app.stock.pictures.remove(known)
            assert shown(path) == b""
            app.stock.pictures.restore(known)
            assert shown(path) == OLD


def test_a_sidecar_is_the_old_or_the_new_one_and_the_catalogue_has_the_words(kill: Kill, tmp_path: Path) -> None:
    models = given(tmp_path, GIVING[2:4])
    with library(tmp_path) as (app, root):
        for _, path in models:
            change_own(app.stock, app.stock.catalogue.at(str(path)).id, Change(notes="old"))
        scanned(app)
    for (point, path), written in zip(models, ("old", "new"), strict=True):
        kill(point, "own", path, "new")
        assert f'"{written}"' in json.dumps(json.loads((path.parent / "a.info").read_bytes())), point
    with library(tmp_path) as (app, root):
        later(app, root)
        for _, path in models:
            known = app.stock.catalogue.at(str(path))
            assert known.notes == "new"
            assert keep_beside(app.stock, known.id) == ()
            assert '"new"' in json.dumps(json.loads((path.parent / "a.info").read_bytes()))


@pytest.mark.parametrize("point", ["put-written", "put-named"])
def test_what_a_hub_told_is_in_the_catalogue_and_no_sidecar_is_half(
    hub: PracticeHub, kill: Kill, tmp_path: Path, point: str
) -> None:
    environ = hub.env()
    with library(tmp_path, **environ) as (app, root):
        path = root / "a.safetensors"
        path.write_bytes(hub.civitai.models[100].versions[1].files[0].content.bytes())
        scanned(app)
        measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)
    kill(point, "refresh", path, **environ)
    beside = path.with_suffix(".info")
    assert beside.exists() == (point == "put-named")
    with library(tmp_path, **environ) as (app, root):
        later(app, root)
        known = app.stock.catalogue.at(str(path))
        assert (known.hub, known.hub_model) == ("civitai", "100") and known.sha256
        assert keep_beside(app.stock, known.id) == ()
        assert json.loads(beside.read_bytes())


EVIL = zipped({"archive/data.pkl": called("os", "system"), "archive/version": b"3\n"})


@pytest.mark.parametrize("what", ["confine", "release"])
def test_what_may_run_code_stands_under_one_name_and_a_scan_knows_which(kill: Kill, tmp_path: Path, what: str) -> None:
    with library(tmp_path) as (app, root):
        path = root / "evil.pt"
        path.write_bytes(EVIL)
        scanned(app)
        there = path.with_name("evil.pt.quarantine")
        if what == "release":
            assert confine(app.stock, app.stock.catalogue.at(str(path)).id) == there
    begin, end = (path, there) if what == "confine" else (there, path)
    kill("quarantine-named", what, begin, hashlib.sha256(EVIL).hexdigest())
    assert end.read_bytes() == EVIL and not begin.exists()
    with library(tmp_path) as (app, root):
        later(app, root)
        assert [one.path for one in kept(app.stock)] == ([str(there)] if what == "confine" else [])
        if what == "confine":
            release(app.stock, there, hashlib.sha256(EVIL).hexdigest(), Stop())
            scanned(app)
        assert app.stock.catalogue.at(str(path)).health is Health.UNSAFE


@pytest.mark.parametrize("source", ["hub", "twin"])
@pytest.mark.parametrize("point", ["mend-proven", "mend-landed"])
def test_a_file_that_is_mended_is_the_old_one_or_the_right_one(
    hub: PracticeHub, kill: Kill, tmp_path: Path, point: str, source: str
) -> None:
    hub.hf.add_repo("me/model", {"m.safetensors": 3 << 20})
    environ = hub.env()
    with library(tmp_path, **environ) as (app, root):
        download = app.download(Wish(["hf:me/model/m.safetensors"], to=f"{root}/"))
        assert download.run(download.plan())[0].error is None
        path = root / "m.safetensors"
        right = path.read_bytes()
        if source == "twin":
            (root / "twin.safetensors").write_bytes(right)
            verify(app.yard, root / "twin.safetensors")
    before = path.stat()
    with path.open("rb+") as file:
        file.seek(1 << 20)
        file.write(b"flipped")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    wrong = path.read_bytes()
    kill(point, "verify", path, **environ)
    assert path.read_bytes() == (wrong if point == "mend-proven" else right)
    with library(tmp_path, **environ) as (app, root):
        finding, measured = verify(app.yard, path)
        if finding.state is State.DAMAGED:
            finding = repair(app.yard, finding, measured)
        assert finding.state in (State.GOOD, State.MENDED) and path.read_bytes() == right
        later(app, root)
