"""The queue over the routes, dispatched in this process, with the real database and the practice hub."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelyard.app import App
from modelyard.jobs.hooks.entries import Hook
from modelyard.server.inside import call
from modelyard.tasks.moving import Move
from modelyard.tasks.states import State
from modelyard.tasks.task import Draft
from modelyard.testing import PracticeHub

SIZE = 200_000


class Face:
    """Sends requests and unpacks what comes back."""

    def __init__(self, app: App) -> None:
        self.app = app

    def __call__(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        code, told = call(self.app, method, f"/api/v1{path}", body)
        assert code == status, (code, told)
        return told

    def add(self, *addresses: str, **shared: Any) -> list[int]:
        return self("POST", "/tasks", {"addresses": addresses, "shared": shared}, 201)["ids"]

    def until(self, number: int, state: str) -> Any:
        end = time.monotonic() + 20
        while (task := self("GET", f"/tasks/{number}"))["state"] != state:
            assert time.monotonic() < end, task
            self.app.events.wait(self.app.events.newest, 0.1)
        return task


@pytest.fixture(params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest, hub: PracticeHub, tmp_path: Path) -> Iterator[App]:
    """Every query of these routes runs on both databases."""
    hub.hf.add_repo("me/model", {"m.safetensors": SIZE, "n.safetensors": SIZE})
    url = request.getfixturevalue("postgres").database() if request.param == "postgresql" else ""
    flags = {"retry.first": "0.05", "folder": str(tmp_path / "models"), "database": url}
    with App({**os.environ, **hub.env()}, flags=flags) as app:
        yield app


@pytest.fixture
def face(app: App) -> Face:
    return Face(app)


def test_an_address_is_queued_runs_and_stands_in_history(face: Face, app: App, tmp_path: Path) -> None:
    (number,) = face.add("hf:me/model/m.safetensors")
    assert face("GET", "/tasks")["tasks"][0]["state"] == "queued"
    app.runner.start()
    task = face.until(number, "done")
    assert task["result"]["files"][0]["path"] == str(tmp_path / "models" / "m.safetensors")
    assert [step["after"] for step in face("GET", f"/tasks/{number}/steps")] == ["queued", "running", "done"]
    assert [one["id"] for one in face("GET", "/history")["tasks"]] == [number]
    told = face("GET", "/statistics")
    assert told["done"] == 1 and told["bytes"] >= SIZE and told["days"][0]["hub"] == "huggingface"


def test_a_refusal_is_told_with_its_exchange_in_the_error_and_on_the_way(
    face: Face, app: App, hub: PracticeHub
) -> None:
    hub.hf.add_repo("me/gated", {"m.safetensors": SIZE}, gated="auto")
    (number,) = face.add("hf:me/gated/m.safetensors")
    app.runner.start()
    exchange = face.until(number, "failed")["error"]["facts"]["exchange"]
    assert exchange["status"] in (401, 403) and "/me/gated/" in exchange["url"] and "?" not in exchange["url"]
    assert exchange["headers"]["x-error-code"] == "GatedRepo"
    steps = face("GET", f"/tasks/{number}/steps")
    assert steps[-1]["exchange"] == exchange and steps[0]["exchange"] is None


def test_what_cannot_be_read_is_told_and_the_rest_is_queued(face: Face) -> None:
    told = face("POST", "/tasks", {"addresses": ["hf:me/model", "nonsense here"]}, 201)
    assert len(told["ids"]) == 1
    assert told["refused"][0]["error"]["code"] == "bad-address"


def test_a_single_bad_address_is_a_problem(face: Face) -> None:
    assert face("POST", "/tasks", {"addresses": ["nonsense here"]}, 400)["code"] == "bad-address"
    assert face("POST", "/tasks", {}, 400)["hint"]
    assert face("GET", "/tasks")["tasks"] == []


def test_each_line_of_a_batch_is_answered(face: Face) -> None:
    one, two = "hf:me/model/m.safetensors", "hf:me/model/n.safetensors"
    text = f"{one}\n# a comment\n{one}\ncivitai:notanumber\n- see {two}"
    tried = face("POST", "/tasks/batch", {"text": text, "try_only": True}, 201)
    assert tried["ids"] == [] and face("GET", "/tasks")["tasks"] == []
    told = face("POST", "/tasks/batch", {"text": text}, 201)
    became = [entry["became"] for entry in told["entries"]]
    assert became.count("task") == 2 == len(told["ids"]) and "duplicate" in became and "refused" in became


def test_pages_of_the_queue_join_without_gap_or_overlap(face: Face) -> None:
    numbers = face.add(*[f"hf:me/model{index}" for index in range(25)])
    seen, after = [], None
    while True:
        page = face("GET", "/tasks?limit=7" + (f"&after={after}" if after else ""))
        seen += [task["id"] for task in page["tasks"]]
        after = page["next"]
        if after is None:
            break
    assert seen == numbers and page["counts"]["queued"] == 25


def test_tasks_are_found_by_words_state_and_hub(face: Face) -> None:
    face.add("hf:me/alpha", "hf:me/beta", "civitai:123")
    assert [one["address"] for one in face("GET", "/tasks?text=BETA")["tasks"]] == ["hf:me/beta"]
    assert len(face("GET", "/tasks?hub=civitai")["tasks"]) == 1
    assert face("GET", "/tasks?state=running")["tasks"] == []
    assert face("GET", "/tasks?text=%25")["tasks"] == []


def test_order_and_priority_can_be_changed(face: Face) -> None:
    first, second, third = face.add("hf:me/a", "hf:me/b", "hf:me/c")

    def order() -> list[int]:
        return [one["id"] for one in face("GET", "/tasks")["tasks"]]

    face("POST", "/tasks/order", {"ids": [third], "to": "top"}, 204)
    assert order() == [third, first, second]
    face("POST", "/tasks/order", {"ids": [second], "before": first}, 204)
    assert order() == [third, second, first]
    face("POST", "/tasks/order", {"ids": [third], "to": "end"}, 204)
    assert order() == [second, first, third]
    face("PATCH", f"/tasks/{third}", {"priority": "high"})
    assert order() == [third, second, first]
    assert face("POST", "/tasks/order", {"ids": [third], "before": 999}, 404)["code"] == "no-such-task"


def test_many_moves_into_one_gap_keep_their_order(face: Face) -> None:
    first, second, *rest = face.add(*[f"hf:me/{index}" for index in range(40)])
    for number in rest:
        face("POST", "/tasks/order", {"ids": [number], "before": second}, 204)
    assert [one["id"] for one in face("GET", "/tasks")["tasks"]] == [first, *rest, second]


def test_bulk_verbs_answer_for_each(face: Face) -> None:
    first, second = face.add("hf:me/a", "hf:me/b")
    told = face("POST", "/tasks/actions", {"do": "pause", "ids": [first, 999]})
    assert told[0]["task"]["state"] == "paused" and told[1]["error"]["code"] == "no-such-task"
    assert face("POST", "/tasks/actions", {"do": "resume", "ids": [first]})[0]["task"]["state"] == "queued"
    face("POST", "/tasks/actions", {"do": "cancel", "ids": [second], "discard": True})
    assert face("POST", "/tasks/actions", {"do": "resume", "ids": [second]})[0]["error"]["code"] == "illegal-move"
    assert face("POST", "/tasks/actions", {"do": "retry", "ids": [second]})[0]["task"]["state"] == "queued"


def test_a_verb_without_ids_is_for_every_task_of_its_kind_and_words(face: Face, app: App) -> None:
    downloads = face.add(*[f"hf:me/{'red' if number % 2 else 'blue'}-{number}" for number in range(240)])
    (chore,) = app.queue.add([Draft(kind="measure", title="Measure")])
    states = lambda: {one: face("GET", f"/tasks/{one}")["state"] for one in (*downloads[:2], chore)}  # noqa: E731
    assert len(face("POST", "/tasks/actions", {"do": "pause", "kind": "download"})) == 240
    assert list(states().values()) == ["paused", "paused", "queued"]
    assert len(face("POST", "/tasks/actions", {"do": "resume", "text": "red"})) == 120
    assert list(states().values()) == ["paused", "queued", "queued"]
    assert face("POST", "/tasks/actions", {"do": "cancel"}) == []
    assert [one["id"] for one in face("POST", "/tasks/actions", {"do": "pause", "kind": "-download"})] == [chore]
    assert face("POST", "/tasks/actions", {"do": "retry"}) == []


def test_all_that_failed_is_tried_again_and_nothing_else(face: Face, app: App) -> None:
    failed, other, cancelled, _ = face.add("hf:me/a", "hf:me/b", "hf:me/c", "hf:me/d")
    for number in (failed, other):
        for state in (State.RUNNING, State.FAILED):
            app.queue.mover.attempt(Move(number, state, run=app.queue.get(number).run))
    face("POST", "/tasks/actions", {"do": "cancel", "ids": [cancelled]})
    told = face("POST", "/tasks/actions", {"do": "retry", "kind": "download"})
    assert {one["task"]["id"]: one["task"]["state"] for one in told} == {failed: "queued", other: "queued"}
    assert face("GET", f"/tasks/{cancelled}")["state"] == "cancelled"
    assert face("POST", "/tasks/actions", {"do": "retry"}) == []


def test_a_removed_task_leaves_the_list(face: Face) -> None:
    (number,) = face.add("hf:me/a")
    face("DELETE", f"/tasks/{number}", status=204)
    assert face("GET", "/tasks")["tasks"] == []
    assert face("GET", f"/tasks/{number}")["state"] == "cancelled"
    assert face("DELETE", "/tasks/999", status=404)["code"] == "no-such-task"


def test_history_is_searched_marked_done_again_exported_and_forgotten(face: Face) -> None:
    first, second = face.add("hf:me/alpha", "hf:me/beta")
    face("POST", "/tasks/actions", {"do": "cancel", "ids": [first, second]})
    face("PATCH", f"/tasks/{first}", {"favourite": True})
    assert [one["id"] for one in face("GET", "/history?favourite=true")["tasks"]] == [first]
    assert [one["id"] for one in face("GET", "/history?text=beta")["tasks"]] == [second]
    (again,) = face("POST", "/history/again", {"ids": [first]}, 201)["ids"]
    assert face("GET", f"/tasks/{again}")["state"] == "queued"
    table = face("GET", "/history/export?format=csv").decode()
    assert table.startswith("id,kind,title") and "hf:me/beta" in table
    assert len(face("GET", "/history/export?format=json")) == 2
    face("POST", "/history/forget", {"ids": [second]}, 204)
    assert [one["id"] for one in face("GET", "/history")["tasks"]] == [first]
    assert face("GET", "/statistics")["cancelled"] == 2


def test_clearing_takes_only_ended_tasks_off_the_list(face: Face) -> None:
    first, second = face.add("hf:me/a", "hf:me/b")
    face("POST", "/tasks/actions", {"do": "cancel", "ids": [first]})
    assert face("POST", "/tasks/clear", {})["count"] == 1
    assert [one["id"] for one in face("GET", "/tasks")["tasks"]] == [second]


def test_limits_hold_at_once_and_bad_ones_change_nothing(face: Face, app: App) -> None:
    assert face("PUT", "/limits", {"limits": {"total": "5MB/s"}})["limits"]["total"] == "5MB/s"
    assert app.limits[""].rate == 5_000_000
    for bad in ("-1", "NaN", "inf", "lots"):
        face("PUT", "/limits", {"limits": {"civitai": "1MB/s", "total": bad}}, 400)
    assert face("GET", "/limits")["limits"]["civitai"] == "off"


def test_settings_are_changed_with_validation_and_the_nearest_name(face: Face) -> None:
    assert face("PUT", "/settings/tasks.at-once", {"value": "7"})["value"] == 7
    assert "tasks.at-once" in face("PUT", "/settings/tasks.at-onse", {"value": "7"}, 400)["hint"]
    face("PUT", "/settings/tasks.at-once", {"value": "many"}, 400)
    assert face("DELETE", "/settings/tasks.at-once")["value"] == 4


def test_hubs_are_asked_through_the_service(face: Face) -> None:
    assert {hub["name"] for hub in face("GET", "/hubs")} >= {"huggingface", "civitai", "modelscope", "web"}
    told = face("GET", "/hubs/model?address=hf:me/model")
    assert [file["path"] for file in told["files"]] == ["m.safetensors", "n.safetensors"]
    assert face("GET", "/hubs/model?address=hf:me/none", status=404)["code"] == "model-not-found"
    assert face("GET", "/hubs/search?text=model")["models"]


def test_a_key_can_be_kept_but_never_read(face: Face, app: App) -> None:
    face("PUT", "/keys/huggingface", {"value": "hf_secretsecretsecretsecretsecret"})
    told = face("GET", "/keys")
    assert told[0]["hub"] == "huggingface" and "secretsecret" not in str(told)
    face("DELETE", "/keys/huggingface", status=204)
    assert face("GET", "/keys") == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/tasks/0", None),
        ("GET", "/tasks/99999999999999999999", None),
        ("GET", "/tasks?limit=0", None),
        ("GET", "/tasks?after=zzz", None),
        ("GET", "/tasks?after=W10", None),
        ("GET", "/tasks?state=flying", None),
        ("POST", "/tasks", {"addresses": "hf:me/a"}),
        ("POST", "/tasks", {"addresses": [1]}),
        ("POST", "/tasks", {"items": [{"address": "hf:me/a", "limit": "-5"}]}),
        ("POST", "/tasks", {"items": [{"address": "hf:me/a", "limit": "NaN"}]}),
        ("POST", "/tasks", {"items": [{"address": "hf:me/a", "sha256": "00"}]}),
        ("POST", "/tasks", {"items": [{"address": "hf:me/a", "to": "a\u0000b"}]}),
        ("POST", "/tasks", {"items": [{"address": "hf:me/a", "adress": "x"}]}),
        ("POST", "/tasks/actions", {"do": "explode", "ids": [1]}),
        ("POST", "/tasks/clear", {"states": ["running"]}),
        ("POST", "/tasks/batch", {"text": 7}),
    ],
)
def test_bad_input_is_a_typed_problem_and_changes_nothing(face: Face, method: str, path: str, body: Any) -> None:
    code, told = call(face.app, method, f"/api/v1{path}", body)
    assert code in (400, 404, 422), told
    assert told["code"] and told["hint"] and told["status"] == code
    assert face("GET", "/tasks")["tasks"] == []


def test_something_can_be_fetched_again_and_again(face: Face) -> None:
    told = face("PUT", "/schedule/nightly", {"cron": "30 4 * * *", "item": {"address": "hf:me/model"}})
    assert told["address"] == "hf:me/model" and told["next"]
    assert [one["name"] for one in face("GET", "/schedule")] == ["nightly"]
    assert face("PUT", "/schedule/x", {"cron": "often", "item": {"address": "hf:me/model"}}, 400)["code"] == "bad-value"
    face("DELETE", "/schedule/nightly", status=204)
    assert face("DELETE", "/schedule/nightly", status=404)["code"] == "no-such-task"


def test_hooks_are_shown_but_no_caller_can_add_a_command(face: Face) -> None:
    assert face("GET", "/hooks") == []
    assert face("PUT", "/hooks/x", {"run": ["id"]}, 405)["code"]
    assert face("POST", "/hooks/none/test", {}, 400)["code"] == "bad-value"


def test_a_task_waits_for_the_tasks_it_needs(face: Face) -> None:
    (vae,) = face.add("hf:me/vae")
    body = {"items": [{"address": "hf:me/model", "needs": [vae]}]}
    (model,) = face("POST", "/tasks", body, 201)["ids"]
    assert face("GET", f"/tasks/{model}")["state"] == "waiting"
    face("POST", "/tasks/actions", {"do": "cancel", "ids": [vae]})
    assert face("GET", f"/tasks/{model}")["error"]["code"] == "need-failed"
    face("POST", "/tasks", {"items": [{"address": "hf:me/model", "needs": [999]}]}, 404)


def test_a_profile_says_what_the_request_leaves_out(face: Face, tmp_path: Path) -> None:
    face("PUT", "/profiles/loras", {"to": f"{tmp_path}/loras/", "limit": "5MB/s", "priority": "high"})
    (first,) = face.add("hf:me/a", profile="loras")
    task = face("GET", f"/tasks/{first}")
    assert (task["target"], task["options"]["limit"], task["priority"]) == (f"{tmp_path}/loras/", "5MB/s", "high")
    (second,) = face.add("hf:me/b", profile="loras", limit="1MB/s")
    assert face("GET", f"/tasks/{second}")["options"]["limit"] == "1MB/s"
    assert "loras" in face("POST", "/tasks", {"items": [{"address": "hf:me/c", "profile": "lora"}]}, 400)["hint"]
    face("PUT", "/profiles/bad", {"limit": "-1"}, 400)
    face("DELETE", "/profiles/loras", status=204)
    assert face("GET", "/profiles") == {}


def test_a_hook_can_be_for_the_tasks_that_name_it(face: Face, app: App, tmp_path: Path) -> None:
    out = tmp_path / "told"
    app.hooks.file.add(Hook(name="mine", on=("task-cancelled",), run=("tee", "-a", str(out)), named=True))
    app.hooks.start()
    face("POST", "/tasks", {"items": [{"address": "hf:me/a", "hooks": ["none"]}]}, 400)
    named, plain = (*face.add("hf:me/a", hooks=["mine"]), *face.add("hf:me/b"))
    begin = app.events.newest
    face("POST", "/tasks/actions", {"do": "cancel", "ids": [plain, named]})
    while not any(event.kind == "hook.ran" for event in app.events.since(begin).events):
        app.events.wait(app.events.newest, 1)
    assert "hf:me/a" in out.read_text() and "hf:me/b" not in out.read_text()


def test_downloads_and_chores_are_listed_and_counted_apart(face: Face) -> None:
    face.add("hf:me/a", "hf:me/b")
    face("POST", "/library/scan", {}, 202)
    apart = {kind: face("GET", f"/tasks?kind={kind}") for kind in ("download", "-download", "")}
    assert [one["kind"] for one in apart["-download"]["tasks"]] == ["scan"]
    assert {kind: (len(page["tasks"]), sum(page["counts"].values())) for kind, page in apart.items()} == {
        "download": (2, 2),
        "-download": (1, 1),
        "": (3, 3),
    }


def test_history_tells_what_the_queue_still_shows(face: Face) -> None:
    first, second = face.add("hf:me/a", "hf:me/b")
    face("POST", "/tasks/actions", {"do": "cancel", "ids": [first, second]})
    face("DELETE", f"/tasks/{first}", status=204)
    assert [one["id"] for one in face("GET", "/history?listed=true")["tasks"]] == [second]
    assert len(face("GET", "/history")["tasks"]) == 2
