"""What a library lacks is told with what mends it; a quiet round mends what hubs can tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.jobs import caretaker
from modelyard.jobs.hooks.names import Namer
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.upkeep import MARK, UpkeepOptions, advice, upkeep
from modelyard.net.stop import Stop
from modelyard.tasks.task import Draft, Priority
from modelyard.testing import PracticeHub

from .library import library, model, scanned


def quiet(_: object) -> None:
    return


def test_every_lack_is_counted_with_what_mends_it(tmp_path: Path, hub: PracticeHub) -> None:
    with library(tmp_path, **hub.env()) as (app, root):
        assert advice(app.stock) == []
        model(root / "a.safetensors", 1)
        model(root / "b.safetensors", 2)
        (root / "broken.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{}")
        scanned(app)
        told = {one.code: one for one in advice(app.stock)}
        assert {name: one.count for name, one in told.items()} == {
            "damaged": 1,
            "unmeasured": 3,
            "no-preview": 3,
            "unread": 3,
        }
        assert told["damaged"].message == "One model is damaged."
        assert all(one.command.startswith("modelyard ") and " /api/v1/" in one.route for one in told.values())
        measure_models(app.stock, MeasureOptions(), Stop(), quiet)
        assert {one.code: one.count for one in advice(app.stock)}["never-asked"] == 3


def test_a_round_asks_in_order_of_use_and_tells_hooks(tmp_path: Path, hub: PracticeHub) -> None:
    with library(tmp_path, **hub.env()) as (app, root):
        known = hub.civitai.every()[-1]
        (root / "known.safetensors").write_bytes(known.versions[0].files[0].content.bytes())
        for number in range(3):
            model(root / f"{number}.safetensors", number)
        scanned(app)
        measure_models(app.stock, MeasureOptions(), Stop(), quiet)
        number = app.stock.catalogue.at(str(root / "known.safetensors")).id
        app.stock.catalogue.write(number, {"uses": 5})
        since = app.events.newest
        told = upkeep(app.stock, UpkeepOptions(most=1), Stop(), quiet)
        assert (told["refreshed"]["asked"], told["refreshed"]["found"]) == (1, 1)
        assert all(word in told["notice"] for word in ("SHA-256", "CivitAI", "config set library.upkeep 0"))
        [event] = [one for one in app.events.since(since).events if one.kind == "library.upkeep"]
        assert {one["code"] for one in event.data["advice"]} == {"never-asked", "no-preview"}
        assert Namer().names(event) == ("library-upkeep",)
        assert app.stock.catalogue.marked(MARK) > 0
        again = upkeep(app.stock, UpkeepOptions(), Stop(), quiet)
        assert again["refreshed"]["unknown"] == 3 and "notice" not in again
        assert upkeep(app.stock, UpkeepOptions(), Stop(), quiet)["refreshed"]["asked"] == 0


def test_a_hub_that_is_away_is_no_failure_of_a_round(tmp_path: Path, hub: PracticeHub) -> None:
    with library(tmp_path, MODELYARD_RETRY_RETRIES="0", **hub.env()) as (app, root):
        model(root / "a.safetensors")
        scanned(app)
        measure_models(app.stock, MeasureOptions(), Stop(), quiet)
        hub.close()
        told = upkeep(app.stock, UpkeepOptions(), Stop(), quiet)
        assert told["refreshed"]["resting"][0]["code"] == "unreachable"
        assert app.stock.catalogue.lacks(0).never_asked == 1


def test_a_service_asks_for_a_round_when_the_last_one_is_long_ago(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caretaker, "_ROUND", 0.0)
    with library(tmp_path) as (app, _):
        drafts: list[Draft] = []
        keeper = caretaker.Caretaker(app.stock, drafts.append, lambda: None, app.stop)
        keeper._keeping_up()
        assert [(draft.kind, draft.priority) for draft in drafts] == [("upkeep", Priority.LOW)]
        app.stock.catalogue.mark(MARK)
        keeper._keeping_up()
        assert len(drafts) == 1
        app.stock.wall = lambda: app.clock.wall() + 25 * 3600
        keeper._keeping_up()
        assert len(drafts) == 2
        app.settings.set("library.upkeep", "0")
        keeper._keeping_up()
        assert len(drafts) == 2
