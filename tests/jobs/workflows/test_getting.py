"""Getting what a plan found, in this process: what fails, and what a stranger's words cannot do."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.library import library, model, scanned
from jobs.workflows.made import at, one, planned, told
from modelyard.app import App
from modelyard.errors import AddressForbidden, DiskFull, Stopped
from modelyard.jobs.addressing import forget
from modelyard.jobs.download import Download
from modelyard.jobs.measuring import MEASURE
from modelyard.jobs.wish import Planned, Wish
from modelyard.jobs.workflows.building import resolver
from modelyard.jobs.workflows.getting import Getting, Got, check_room
from modelyard.jobs.workflows.places import Places
from modelyard.jobs.workflows.plan import Plan, Room
from modelyard.library.roots.entries import Entry
from modelyard.net.stop import Stop
from modelyard.testing import PracticeHub

SIZE = 100_000


@pytest.fixture
def asking(hub: PracticeHub, tmp_path: Path) -> Iterator[App]:
    """An App that asks the practice hub, with a root for LoRAs."""
    with library(tmp_path, **hub.env(), MODELYARD_RETRY_RETRIES="0") as (app, _):
        yield app


@contextlib.contextmanager
def unseen(_download: Download, _planned: list[Planned]) -> Iterator[Callable[[], None]]:
    yield lambda: None


def got(app: App, *rows: dict[str, Any], search: bool = True, link: bool = False) -> list[Got]:
    made = resolver(app.yard, Places(app.stock.roots()), app.stock.catalogue, app.stop, search=search)
    made.plan(rows)
    return list(Getting(app.yard, made, unseen, link).run())


def test_what_arrives_is_proven_and_a_second_run_fetches_nothing(asking: App, hub: PracticeHub, tmp_path: Path) -> None:
    hub.hf.add_repo("me/m", {"x.safetensors": SIZE})
    row = told("sub\\x.safetensors", url=at("me/m", "x.safetensors"))
    (one,) = got(asking, row)
    assert (one.model.state, one.model.verified, one.model.path) == (
        "here",
        True,
        f"{tmp_path}/loras/sub/x.safetensors",
    )
    assert one.model.lists_as == "sub/x.safetensors"
    (again,) = got(asking, row)
    assert (again.model.state, again.outcome) == ("here", None)


@pytest.mark.parametrize("name", ["x.safetensors", "x.gguf"])
def test_a_short_hash_is_compared_with_what_arrived(asking: App, hub: PracticeHub, tmp_path: Path, name: str) -> None:
    asking.lan_hubs.add(hub.url)
    url = hub.add_file(name, SIZE)
    sha256 = hub.content(name).sha256
    (wrong,) = got(asking, told(name, url=url, hash="0123456789"))
    assert (wrong.model.state, wrong.model.verified, wrong.error) == ("differs", False, None)
    assert (tmp_path / "loras" / name).stat().st_size == SIZE, "what was fetched is kept, and said to be another"
    (tmp_path / "loras" / name).unlink()
    (right,) = got(asking, told(name, url=url, hash=sha256[:10]))
    assert (right.model.state, right.model.verified) == ("here", True)


def test_a_pinned_hash_is_proven_whatever_the_hub_claims(asking: App, hub: PracticeHub, tmp_path: Path) -> None:
    asking.lan_hubs.add(hub.url)
    url = hub.add_file("x.safetensors", SIZE)
    (wrong,) = got(asking, told("x.safetensors", url=url, hash="1" * 64))
    assert (wrong.model.state, wrong.model.error) == ("found", "hash-differs")
    assert not (tmp_path / "loras/x.safetensors").exists()
    (right,) = got(asking, told("x.safetensors", url=url, hash=hub.content("x.safetensors").sha256))
    assert (right.model.state, right.model.verified) == ("here", True)


def test_a_login_that_is_wanted_while_fetching_is_a_gate(asking: App, hub: PracticeHub) -> None:
    hub.civitai.login_for_all = True
    row = told("x.safetensors", url="https://civitai.com/models/100")
    (one,) = got(asking, row)
    assert (one.model.state, one.model.error) == ("gated", "login-needed")
    assert one.model.gate


def test_a_pickle_that_runs_code_stays_in_quarantine(asking: App, hub: PracticeHub, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return print, ("run",)

    hub.hf.add_repo("me/m", {"x.pt": pickle.dumps({"w": Evil()})})
    (one,) = got(asking, told("x.pt", url=at("me/m", "x.pt")))
    assert (one.model.state, one.model.error) == ("found", "unsafe-pickle")
    assert not (tmp_path / "loras/x.pt").exists()


def test_an_address_that_a_document_names_cannot_fetch_from_the_local_network(
    asking: App, hub: PracticeHub, tmp_path: Path
) -> None:
    url = hub.add_file("x.safetensors", SIZE)
    download = Download(asking.yard, Wish([url], str(tmp_path / "x.safetensors"), told=True), forget)
    (outcome,) = download.run(download.plan())
    assert isinstance(outcome.error, AddressForbidden)
    assert len(hub.log) == 0
    typed = Download(asking.yard, Wish([url], str(tmp_path / "x.safetensors")), forget)
    assert typed.run(typed.plan())[0].error is None


def test_one_failure_does_not_stop_the_others(asking: App, hub: PracticeHub) -> None:
    hub.hf.add_repo("me/m", {"bad.safetensors": SIZE, "good.safetensors": SIZE})
    hub.faults.use("s500forever", "me/m/bad.safetensors")
    rows = [told(f"{name}.safetensors", url=at("me/m", f"{name}.safetensors")) for name in ("bad", "good")]
    assert [one.model.state for one in got(asking, *rows)] == ["found", "here"]


MIRROR = "https://modelscope.cn/models/you/m/resolve/master/{}"


def watched(app: App, rows: list[dict[str, Any]], tick: Callable[[Download], None]) -> list[Got]:
    """What becomes of rows while somebody looks ten times a second."""

    @contextlib.contextmanager
    def showing(download: Download, _planned: list[Planned]) -> Iterator[Callable[[], None]]:
        yield lambda: tick(download)

    made = resolver(app.yard, Places(app.stock.roots()), app.stock.catalogue, app.stop, search=True)
    made.plan(rows)
    return list(Getting(app.yard, made, showing).run())


def test_several_models_are_fetched_at_once_and_told_in_the_order_of_the_plan(asking: App, hub: PracticeHub) -> None:
    names = [f"{name}.safetensors" for name in "cab"]
    hub.hf.add_repo("me/m", {name: SIZE * (4 - at) for at, name in enumerate(names)})
    hub.faults.speed = 100_000
    most = 0

    def tick(download: Download) -> None:
        nonlocal most
        most = max(most, sum(one.received > 0 for one in download.snapshots()))

    told_of = watched(asking, [told(name, url=at("me/m", name)) for name in names], tick)
    assert most == 3
    assert [(one.model.name, one.model.state) for one in told_of] == [(name, "here") for name in names]


def test_the_next_place_is_asked_while_the_others_are_still_on_their_way(asking: App, hub: PracticeHub) -> None:
    content = os.urandom(SIZE)
    hub.hf.add_repo("me/m", {"x.safetensors": content, "slow.safetensors": SIZE})
    hub.modelscope.add_repo("you/m", {"x.safetensors": content})
    hub.faults.use("s500forever", "me/m/x.safetensors")
    hub.faults.speed = 50_000
    seen = []

    def tick(download: Download) -> None:
        if any("you/m" in request.path for request in hub.log):
            seen.append([one.name for one in download.snapshots()])
            hub.faults.speed = None

    rows = [told(f"{name}.safetensors", url=at("me/m", f"{name}.safetensors")) for name in ("x", "slow")]
    rows[0]["mirrors"] = [MIRROR.format("x.safetensors")]
    first, second = watched(asking, rows, tick)
    assert (first.model.state, first.model.hub, first.model.verified) == ("here", "modelscope", True)
    assert second.model.state == "here"
    assert "slow.safetensors" in seen[0]


def test_a_place_that_breaks_for_good_is_asked_once_and_its_own_failure_is_told(asking: App, hub: PracticeHub) -> None:
    hub.hf.add_repo("me/m", {"x.safetensors": SIZE})
    hub.modelscope.add_repo("you/m", {"x.safetensors": SIZE})
    hub.faults.use("s500forever", "*/x.safetensors")
    (one,) = got(
        asking, told("x.safetensors", url=at("me/m", "x.safetensors"), mirrors=[MIRROR.format("x.safetensors")])
    )
    assert (one.model.state, one.model.error, one.model.hub) == ("found", "server-failed", "huggingface")


def test_two_models_of_one_name_are_not_fetched_over_each_other(asking: App, hub: PracticeHub) -> None:
    files = {"me/one": os.urandom(SIZE), "me/two": os.urandom(SIZE)}
    for repo, content in files.items():
        hub.hf.add_repo(repo, {"x.safetensors": content})
    rows = [
        told("x.safetensors", url=at(repo, "x.safetensors"), hash=hashlib.sha256(content).hexdigest())
        for repo, content in files.items()
    ]
    first, second = got(asking, *rows)
    assert (first.model.state, first.model.size) == ("here", SIZE)
    assert (second.model.state, second.error) == ("unresolved", None)
    assert "me/one" in second.model.why


def test_what_a_stopped_run_left_counts_when_room_is_looked_at(asking: App, hub: PracticeHub) -> None:
    size = 32 * 2**20
    hub.hf.add_repo("me/m", {"x.safetensors": size})
    hub.faults.speed = 8_000_000
    row = told("x.safetensors", url=at("me/m", "x.safetensors"))

    def tick(download: Download) -> None:
        if any(one.done > 4 * 2**20 for one in download.snapshots()):
            download.stop.set("enough")

    with pytest.raises(Stopped):
        watched(asking, [row], tick)
    (room,) = planned(asking, row).room
    assert 0 < room.needed <= size - 2 * 2**20


@pytest.mark.parametrize("search", [False, True])
@pytest.mark.parametrize(
    "more", [{}, {"url": at("me/m", "x.safetensors")}, {"url": at("org/gated", "model.safetensors")}]
)
def test_bytes_that_are_here_are_told_and_get_the_name_whether_or_not_a_hub_can_be_asked(
    asking: App, hub: PracticeHub, tmp_path: Path, search: bool, more: dict[str, str]
) -> None:
    twin = model(tmp_path / "vae/mine.safetensors")
    asking.stock.entries.keep(Entry(path=str(tmp_path / "vae"), folder="vae"))
    scanned(asking)
    MEASURE.do(asking.stock, MEASURE.options(), Stop(), lambda _: None)
    row = told("x.safetensors", hash=hashlib.sha256(twin.read_bytes()).hexdigest(), **more)
    hub.faults.use("s500forever", "*me/m*")
    hub.faults.use("s500forever", "*by-hash*")
    planned = one(asking, row, search=search)
    assert (planned.state in ("found", "gated", "unresolved"), planned.twin) == (True, str(twin))
    assert "--link" in planned.steps[0]
    (linked,) = got(asking, row, search=search, link=True)
    assert (linked.model.state, linked.model.verified, linked.error) == ("here", True, None)
    assert (tmp_path / "loras/x.safetensors").read_bytes() == twin.read_bytes()


def test_too_little_room_is_refused_with_numbers() -> None:
    with pytest.raises(DiskFull) as refused:
        check_room(Plan((), 0, 0, (Room("/x", 5_000_000, 1_000_000, fits=False),), complete=False))
    assert (refused.value.facts["needed"], refused.value.facts["free"]) == (5_000_000, 1_000_000)
    check_room(Plan((), 0, 0, (Room("/x", 5, None, fits=True),), complete=False))
