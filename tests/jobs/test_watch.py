"""What changes below the roots is seen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import watchfiles

from modelyard.catalogue.asking import Asking
from modelyard.catalogue.model import Model
from modelyard.jobs.caretaker import Caretaker
from modelyard.jobs.complaints import problems_by_root
from modelyard.jobs.queued import Options, draft
from modelyard.jobs.watch import look, watch
from modelyard.net.stop import Stop
from modelyard.testing import PracticeHub

from .library import library, model, scanned


def test_files_that_came_changed_moved_and_went_are_seen(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        one, two = model(root / "one.safetensors", 1), model(root / "sub" / "two.safetensors", 2)
        scanned(app)
        number = app.stock.catalogue.at(str(two)).id
        one.unlink()
        moved = two.rename(root / "moved.safetensors")
        new = model(root / "new.safetensors", 3)
        look(app.stock, {str(one), str(two), str(moved), str(new)}, Stop())
        found = {model.place: model.id for model in app.stock.catalogue.page(Asking()).models}
        assert set(found) == {"moved.safetensors", "new.safetensors"}
        assert found["moved.safetensors"] == number


def test_a_part_of_a_diffusers_folder_is_no_model_of_its_own(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        (root / "pipe" / "unet").mkdir(parents=True)
        (root / "pipe" / "model_index.json").write_text('{"_class_name": "StableDiffusionXLPipeline"}')
        part = model(root / "pipe" / "unet" / "diffusion_pytorch_model.safetensors")
        look(app.stock, {str(part)}, Stop())
        assert [one.place for one in app.stock.catalogue.page(Asking()).models] == ["pipe"]


@pytest.mark.slow
def test_a_service_sees_a_new_file_by_itself(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        seen = threading.Event()
        caretaker = Caretaker(app.stock, lambda _: None, lambda: None, app.stop)
        tell: Callable[..., None] = lambda *_: seen.set()  # noqa: E731
        caretaker.start()
        publish = app.events.publish
        app.events.publish = lambda *told, **more: (
            tell() if told[0] == "model.added" else None,
            publish(*told, **more),
        )[1]
        try:
            for number in range(60):  # the watcher needs a moment before it sees anything
                model(root / f"m{number}.safetensors", number)
                if seen.wait(0.5):
                    break
            assert seen.is_set()
        finally:
            caretaker.close()


def test_what_changed_beside_a_new_folder_is_listed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with library(tmp_path) as (app, root):
        inside = model(root / "new" / "inside.safetensors", 1)
        path = model(root / "beside.safetensors", 2)
        bunch = {(watchfiles.Change.added, str(one)) for one in (inside.parent, path)}
        monkeypatch.setattr(watchfiles, "watch", lambda *_, **__: iter([set(), bunch]))
        scans: list[object] = []
        watch(app.stock, Stop(), lambda: scans.append(None))
        assert len(scans) == 2, "as it begins, and for the folder"
        assert [one.place for one in app.stock.catalogue.page(Asking()).models] == ["beside.safetensors"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("no watcher")])
def test_roots_that_cannot_be_watched_are_scanned_and_their_owner_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    tried = threading.Semaphore(0)

    def refuse(*_: object, **__: object) -> Iterator[set[object]]:
        tried.release()
        raise error
        yield set()

    monkeypatch.setattr(watchfiles, "watch", refuse)
    with library(tmp_path) as (app, root):
        scans: list[object] = []
        caretaker = Caretaker(app.stock, scans.append, lambda: None, app.stop)
        caretaker.start()
        try:
            assert tried.acquire(timeout=20)
            caretaker.roots_changed()
            assert tried.acquire(timeout=20)
        finally:
            caretaker.close()
        (told,) = problems_by_root(app.stock, app.stock.roots())[str(root)]
        assert (told.code, told.path) == ("unwatched", str(root)) and "max_user_watches" in told.hint
        assert len(scans) >= 3, "at the start, because the watch failed, because the roots changed"
        assert caplog.text.count("cannot be watched") == 1


@pytest.mark.slow
def test_a_download_of_the_queue_is_listed_and_described_at_once(hub: PracticeHub, tmp_path: Path) -> None:
    with library(tmp_path, **hub.env()) as (app, root):
        app.caretaker.start()
        app.runner.start()
        options = Options(to=f"{root}/")
        app.queue.add([draft(app.yard, "civitai:100", options, app.keep_key)])
        end = time.monotonic() + 30
        found: list[Model] = []
        while not (found and found[0].hub) and time.monotonic() < end:
            app.events.wait(app.events.newest, 0.2)
            found = app.stock.catalogue.page(Asking()).models
        assert (found[0].hub, found[0].hub_model, found[0].health) == ("civitai", "100", "good")
