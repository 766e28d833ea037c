"""What a service does by itself: each round is done once without any waiting, and its rests are counted."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard.app import App
from modelyard.catalogue.asking import Asking
from modelyard.errors import DiskFailed
from modelyard.events.log import Event
from modelyard.jobs import caretaker as module
from modelyard.jobs import checking
from modelyard.jobs.caretaker import Caretaker
from modelyard.jobs.checking import VerifyOptions, verify_models
from modelyard.jobs.measuring import MeasureOptions, idle, measure_models
from modelyard.jobs.scan import SCAN, Scan, ScanOptions
from modelyard.jobs.targets import usual_folder
from modelyard.jobs.verify import verify
from modelyard.library import idle_disk
from modelyard.library.roots.entries import Entry
from modelyard.net.stop import Stop
from modelyard.tasks.task import Draft

from .library import flip, later, model, scanned


class Runs:
    """What a pickle of it would run."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("true",)


class Rests(Stop):
    """Counts the seconds that somebody wants to rest, and does not wait."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, seconds: float) -> None:
        self.check()
        self.seconds.append(seconds)


class Once(Caretaker):
    """Its rounds come at once."""

    def __init__(self, app: App) -> None:
        self.asked: list[Draft] = []
        super().__init__(app.stock, self.asked.append, lambda: None, app.stop)
        self._stop = self.rests = Rests()


@pytest.fixture
def rests() -> Rests:
    return Rests()


@pytest.fixture
def once(app: App) -> Once:
    return Once(app)


def test_a_gentle_scan_rests_as_long_as_it_works(
    app: App, root: Path, rests: Rests, monkeypatch: pytest.MonkeyPatch
) -> None:
    model(root / "a.safetensors")
    ticks = iter(range(0, 10_000, 7))
    monkeypatch.setattr("modelyard.jobs.scan.time.monotonic", lambda: float(next(ticks)))
    Scan(app.stock, rests, gentle=True).run()
    assert rests.seconds == [7.0], "one batch, begun and ended between two ticks"
    model(root / "b.safetensors", 1)
    Scan(app.stock, rests).run()
    assert len(rests.seconds) == 1


READERS: list[tuple[str, Callable[[App, Stop, bool], Any]]] = [
    (
        "measure",
        lambda app, stop, gentle: measure_models(app.stock, MeasureOptions(gentle=gentle), stop, lambda _: None),
    ),
    ("verify", lambda app, stop, gentle: verify_models(app.stock, VerifyOptions(gentle=gentle), stop, lambda _: None)),
]


@pytest.mark.parametrize(("busy", "gentle"), [(True, True), (False, True), (True, False)])
@pytest.mark.parametrize("read", [read for _, read in READERS], ids=[name for name, _ in READERS])
def test_whole_reads_rest_while_downloads_run_and_only_then(
    app: App, root: Path, rests: Rests, read: Callable[..., Any], busy: bool, gentle: bool
) -> None:
    path = model(root / "a.safetensors")
    with path.open("ab") as file:
        file.write(bytes(2 << 20))
    scanned(app)
    app.stock.busy = lambda: busy
    read(app, rests, gentle)
    assert bool(rests.seconds) == (busy and gentle)
    assert len(rests.seconds) in (0, 3), "after each mebibyte"


def test_hashes_are_measured_a_bunch_at_a_time_with_a_rest_after_each(app: App, root: Path, rests: Rests) -> None:
    for number in range(3):
        model(root / f"m{number}.safetensors", number)
    scanned(app)
    rounds = idle(app.stock, rests, 30.0)
    assert [next(rounds), next(rounds)] == [3, 0] and 0 < rests.seconds[0] <= 5.0
    next(rounds)
    assert rests.seconds[1:] == [30.0], "with nothing to do it waits longer"


@pytest.mark.parametrize("gentle", [True, False])
@pytest.mark.parametrize("read", [read for _, read in READERS], ids=[name for name, _ in READERS])
def test_the_disk_is_yielded_while_a_model_is_read_and_never_while_something_is_written(
    app: App, root: Path, rests: Rests, monkeypatch: pytest.MonkeyPatch, read: Callable[..., Any], gentle: bool
) -> None:
    model(root / "a.safetensors")
    scanned(app)
    told: list[str] = []
    monkeypatch.setattr(idle_disk, "yield_disk", lambda: told.append("yields") or True)
    monkeypatch.setattr(idle_disk, "as_always", lambda: told.append("as always"))
    app.stock.busy = lambda: bool(told.append("reads"))
    keep = app.stock.catalogue.measured
    app.stock.catalogue.measured = lambda *what, **how: (told.append("writes"), keep(*what, **how))[1]  # type: ignore[method-assign]
    read(app, rests, gentle)
    assert told == (["yields", "reads", "as always", "writes"] if gentle else ["writes"])


def moved(number: int, to: str, **options: object) -> Event:
    told = {"id": number, "kind": "scan", "options": options, "from": "queued", "to": to, "result": None}
    return Event(number, 0.0, "task.moved", told)


def again(once: Once) -> list[Any]:
    """Do all that waits; what was asked of the queue by that."""
    asked = len(once.asked)
    while not once._todo.empty():
        once._welcoming()
    return [one.payload for one in once.asked[asked:]]


def test_a_scan_that_follows_a_running_one_is_asked_again_after_its_end(once: Once) -> None:
    once.scan()
    once._hear(moved(1, "running"))
    once._hear(moved(2, "running", roots=["/far"]))
    once.scan("/far")  # the queue lets it follow the one that runs, which may be past what changed
    once.scan("/far")
    once._hear(moved(1, "done"))
    assert again(once) == [], "nobody asked for it while it ran"
    once._hear(moved(2, "done", roots=["/far"]))
    assert again(once) == [{"roots": ("/far",)}]
    once._hear(moved(3, "running", roots=["/far"]))
    once._hear(moved(3, "failed", roots=["/far"]))
    assert again(once) == []
    once._hear(moved(4, "running"))
    once.scan_asked(SCAN.draft(ScanOptions()))  # by a person, over REST
    once._hear(moved(4, "done"))
    assert again(once) == [{}], "all of them"


def test_models_are_counted_after_a_scan_before_somebody_asks(app: App, root: Path, once: Once) -> None:
    model(root / "a.safetensors")
    scanned(app)
    once._hear(moved(1, "running"))
    assert once._todo.empty()
    once._hear(moved(1, "done"))
    again(once)
    with app.stock.catalogue.database.reading() as db:
        cube, same = app.stock.catalogue.counted(db)
    assert same and cube.has_tags and (Asking(), True) in cube.told


def test_nothing_is_measured_where_its_owner_does_not_want_it(app: App, root: Path, once: Once) -> None:
    model(root / "a.safetensors")
    scanned(app)
    app.settings.set("library.measure", "false")
    once._measuring()
    assert once.rests.seconds == [30.0] and len(app.stock.catalogue.unmeasured()) == 1
    app.settings.set("library.measure", "true")
    app.stock.catalogue.measured = lambda *_, **__: app.settings.set("library.measure", "false") or True  # type: ignore[method-assign]
    once._measuring()
    assert once.rests.seconds[-1] == 30.0, "a round that began ends, and no other one begins"


def test_the_health_monitor_reads_what_is_due_and_tells_what_is_damaged(app: App, root: Path, once: Once) -> None:
    good, bad = model(root / "good.safetensors", 1), model(root / "bad.safetensors", 2)
    scanned(app)
    measure_models(app.stock, MeasureOptions(), app.stop, lambda _: None)
    told: list[Event] = []
    app.events.listen(told.append)
    app.settings.set("library.verify", "30")
    once._verifying()
    damaged = [one for one in told if one.kind == "library.damaged"]
    assert not damaged and all(one.checked for one in app.stock.catalogue.page(Asking()).models)
    flip(bad)
    once._verifying()
    assert not [one for one in told if one.kind == "library.damaged"], "both were read today"
    later(app, 31)
    once._verifying()
    (event,) = [one for one in told if one.kind == "library.damaged"]
    assert [one["path"] for one in event.data["findings"]] == [str(bad)]
    assert app.stock.catalogue.at(str(good)).health != "damaged"
    app.settings.set("library.verify", "0")
    checked = app.stock.catalogue.at(str(good)).checked
    later(app, 90)
    once._verifying()
    assert app.stock.catalogue.at(str(good)).checked == checked, "switched off"


def test_drives_of_the_network_are_scanned_and_no_other_ones(
    app: App, root: Path, tmp_path: Path, once: Once, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = tmp_path / "nas"
    far.mkdir()
    app.stock.entries.keep(Entry(path=str(far)))
    monkeypatch.setattr(module, "on_network", lambda path: path == far)
    once._network()
    (draft,) = once.asked
    assert draft.payload == {"roots": (str(far),)} and draft.kind == "scan"
    assert once.rests.seconds == [module._NETWORK]
    monkeypatch.setattr(module, "on_network", lambda _: False)
    once._network()
    assert len(once.asked) == 1


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[App]:
    with App({"MODELYARD_HOME": str(tmp_path / "yard")}) as app:
        app.settings.set("folder", str(tmp_path / "models"))
        yield app


def test_a_model_that_arrives_where_downloads_go_makes_that_folder_one_of_the_library(fresh: App) -> None:
    path = model(usual_folder(fresh.settings) / "ink" / "a.safetensors")
    caretaker = Once(fresh)
    caretaker._welcome([str(path)])
    assert [entry.path for entry in fresh.stock.entries.all()] == [str(usual_folder(fresh.settings))]
    assert fresh.stock.catalogue.at(str(path)).name == "a"
    assert "scan" in [draft.kind for draft in caretaker.asked], "what lay there before is found, too"


@pytest.mark.parametrize(
    "why", ["no model", "elsewhere", "held", "a ComfyUI", "a ComfyUI below", "not wanted", "too much"]
)
def test_no_other_arrival_changes_the_folders_of_the_library(fresh: App, tmp_path: Path, why: str) -> None:
    usual = usual_folder(fresh.settings)
    path = model((tmp_path / "other" if why == "elsewhere" else usual / "loras") / "a.safetensors")
    if why == "no model":
        path = path.rename(path.with_suffix(".md"))
    if why == "held":
        fresh.stock.entries.keep(Entry(path=str(path.parent), folder="loras"))
    if why.startswith("a ComfyUI"):  # what lies beside its models is in none of its folders
        comfy = usual / "ComfyUI" if "below" in why else usual
        for name in ("main.py", "folder_paths.py", "comfy"):
            (comfy / name).mkdir(parents=True)
        fresh.stock.entries.keep(Entry(path=str(comfy), comfy=True, read_only=True))
    if why == "not wanted":
        fresh.settings.set("library.adopt", "off")
    if why == "too much":
        fresh.settings.set("folder", "/")
    before = fresh.stock.entries.all()
    Once(fresh)._welcome([str(path)])
    assert fresh.stock.entries.all() == before


def half(app: App, path: Path) -> int:
    """A model of which SHA-256 alone is known, as after a download that had no core to spare; its number."""
    verify(app.yard, path)
    scanned(app)
    return app.stock.catalogue.at(str(path)).id


@pytest.fixture
def told(app: App) -> list[Event]:
    """Everything that is announced from now on."""
    found: list[Event] = []
    app.events.listen(found.append)
    return found


def test_hashes_that_a_download_gave_up_are_measured_once_it_has_settled(app: App, root: Path, once: Once) -> None:
    path = model(root / "a.safetensors")
    number = half(app, path)

    def lacks() -> bool:
        (file,) = app.stock.catalogue.files(number)
        assert file.sha256
        return not (file.blake3 and file.tensors)

    once._verifying()
    assert lacks(), "who just fetched it wants the disk for loading it"
    later(app, 2 / 24)
    app.settings.set("library.measure", "false")
    once._verifying()
    assert lacks(), "switched off"
    app.settings.set("library.measure", "true")
    once._verifying()
    assert not lacks()
    assert app.stock.catalogue.half_measured(app.stock.wall() + 1, 3600) == [], "once"
    proof = app.yard.proofs.of(path)
    assert proof is not None and proof.measured.keys() >= {"sha256", "blake3", "tensor-sha256"}, (
        "kept with the file, too"
    )


def test_a_hash_of_the_tensors_alone_that_was_given_up_is_measured(app: App, root: Path, once: Once) -> None:
    path = model(root / "a.safetensors")
    verify(app.yard, path, also=["blake3"])  # CivitAI claims it, and not always that of the tensors
    scanned(app)
    later(app, 2 / 24)
    once._verifying()
    (file,) = app.stock.catalogue.files(app.stock.catalogue.at(str(path)).id)
    assert file.tensors


def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of files that are read whole from now on."""
    found: list[str] = []
    real = checking.verify
    monkeypatch.setattr(
        checking, "verify", lambda yard, path, **how: found.append(path.name) or real(yard, path, **how)
    )
    return found


@pytest.mark.parametrize("unsafe", [False, True])
def test_a_damaged_model_that_lacks_hashes_is_read_and_told_once(
    app: App, root: Path, once: Once, told: list[Event], monkeypatch: pytest.MonkeyPatch, *, unsafe: bool
) -> None:
    path = root / "a.pt"
    if unsafe:
        path.write_bytes(pickle.dumps(Runs()) + bytes(100))
    else:
        model(path)
    number = half(app, path)
    sha256 = app.stock.catalogue.get(number).sha256
    flip(path)
    read = reads(monkeypatch)
    for _ in range(4):
        later(app, 2 / 24)
        once._verifying()
    assert read == ["a.pt"]
    assert [one.kind for one in told].count("library.damaged") == 1
    assert app.stock.catalogue.get(number).sha256 == sha256, "it keeps what it had"


def test_a_model_that_cannot_be_read_to_its_end_is_not_read_again_and_again(
    app: App, root: Path, once: Once, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards = [model(root / f"m-0000{at}-of-00003.safetensors", at) for at in (1, 2, 3)]
    for shard in shards:
        verify(app.yard, shard)
    scanned(app)
    real = checking.verify

    def broken(yard: Any, path: Path, **how: Any) -> Any:
        if path == shards[2]:
            raise DiskFailed("A bad sector.")
        return real(yard, path, **how)

    monkeypatch.setattr(checking, "verify", broken)
    read = reads(monkeypatch)
    for _ in range(4):
        later(app, 2 / 24)
        once._verifying()
    assert read == [shard.name for shard in shards]


def test_models_of_a_drive_that_is_away_keep_nobody_waiting_and_are_measured_when_it_is_back(
    app: App, root: Path, once: Once, told: list[Event]
) -> None:
    away = [model(root / f"away {number}.safetensors", number) for number in range(25)]
    here = model(root / "z.safetensors", 99, larger="x" * 5000)
    for path in (*away, here):
        verify(app.yard, path)
    scanned(app)
    root.rename(root.with_name("drive"))
    root.mkdir()
    shutil.copy2(root.with_name("drive") / here.name, here)
    later(app, 2 / 24)
    once._verifying()
    assert "library.damaged" not in {one.kind for one in told}
    shutil.rmtree(root)
    root.with_name("drive").rename(root)
    for _ in range(2):
        once._verifying()
    assert app.stock.catalogue.half_measured(app.stock.wall(), 3600) == []
