"""Where models can be had: the order of places, what is passed over, and limits."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.library import library, model, scanned
from jobs.workflows.made import at, one, planned, told
from modelyard.app import App
from modelyard.jobs.measuring import MEASURE
from modelyard.jobs.workflows.questions import Questions
from modelyard.library.roots.entries import Entry
from modelyard.net.stop import Stop
from modelyard.programs.workflows.wellknown import known
from modelyard.testing import PracticeHub
from modelyard.testing.workflows import HOME

SIZE = 200_000
(NAMED_ONCE,) = known("ace_1.5_vae.safetensors")


@pytest.fixture
def asking(hub: PracticeHub, tmp_path: Path) -> Iterator[App]:
    """An App that asks the practice hub once only, with roots for LoRAs and VAEs."""
    with library(tmp_path, **hub.env(), MODELYARD_RETRY_RETRIES="0") as (app, _):
        (tmp_path / "vae").mkdir()
        app.stock.entries.keep(Entry(path=str(tmp_path / "vae"), folder="vae"))
        yield app


def test_the_address_in_the_workflow_comes_first_and_the_name_of_the_workflow_stays(
    asking: App, hub: PracticeHub, tmp_path: Path
) -> None:
    hub.hf.add_repo("me/m", {"files/other-name.safetensors": SIZE}, cardData={"license": "mit"})
    found = one(asking, told("mine.safetensors", url=at("me/m", "files/other-name.safetensors")))
    assert (found.state, found.size, found.hub, found.licence) == ("found", SIZE, "huggingface", "mit")
    assert found.target == str(tmp_path / "loras/mine.safetensors")
    assert len(found.hash) == 64
    assert "address" in found.why


def test_where_its_bytes_are_is_told_though_its_folder_has_no_root(
    asking: App, hub: PracticeHub, tmp_path: Path
) -> None:
    body = model(tmp_path / "mixed/mine.safetensors", 7).read_bytes()
    hub.hf.add_repo("me/m", {"x.safetensors": body})
    asking.stock.entries.keep(Entry(path=str(tmp_path / "mixed")))
    row = told("x.safetensors", "gligen", url=at("me/m", "x.safetensors"))
    assert "folder of your own" in one(asking, row).steps[1]
    scanned(asking)
    MEASURE.do(asking.stock, MEASURE.options(), Stop(), lambda _: None)
    found = one(asking, row)
    assert (found.state, found.twin) == ("unresolved", str(tmp_path / "mixed/mine.safetensors"))
    assert found.why.startswith("Its bytes are here") and "No root for gligen is known." in found.why
    assert len(found.steps) == 1 and "roots add" in found.steps[0]
    assert found.candidates[0].path == found.twin and not found.fetched
    for name in ("main.py", "folder_paths.py", "comfy"):
        assert planned(asking, row).notes == ()
        (tmp_path / "mixed" / name).mkdir()
    assert ["is a ComfyUI that is registered as one mixed folder" in note for note in planned(asking, row).notes] == [
        True
    ]


def test_a_dead_address_leads_to_the_mirror(asking: App, hub: PracticeHub) -> None:
    hub.modelscope.add_repo("me/m", {"x.safetensors": SIZE})
    mirror = "https://modelscope.cn/models/me/m/resolve/master/x.safetensors"
    for dead in (
        at("no/repo", "x.safetensors"),
        at("org/repo", "none.safetensors"),
        at("org/gated", "none.safetensors"),
    ):
        found = one(asking, told("x.safetensors", url=dead, mirrors=["https://nonsense", mirror]))
        assert (found.state, found.hub) == ("found", "modelscope")
        assert "mirror" in found.why


def test_a_gated_model_is_told_with_its_page_unless_a_mirror_is_open(asking: App, hub: PracticeHub) -> None:
    row = told("g.safetensors", "vae", url=at("org/gated", "model.safetensors"))
    found = one(asking, row)
    assert (found.state, found.error, found.hub) == ("gated", "login-needed", "huggingface")
    assert found.gate.endswith("/org/gated")
    hub.modelscope.add_repo("me/m", {"g.safetensors": SIZE})
    row["mirrors"] = ["https://modelscope.cn/models/me/m/resolve/master/g.safetensors"]
    assert one(asking, row).state == "found"


@pytest.mark.parametrize(("number", "code"), [(104, "early-access"), (105, "login-needed")])
def test_civitai_s_gates_are_seen_before_a_byte(asking: App, number: int, code: str) -> None:
    found = one(asking, told("q.safetensors", url=f"https://civitai.com/models/{number}"))
    assert (found.state, found.error) == ("gated", code)


def test_an_address_whose_bytes_contradict_the_hash_is_passed_over(asking: App, hub: PracticeHub) -> None:
    hub.hf.add_repo("me/m", {"x.safetensors": SIZE})
    found = one(asking, told("x.safetensors", url=at("me/m", "x.safetensors"), hash="0" * 64))
    assert found.state == "unresolved"
    assert "other bytes than the hash" in found.why


@pytest.mark.parametrize("kind", ["SHA256", "AutoV2", "AutoV3"])
def test_hubs_find_files_by_every_sure_hash(asking: App, hub: PracticeHub, kind: str, tmp_path: Path) -> None:
    value = hub.civitai.models[100].versions[1].files[0].hashes[kind].lower()
    found = one(asking, told("inkwash", hash=value))
    assert (found.state, found.hub) == ("found", "civitai")
    assert found.target == str(tmp_path / "loras/inkwash.safetensors")


def test_many_hashes_are_one_question(asking: App, hub: PracticeHub) -> None:
    hashes = [hub.civitai.models[number].versions[0].files[0].hashes["SHA256"].lower() for number in (101, 108, 110)]
    plan = planned(asking, *(told(f"m{at}", hash=value) for at, value in enumerate(hashes)))
    assert {found.state for found in plan.models} == {"found"}
    assert sum("by-hash" in request.path for request in hub.log) == 1


def test_the_short_old_hash_gives_candidates_only(asking: App, hub: PracticeHub) -> None:
    value = hub.civitai.models[100].versions[1].files[0].hashes["AutoV1"].lower()
    found = one(asking, told("some", hash=value))
    assert found.state == "unresolved"
    assert found.candidates[0].address.startswith("civitai:100@201")


def test_a_number_of_civitai_gives_name_and_folder(asking: App, tmp_path: Path) -> None:
    for address in ("civitai:@201", "urn:air:sdxl:lora:civitai:100@201"):
        found = one(asking, told(None, None, address=address))
        assert (found.state, found.target) == ("found", str(tmp_path / "loras/practice_lora.safetensors"))


def test_the_index_knows_what_templates_use(asking: App, hub: PracticeHub) -> None:
    repo, _, path = NAMED_ONCE.url.removeprefix(f"{HOME}/").partition("/resolve/main/")
    hub.hf.add_repo(repo, {path: SIZE})
    found = one(asking, told(NAMED_ONCE.name, None))
    assert (found.state, found.why) == ("found", "ComfyUI's own templates use it.")
    assert found.target.endswith(f"/vae/{NAMED_ONCE.name}")


def test_a_name_of_several_files_is_the_one_that_most_of_them_are(asking: App, hub: PracticeHub) -> None:
    places = [each.url.removeprefix(f"{HOME}/").partition("/resolve/main/") for each in known("ae.safetensors")]
    assert len(places) == 3
    contents = [b"1" * 5000, b"1" * 5000, b"2" * 5000]
    for (repo, _, path), content in zip(places, contents, strict=True):
        hub.hf.add_repo(repo, {path: content})
    found = one(asking, told("ae.safetensors", "vae"))
    assert found.state == "found"
    assert "2 of 3" in found.why
    hub.hf.add_repo(places[0][0], {places[0][2]: b"3" * 5000})
    with App({**asking.environ, "MODELYARD_CACHE": "0"}) as fresh:
        found = one(fresh, told("ae.safetensors", "vae"))
    assert (found.state, len(found.candidates)) == ("unresolved", 3)
    right = hashlib.sha256(b"2" * 5000).hexdigest()
    assert one(asking, told("ae.safetensors", "vae", hash=right)).hash == right


def test_a_search_fetches_the_strong_and_tells_the_weak(asking: App, hub: PracticeHub) -> None:
    hub.hf.add_repo("black-forest-labs/yard-vae", {"vae/yard-vae.safetensors": SIZE})
    hub.hf.add_repo("someone/dock-vae", {"dock-vae.safetensors": SIZE})
    strong, weak = planned(asking, told("yard-vae.safetensors", "vae"), told("dock-vae.safetensors", "vae")).models
    assert (strong.state, strong.hub) == ("found", "huggingface")
    assert weak.state == "unresolved"
    assert [one.title for one in weak.candidates] == ["someone/dock-vae/dock-vae.safetensors"]
    assert "very name" in weak.candidates[0].why


@pytest.mark.parametrize(
    "host", ["http://127.0.0.1:1", "http://169.254.169.254", "http://[::1]:1", "http://localhost:1"]
)
def test_a_stranger_s_address_never_leads_into_the_local_network(asking: App, host: str) -> None:
    found = one(asking, told("x.safetensors", url=f"{host}/x.safetensors"))
    assert found.state == "unresolved"
    assert "local network" in found.why


def test_a_registered_host_of_the_local_network_may_be_asked(asking: App, hub: PracticeHub) -> None:
    url = hub.add_file("x.safetensors", SIZE)
    assert one(asking, told("x.safetensors", url=url)).state == "unresolved"
    assert "files/x.safetensors" not in {request.path.strip("/") for request in hub.log}
    asking.lan_hubs.add(hub.url)
    found = one(asking, told("x.safetensors", url=url))
    assert (found.state, found.size) == ("found", SIZE)


def test_no_key_in_a_workflow_s_address_is_kept_or_told(asking: App, hub: PracticeHub) -> None:
    url = "https://civitai.com/api/download/models/201?token=" + "a" * 32
    found = one(asking, told("x.safetensors", url=url))
    assert found.state == "found"
    assert "token" not in found.address
    assert not asking.keys.has("civitai")


def test_a_dead_hub_spoils_nothing_else_and_is_told(asking: App, hub: PracticeHub, tmp_path: Path) -> None:
    (tmp_path / "loras/here.safetensors").write_bytes(b"x")
    hub.close()
    plan = planned(asking, told("here.safetensors"), told("x.safetensors", url=at("me/m", "x.safetensors")))
    assert [found.state for found in plan.models] == ["here", "unresolved"]
    assert plan.models[1].error == "unreachable"
    assert any("huggingface could not be asked" in note for note in plan.notes)


def test_while_the_named_hub_is_away_nothing_else_is_taken_for_the_file(asking: App, hub: PracticeHub) -> None:
    hub.modelscope.add_repo("Comfy-Org/yard-vae", {"vae/yard-vae.safetensors": SIZE})
    row = told("yard-vae.safetensors", "vae", url=at("me/m", "yard-vae.safetensors"))
    assert one(asking, row).hub == "modelscope"
    with App({**asking.environ, "HF_ENDPOINT": "http://127.0.0.1:9"}) as away:
        found = one(away, row)
    assert (found.state, found.error, found.address) == ("unresolved", "unreachable", row["url"])


def test_kept_answers_are_used_offline_and_only_those(asking: App, hub: PracticeHub) -> None:
    hub.modelscope.add_repo("me/m", {"x.safetensors": SIZE})
    known = told("x.safetensors", url="https://modelscope.cn/models/me/m/resolve/master/x.safetensors")
    other = told("y.safetensors", url="https://modelscope.cn/models/me/n/resolve/master/y.safetensors")
    assert one(asking, known).state == "found"
    asked = len(hub.log)
    with App(asking.environ, offline=True) as offline:
        states = [found.state for found in planned(offline, other, known).models]
    assert (states, len(hub.log)) == (["unresolved", "found"], asked)


def test_what_takes_too_long_is_told_as_that(asking: App, hub: PracticeHub) -> None:
    hub.hf.add_repo("me/m", {"x.safetensors": SIZE})
    found = one(asking, told("x.safetensors", url=at("me/m", "x.safetensors")), seconds=0)
    assert (found.state, found.error, len(hub.log)) == ("unresolved", "waiting", 0)
    assert "Ask again" in found.steps[-1]


def test_the_time_for_questions_begins_with_the_first_one(asking: App) -> None:
    now = [1000.0]
    asked = Questions(asking.yard, asking.stop, seconds=30, clock=lambda: now[0])
    now[0] += 600  # files are read whole before hubs are asked
    assert asked.spread(str, [1], lambda _: "late") == ["1"]
    now[0] += 31
    answered = threading.Event()
    assert asked.spread(lambda _: str(answered.wait(10)), [1], lambda _: "late") == ["late"]
    answered.set()


def test_questions_are_counted(asking: App, hub: PracticeHub) -> None:
    asked = Questions(asking.yard, asking.stop, most=2)
    for _ in range(5):
        asked.search("model", 5)
    assert len({request.path for request in hub.log}) <= 3
    assert len(hub.log) <= 6


def test_two_models_of_one_name_are_both_told_and_the_second_is_never_taken_for_the_first(
    asking: App, hub: PracticeHub, tmp_path: Path
) -> None:
    for seed, repo in enumerate(("me/one", "me/two")):
        hub.hf.add_repo(repo, {"model.safetensors": model(tmp_path / repo, seed).read_bytes()})
    rows = [told("model.safetensors", url=at(f"me/{repo}", "model.safetensors")) for repo in ("one", "two")]
    first, second = planned(asking, *rows).models
    assert (first.state, second.state, second.target) == ("found", "unresolved", "")
    assert "me/one" in second.why
    assert "me/two" in second.steps[0]
    model(tmp_path / "loras/model.safetensors")
    scanned(asking)
    MEASURE.do(asking.stock, MEASURE.options(), Stop(), lambda _: None)
    assert [one.state for one in planned(asking, *rows).models] == ["here", "unresolved"]
    assert [one.state for one in planned(asking, *rows, search=False).models] == ["here", "likely"]


def test_of_two_models_of_one_name_the_one_that_can_be_had_is_fetched_and_the_other_not_taken_for_it(
    asking: App, hub: PracticeHub, tmp_path: Path
) -> None:
    hub.hf.add_repo("me/two", {"model.safetensors": model(tmp_path / "two").read_bytes()})
    rows = [told("model.safetensors", url=at(f"me/{repo}", "model.safetensors")) for repo in ("gone", "two")]
    assert [one.state for one in planned(asking, *rows).models] == ["unresolved", "found"]
    model(tmp_path / "loras/model.safetensors")
    scanned(asking)
    MEASURE.do(asking.stock, MEASURE.options(), Stop(), lambda _: None)
    assert [one.state for one in planned(asking, *rows).models] == ["likely", "here"]


def test_two_places_with_the_same_bytes_are_one_model(asking: App, hub: PracticeHub, tmp_path: Path) -> None:
    for repo in ("me/one", "me/two"):
        hub.hf.add_repo(repo, {"model.safetensors": model(tmp_path / repo).read_bytes()})
    rows = [told("model.safetensors", url=at(f"me/{repo}", "model.safetensors")) for repo in ("one", "two")]
    assert [one.state for one in planned(asking, *rows).models] == ["found", "found"]
    model(tmp_path / "loras/model.safetensors")
    scanned(asking)
    MEASURE.do(asking.stock, MEASURE.options(), Stop(), lambda _: None)
    plan = planned(asking, *rows)
    assert ([one.state for one in plan.models], plan.complete) == (["here", "here"], True)


def test_a_hundred_thousand_models_are_a_plan_in_seconds(asking: App) -> None:
    begun = time.monotonic()
    plan = planned(asking, *(told(f"m{number}.safetensors") for number in range(100_000)), search=False)
    assert (len(plan.models), plan.complete) == (100_000, False)
    assert time.monotonic() - begun < 60


def test_room_is_counted_once_for_each_file(asking: App, hub: PracticeHub) -> None:
    hub.hf.add_repo("me/m", {"x.safetensors": SIZE})
    row = told("x.safetensors", url=at("me/m", "x.safetensors"))
    plan = planned(asking, row, dict(row), told("y.safetensors", url=at("me/m", "x.safetensors")))
    assert [room.needed for room in plan.room] == [2 * SIZE]
    assert plan.room[0].fits


def test_without_asking_the_plan_says_what_the_workflow_says(asking: App, hub: PracticeHub) -> None:
    found = one(asking, told("x.safetensors", url=at("me/m", "x.safetensors")), search=False)
    assert (found.state, found.address, len(hub.log)) == ("found", at("me/m", "x.safetensors"), 0)
    assert "No hub was asked" in found.why
