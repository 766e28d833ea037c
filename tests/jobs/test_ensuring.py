"""Whether a model is ready: verified only while it is the very file that was."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard.app import App
from modelyard.catalogue.model import Health
from modelyard.jobs.ensuring import Ensured, Want
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.wish import Wish
from modelyard.net.stop import Stop
from modelyard.testing import PracticeHub
from modelyard.testing.content import Bytes

from .library import library, model, scanned


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[tuple[App, Path, str]]:
    """A library with one verified model, and its SHA-256."""
    with library(tmp_path) as (app, root):
        path = model(root / "a.safetensors")
        scanned(app)
        measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)
        app.stock.catalogue.write(app.stock.catalogue.at(str(path)).id, {"health": Health.GOOD.value})
        yield app, path, hashlib.sha256(path.read_bytes()).hexdigest()


def told(app: App, **want: str) -> Ensured:
    return app.ensure.look(Want(**want), fetch=False)


NAMED = {"folder": "loras", "name": "a.safetensors"}


def test_an_untouched_model_is_ready_and_verified(yard: tuple[App, Path, str]) -> None:
    app, path, sha256 = yard
    for want in (NAMED, {"sha256": sha256}):
        found = told(app, **want)
        assert (found.state, found.path, found.verified) == ("ready", str(path), True)


def test_a_model_that_was_changed_since_is_verified_no_longer(yard: tuple[App, Path, str]) -> None:
    app, path, sha256 = yard
    with path.open("ab") as file:
        file.write(b"x")
    assert (told(app, **NAMED).state, told(app, **NAMED).verified) == ("ready", False)
    assert told(app, sha256=sha256).state == "missing"


def test_another_file_of_the_same_size_and_time_is_not_the_verified_one(yard: tuple[App, Path, str]) -> None:
    app, path, sha256 = yard
    before = path.stat()
    other = model(path.with_suffix(".other"), seed=1)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert (told(app, **NAMED).state, told(app, **NAMED).verified) == ("ready", False)
    assert told(app, sha256=sha256).state == "missing"


def test_what_was_fetched_from_an_address_is_ready_whatever_its_folder_is_called(
    hub: PracticeHub, tmp_path: Path
) -> None:
    hub.hf.add_repo("me/two", {"a.bin": Bytes(b"a" * 900), "b.bin": Bytes(b"b" * 900)})
    with library(tmp_path, **hub.env()) as (app, root):
        download = app.download(Wish(["hf:me/two"], to=f"{root}/"))
        assert all(one.error is None for one in download.run(download.plan()))
        found = told(app, address="hf:me/two", name="b.bin")
        assert (found.state, os.path.basename(found.path)) == ("ready", "b.bin")
        assert told(app, address="hf:me/two").state == "ready"
        assert told(app, address="hf:me/two", name="c.bin").state == "missing"


def test_the_steps_say_where_a_file_belongs(yard: tuple[App, Path, str]) -> None:
    app, path, _ = yard
    assert told(app, sha256="0" * 64).steps == [
        "Put the file into one of the registered folders yourself; it is noticed there."
    ]
    (step,) = told(app, folder="loras", name="x.safetensors").steps
    assert step == f"Put the file to {path.parent / 'x.safetensors'} yourself; it is noticed there."


def test_a_file_that_is_found_by_its_name_alone_is_said_to_be(yard: tuple[App, Path, str]) -> None:
    app, path, sha256 = yard
    found = told(app, **NAMED, address="hf:other/model/a.safetensors")
    assert (found.state, found.path) == ("ready", str(path))
    assert found.reason == "Found by its name; nobody knows that it is what hf:other/model/a.safetensors offers."
    assert told(app, **NAMED).reason == told(app, sha256=sha256).reason == ""


@pytest.fixture
def asked(hub: PracticeHub, tmp_path: Path) -> Iterator[App]:
    """A library whose queue works, with repositories of several files."""
    files = {"README.md": b"# x", "a.safetensors": 5_000, "sub/b.safetensors": 6_000}
    hub.hf.add_repo("me/several", files)
    hub.hf.add_repo("me/single", {"README.md": b"# x", "config.json": b"{}", "only.safetensors": 5_000})
    with library(tmp_path, **hub.env()) as (app, _):
        app.runner.start()
        yield app


def ended(app: App, **want: Any) -> Ensured:
    """What becomes of a want."""
    until = time.monotonic() + 30
    while (found := app.ensure.look(Want(folder="loras", **want))).state in ("downloading", "waiting"):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def test_of_a_repository_with_several_models_none_is_fetched_and_they_are_told(asked: App, hub: PracticeHub) -> None:
    found = ended(asked, address="hf:me/several")
    assert (found.state, found.error and found.error["code"]) == ("missing", "nothing-selected")
    assert found.error is not None
    files = found.error["facts"]["files"]
    assert [file.rpartition("/")[2] for file in files] == ["a.safetensors", "b.safetensors"]
    assert files[0] in found.steps[0]
    assert hub.log.bytes_sent() < 5_000
    assert ended(asked, address=files[1]).path.endswith("/loras/b.safetensors")


@pytest.mark.parametrize(
    ("want", "name"),
    [
        ({"address": "hf:me/single"}, "only.safetensors"),
        ({"address": "hf:me/several", "name": "b.safetensors"}, "b.safetensors"),
        ({"address": "hf:me/single", "name": "mine.safetensors"}, "mine.safetensors"),
    ],
)
def test_the_one_model_of_a_repository_is_meant(asked: App, want: dict[str, str], name: str) -> None:
    found = ended(asked, **want)
    assert (found.state, Path(found.path).name) == ("ready", name)
    assert [path.name for path in Path(found.path).parent.iterdir()] == [name]


def test_a_repository_is_fetched_whole_when_that_is_said(asked: App, tmp_path: Path) -> None:
    assert ended(asked, address="hf:me/several", whole=True).state == "ready"
    assert len(list((tmp_path / "loras").rglob("*.*"))) == 3
