"""A root full of hostile files, a scan that is killed, another user's folders: the library stays whole and says so."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from library.formats.test_gguf import GOOD as GGUF
from library.formats.test_onnx import GOOD as ONNX
from library.formats.test_pickles import GOOD as TORCH
from library.formats.test_pickles import called, stacked, zipped
from library.formats.test_safetensors import GOOD as SAFE
from library.formats.test_safetensors import packed
from modelyard.app import App
from modelyard.catalogue.asking import Asking
from modelyard.catalogue.model import REMARKS, Health, Model
from modelyard.catalogue.order import Order
from modelyard.library.reading.child import look
from modelyard.library.reading.remembered import Memory
from modelyard.library.roots.roots import Root
from modelyard.library.walk import Walk
from modelyard.store.database import FILE
from server.serving import API, served

from .library import library, model, scanned

COUNT = 2000
NAMES = ["-rf", "a\nb", "\u202egnp", "%2e%2e", "CON", "a" * 200, "$(id)", "<img src=x onerror=alert(1)>", "ü" * 90, " "]


def bad(dice: random.Random) -> tuple[str, bytes]:
    """A suffix, and bytes that are no good model."""
    seeds = {
        ".safetensors": packed(SAFE),
        ".gguf": GGUF,
        ".onnx": ONNX,
        ".pt": zipped(TORCH),
        ".ckpt": called("os", "system"),
        ".pkl": stacked("builtins", "eval"),
        ".bin": b"<!doctype html><html>log in</html>",
        ".pth": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n",
    }
    suffix = dice.choice(list(seeds))
    data = bytearray(seeds[dice.choice(list(seeds))])
    for _ in range(dice.randrange(1, 6)):
        at = dice.randrange(len(data) or 1)
        match dice.randrange(4):
            case 0:
                data[at : at + 1] = dice.randbytes(1)
            case 1:
                del data[at:]
            case 2:
                data[at:at] = dice.randbytes(dice.randrange(40))
            case _:
                data[at : at + 8] = b"\xff" * 8
    return suffix, bytes(data)


@pytest.mark.slow
def test_two_thousand_hostile_files_are_each_an_answer_and_good_ones_and_the_service_stay_good(tmp_path: Path) -> None:
    dice = random.Random(20)
    with library(tmp_path) as (app, root):
        for number in range(COUNT):
            suffix, data = bad(dice)
            name = f"{dice.choice(NAMES)}{number}" if number % 10 == 0 else f"m{number}"
            (root / f"{name[:230]}{suffix}").write_bytes(data)
        (root / "loop.safetensors").symlink_to(root / "loop.safetensors")
        (root / "out.safetensors").symlink_to("/etc/passwd")
        os.mkfifo(root / "pipe.gguf")
        good = [model(root / f"good{number}.safetensors", number) for number in range(5)]
    before, total = time.monotonic(), 0
    with served(tmp_path / "yard") as service:
        while total < COUNT + 5:  # it scans by itself
            assert service.ask("GET", "/healthz", token=None).status == 200
            total = service.ask("GET", f"{API}/models/facets").json["total"]
            assert time.monotonic() - before < 100
            time.sleep(0.1)
        told = service.ask("GET", f"{API}/models?health=damaged&health=unsafe&limit=1000").json["models"]
        assert len(told) == 1000 and all(one["problems"] for one in told)
        assert service.stop() == 0
    with library(tmp_path) as (app, root):
        done = scanned(app)
        assert (done.seen, done.added, done.changed) == (COUNT + 5, 0, 0)
        assert {problem.code for problem in done.problems} == {"unreadable", "link-outside"}
        for path in good:
            assert app.stock.catalogue.at(str(path)).kind == "lora"
            assert app.stock.catalogue.at(str(path)).health is Health.UNVERIFIED
        counts = app.stock.catalogue.facets(Asking()).counts["health"]
        assert counts["damaged"] > COUNT // 2, counts
        assert counts["unsafe"] > 10, counts
        asking = Asking(health=("damaged", "unsafe"))
        nameless = [one.path for one in everything(app, asking) if not set(one.problems) - REMARKS]
        assert nameless == [], "each one says what is wrong with it"


def everything(app: App, asking: Asking) -> Iterator[Model]:
    after: str | None = ""
    while after is not None:
        page = app.stock.catalogue.page(asking, Order(after=after, most=1000))
        yield from page.models
        after = page.next


def whole(folder: Path) -> None:
    """The database and its full-text index are in order."""
    with contextlib.closing(sqlite3.connect(folder / FILE)) as db, db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        db.execute("INSERT INTO models_words(models_words) VALUES ('integrity-check')")
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.slow
def test_a_scan_killed_again_and_again_leaves_a_whole_catalogue(tmp_path: Path) -> None:
    dice = random.Random(3)
    with library(tmp_path) as (app, root):
        for number in range(1500):
            model(root / f"d{number % 7}" / f"m{number}.safetensors", number)
        home = app.folder
    environ = {**os.environ, "MODELYARD_HOME": str(home)}
    killed = 0
    for _ in range(8):
        scan = subprocess.Popen([sys.executable, "-m", "modelyard", "scan", "--deep", "--json"], env=environ, stdout=-3)
        with contextlib.suppress(subprocess.TimeoutExpired):
            scan.wait(dice.uniform(0.5, 2.0))
        scan.send_signal(signal.SIGKILL)
        killed += scan.wait() == -signal.SIGKILL
        if (home / FILE).exists():
            whole(home)
    assert killed > 3
    with library(tmp_path) as (app, root):
        scanned(app)
        assert app.stock.catalogue.facets(Asking()).total == 1500
        assert len({one.path for one in app.stock.catalogue.page(Asking()).models}) == 100
    whole(home)


def as_nobody(folder: Path) -> list[list[str]]:
    """What a walk and a look at each file find, done by another user: this process's own Python may be shut to them."""
    for path in folder.rglob("*.safetensors"):
        look(Memory(), str(path))  # what is imported late is imported now
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgid(65534)
            os.setuid(65534)
            walk = Walk(Root("", 0, folder, str(folder)), (os.path.realpath(folder),))
            seen = [one.path for each in walk.folders() for one in each.models.values()]
            looks = [[path, *(problem.code for problem in look(Memory(), path).findings)] for path in seen]
            os.write(writer, json.dumps([looks, [[one.code, one.path, one.hint] for one in walk.problems]]).encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    return json.loads(os.read(reader, 65536))


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be somebody else")
def test_another_users_files_are_told_with_the_command_that_opens_them() -> None:
    base = Path("/var/tmp") / f"modelyard-test-{os.getpid()}"  # a folder that another user can reach
    try:
        model(base / "open" / "a.safetensors")
        model(base / "shut" / "b.safetensors")
        model(base / "open" / "c.safetensors").chmod(0o600)
        base.chmod(0o755)
        (base / "shut").chmod(0o700)
        looks, problems = as_nobody(base)
        assert {os.path.basename(path): found for path, *found in looks} == {
            "a.safetensors": [],
            "c.safetensors": ["unreadable"],
        }
        ((code, path, hint),) = problems
        assert (code, path) == ("no-permission", str(base / "shut")) and "chmod" in hint
    finally:
        shutil.rmtree(base)
