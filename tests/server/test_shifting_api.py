"""Trash, moves, duplicates and space over the routes, and the same by the commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jobs.library import library, model, scanned
from modelyard.app import App
from modelyard.jobs.chores import Chore
from modelyard.jobs.household import CHORES
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.net.stop import Stop
from modelyard.server.inside import call, router
from modelyard.server.roles import Role
from running import modelyard


def asked(app: App, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    code, told = call(app, method, f"/api/v1{path}", body)
    assert code in (status, 204), (code, told)
    return told


def ids(app: App) -> dict[str, int]:
    return {one["place"]: one["id"] for one in asked(app, "GET", "/models")["models"]}


def done(app: App, told: dict[str, Any]) -> dict[str, Any]:
    """Do the chore that a route queued."""
    task = app.queue.get(told["id"])
    chore: Chore[Any] = CHORES[task.kind]
    return dict(chore.do(app.stock, chore.read(task.payload), Stop(), lambda _: None))


def known(app: App) -> None:
    scanned(app)
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)


def test_models_go_to_the_trash_and_come_back(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        model(root / "a.safetensors", 1)
        model(root / "b.safetensors", 2)
        known(app)
        number = ids(app)["a.safetensors"]
        told = asked(app, "POST", "/models/trash", {"ids": [number, 99]})["results"]
        assert told[0]["path"] == str(root / "a.safetensors")
        assert told[1]["error"]["code"] == "no-such-model"
        trash = asked(app, "GET", "/trash")
        assert [one["id"] for one in trash["entries"]] == [told[0]["trash"]]
        assert trash["size"] > 0
        assert ids(app).keys() == {"b.safetensors"}
        back = asked(app, "POST", "/trash/undo", {"ids": [told[0]["trash"], "nothing"]})
        assert back[0] == {"id": told[0]["trash"], "path": str(root / "a.safetensors")}
        assert back[1]["error"]["code"] == "not-in-trash"
        assert ids(app)["a.safetensors"] == number
        asked(app, "POST", "/models/trash", {"ids": [number]})
        assert len(asked(app, "POST", "/trash/empty", {"dry_run": True})["entries"]) == 1
        assert asked(app, "POST", "/trash/empty", {"ids": []})["entries"] == [], "an empty list is not all"
        assert len(asked(app, "POST", "/trash/empty", {})["entries"]) == 1
        assert asked(app, "GET", "/trash") == {"entries": [], "size": 0}


def test_models_are_renamed_and_moved(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        model(root / "a.safetensors", 1)
        model(root / "b.safetensors", 2)
        known(app)
        number = ids(app)["a.safetensors"]
        assert asked(app, "POST", f"/models/{number}/rename", {"name": "c"})["model"]["place"] == "c.safetensors"
        assert asked(app, "POST", f"/models/{number}/rename", {"name": "b"}, 409)["code"] == "target-exists"
        assert asked(app, "POST", "/models/move", {"ids": [number], "root": "/etc"}, 404)["code"] == "no-such-root"
        begun = asked(app, "POST", "/models/move", {"ids": [number], "folder": "loras", "sub": "style"}, 202)
        assert done(app, begun)["moved"] == 1
        assert ids(app)["style/c.safetensors"] == number


def test_duplicates_are_told_and_give_their_space_back(tmp_path: Path) -> None:
    with library(tmp_path) as (app, root):
        size = model(root / "a.safetensors", 1).stat().st_size
        model(root / "b.safetensors", 1)
        known(app)
        told = asked(app, "GET", "/models/duplicates")
        assert (told["frees"], len(told["groups"]), told["alike"]) == (size, 1, [])
        assert asked(app, "GET", "/space")["duplicates"] == size
        assert done(app, asked(app, "POST", "/library/dedupe", {}, 202))["freed"] == size
        assert (root / "a.safetensors").samefile(root / "b.safetensors")
        assert asked(app, "GET", "/models/duplicates")["frees"] == 0


def test_only_an_admin_empties_the_trash(tmp_path: Path) -> None:
    roles = {route.name: route.role for route in router().routes}
    assert roles["empty_trash"] is Role.ADMIN
    assert {roles[name] for name in ("trash_models", "undo_trash", "rename_model", "begin_move", "begin_dedupe")} == {
        Role.OPERATOR
    }


# --- commands -------------------------------------------------------------------------------------


def run(home: Path, *words: str, status: int = 0) -> str:
    done = modelyard(*words, env={"MODELYARD_HOME": str(home)})
    assert done.code == status, done
    return done.out


def test_the_commands_do_the_same(tmp_path: Path) -> None:
    home = tmp_path / "yard"
    with library(tmp_path) as (app, root):
        for name, seed in (("a", 1), ("b", 1), ("c", 2)):
            model(root / f"{name}.safetensors", seed)
        known(app)
    a, b, c = (str(root / f"{name}.safetensors") for name in "abc")
    assert json.loads(run(home, "dedupe", "--dry-run", "--json"))["frees"] == Path(a).stat().st_size
    assert "1 files" in run(home, "dedupe")
    told = json.loads(run(home, "trash", c, "--json"))
    assert not Path(c).exists()
    assert told["trash"] in run(home, "trash")
    assert "is back" in run(home, "trash", "undo", told["trash"])
    assert Path(c).exists()
    assert run(home, "rename", c, "d").strip() == str(root / "d.safetensors")
    assert run(home, "move", a, str(root / "d.safetensors"), "--root", str(root), "--sub", "x").split() == [
        str(root / "x" / "a.safetensors"),
        str(root / "x" / "d.safetensors"),
    ]
    run(home, "rename", b, "b", status=7)
    run(home, "trash", b)
    run(home, "trash", "empty", status=2)
    assert "would be removed" in run(home, "trash", "empty", "--dry-run")
    assert "removed for ever" in run(home, "trash", "empty", "--yes")
    assert "2 models" in run(home, "space")
    assert json.loads(run(home, "space", "--json"))["trash"] == 0
