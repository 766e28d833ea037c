"""Folders in the settings of programs: the program reads them by its own rules, and undoing leaves what was there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.lending.test_lend import code, number, one
from jobs.library import library, model, scanned
from modelyard.app import App
from modelyard.jobs.finding import keep_place, named
from modelyard.jobs.lending.lend import LinkOptions, lend_models
from modelyard.jobs.lending.returning import give_back, lent
from modelyard.library.roots.entries import Entry
from modelyard.library.roots.roots import roots_of
from modelyard.net.stop import Stop
from programs.installed import trees


@pytest.fixture
def yard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[App, Path]]:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    with library(tmp_path) as both:
        yield both


@pytest.fixture
def app(yard: tuple[App, Path]) -> App:
    return yard[0]


@pytest.fixture
def lora(yard: tuple[App, Path]) -> Path:
    path = model(yard[1] / "a.safetensors", 1)
    scanned(yard[0])
    return path


def loras_of(comfy: Path) -> list[Path]:
    """Where that ComfyUI looks for LoRAs, by the library's reader of its rules."""
    return [root.path for root in roots_of([Entry(path=str(comfy), comfy=True)]).by_folder()["loras"]]


def test_comfyui_gets_the_folder_in_its_own_settings_and_no_file(app: App, lora: Path, tmp_path: Path) -> None:
    tool = trees.comfy(tmp_path / "tools" / "ComfyUI")
    told = one(app, lora, tool)
    config = tool / "extra_model_paths.yaml"
    assert (told["means"], told["path"], told["file"]) == (["config"], str(lora.parent), str(config))
    assert lora.parent in loras_of(tool) and loras_of(tool)[0] == tool / "models" / "loras"
    assert one(app, lora, tool)["state"] == "there"
    assert [loan.state for loan in lent(app.stock)] == ["stands"]
    assert give_back(app.stock, told["loan"]).left == []
    assert not config.exists(), "an empty file would stop ComfyUI"


def test_what_a_person_wrote_there_stays(app: App, lora: Path, tmp_path: Path) -> None:
    tool = trees.comfy(tmp_path / "tools" / "ComfyUI")
    text = "# mine\nother:\n  base_path: ~/x\n  is_default: true\n  loras: |\n    one\n    two\n"
    config = trees.put(tool / "extra_model_paths.yaml", text)
    before = loras_of(tool)
    told = one(app, lora, tool)
    after = loras_of(tool)
    assert [path for path in after if path != lora.parent] == before and lora.parent in after
    config.write_text(config.read_text() + "later:\n  loras: /later\n")
    give_back(app.stock, told["loan"])
    assert config.read_text() == text + "later:\n  loras: /later\n"


def test_two_models_of_one_folder_share_a_line_until_the_last_is_back(app: App, lora: Path, tmp_path: Path) -> None:
    tool = trees.comfy(tmp_path / "tools" / "ComfyUI")
    keep_place(app.stock, str(tool))
    other = model(lora.with_name("b.safetensors"), 2)
    scanned(app)
    first, second = one(app, lora, "comfyui"), one(app, other, "comfyui")
    assert second["state"] == "there", "the folder is in its settings already"
    give_back(app.stock, first["loan"])
    assert lora.parent not in loras_of(tool) and lent(app.stock) == []


@pytest.mark.parametrize(
    "text", ["a:\n  loras:\n", "a:\n  loras: [x]\n", "", "a: &x [y]\nb: *x\n", "modelyard:\n  vae: /x\n", "a: \xff"]
)
def test_settings_that_stop_comfyui_are_not_changed_and_the_file_is_linked(
    app: App, lora: Path, tmp_path: Path, text: str
) -> None:
    tool = trees.comfy(tmp_path / "tools" / "ComfyUI")
    config = tool / "extra_model_paths.yaml"
    config.write_bytes(text.encode("latin-1"))
    told = one(app, lora, tool)
    if text:
        assert told["means"] in (["hardlink"], ["reflink"])
        assert config.read_bytes() == text.encode("latin-1")
    else:
        assert told["means"] == ["config"], "ours heals an empty file"
    give_back(app.stock, told["loan"])


def test_a_name_that_yaml_reads_as_something_else_is_not_written(app: App, tmp_path: Path) -> None:
    path = model(tmp_path / "odd" / "a.safetensors", 1)
    app.stock.entries.keep(Entry(path=str(path.parent), folder="no"))
    scanned(app)
    tool = trees.comfy(tmp_path / "tools" / "ComfyUI")
    config = trees.put(tool / "extra_model_paths.yaml", "a:\n  loras: /x\n")
    told = one(app, path, tool, by="config")
    assert code(told) == "cannot-lend" and config.read_text() == "a:\n  loras: /x\n"


def test_settings_that_somebody_broke_give_our_block_back(app: App, lora: Path, tmp_path: Path) -> None:
    tool = trees.comfy(tmp_path / "tools" / "ComfyUI")
    told = one(app, lora, tool)
    config = tool / "extra_model_paths.yaml"
    config.write_text("broken: [\n" + config.read_text())
    assert give_back(app.stock, told["loan"]).left == []
    assert config.read_text() == "broken: [\n"


def test_settings_behind_a_link_are_not_written_through(app: App, lora: Path, tmp_path: Path) -> None:
    tool = trees.comfy(tmp_path / "tools" / "ComfyUI")
    victim = trees.put(tmp_path / "victim", "precious")
    (tool / "extra_model_paths.yaml").symlink_to(victim)
    assert one(app, lora, tool)["means"] in (["hardlink"], ["reflink"])
    assert victim.read_text() == "precious"


def test_a_mixed_folder_is_not_put_into_settings(app: App, tmp_path: Path) -> None:
    mixed = tmp_path / "mixed"
    path = model(mixed / "a.safetensors", 1)
    app.stock.entries.keep(Entry(path=str(mixed)))
    scanned(app)
    tool = trees.comfy(tmp_path / "tools" / "ComfyUI")
    told = one(app, path, tool)
    assert told["means"] in (["hardlink"], ["reflink"])
    assert told["path"] == str(tool / "models" / "loras" / "a.safetensors")
    give_back(app.stock, told["loan"])
    assert code(one(app, path, tool, by="config")) == "cannot-lend"


def test_fooocus_and_careful_swarm_get_a_line(app: App, lora: Path, tmp_path: Path) -> None:
    fooocus = trees.fooocus(tmp_path / "tools" / "fooocus")
    was = (fooocus / "config.txt").read_bytes()
    told = one(app, lora, fooocus)
    assert told["means"] == ["config"]
    paths = json.loads((fooocus / "config.txt").read_text())["path_loras"]
    assert paths == [str(fooocus / "models" / "loras"), str(lora.parent)]
    give_back(app.stock, told["loan"])
    assert (fooocus / "config.txt").read_bytes() == was
    swarm = trees.swarm(tmp_path / "tools" / "swarm", careful=True)
    was = (swarm / "Data" / "Settings.fds").read_bytes()
    told = one(app, lora, swarm)
    assert told["means"] == ["config"]
    assert f"\tSDLoraFolder: Lora;{lora.parent}\n" in (swarm / "Data" / "Settings.fds").read_text()
    folders = {folder.path for folder in named(app.stock, "swarmui").folders}
    assert lora.parent in folders, "its own reader finds it"
    give_back(app.stock, told["loan"])
    assert (swarm / "Data" / "Settings.fds").read_bytes() == was


def test_a_folder_stands_as_long_as_the_program_reads_it_however_it_is_written(app: App, tmp_path: Path) -> None:
    path = model(tmp_path / "größe" / "a.safetensors", 1)
    app.stock.entries.keep(Entry(path=str(path.parent), folder="loras"))
    scanned(app)
    fooocus, swarm = trees.fooocus(tmp_path / "fooocus"), trees.swarm(tmp_path / "swarm", careful=True)
    loans = [one(app, path, tool) for tool in (fooocus, swarm)]
    assert [told["means"] for told in loans] == [["config"], ["config"]]
    config, settings = fooocus / "config.txt", swarm / "Data" / "Settings.fds"
    saved = json.loads(config.read_text())
    saved["path_loras"].append("/behind")
    config.write_text(json.dumps(saved, indent=2) + "\n")
    settings.write_text(settings.read_text().replace(f"{path.parent}\n", f"{path.parent};/behind\n"))
    assert [loan.state for loan in lent(app.stock)] == ["stands", "stands"]
    assert [one(app, path, tool)["state"] for tool in (fooocus, swarm)] == ["there", "there"]
    for told in loans:
        give_back(app.stock, told["loan"])
    assert json.loads(config.read_text())["path_loras"] == [str(fooocus / "models" / "loras"), "/behind"]
    assert "SDLoraFolder: Lora;/behind\n" in settings.read_text()


@pytest.mark.parametrize("instead", ["# {path}\na:\n  loras: /x\n", "a:\n  loras: {path}-old\n", "a:\n  vae: {path}\n"])
def test_a_folder_that_comfyui_reads_no_more_is_gone_and_lent_anew(
    app: App, lora: Path, tmp_path: Path, instead: str
) -> None:
    tool = trees.comfy(tmp_path / "tools" / "ComfyUI")
    one(app, lora, tool)
    (tool / "extra_model_paths.yaml").write_text(instead.format(path=lora.parent))
    assert [loan.state for loan in lent(app.stock)] == ["gone"]
    assert one(app, lora, tool)["state"] == "made"
    assert lora.parent in loras_of(tool)


def test_a_line_that_the_program_dropped_is_told_as_gone(app: App, lora: Path, tmp_path: Path) -> None:
    fooocus = trees.fooocus(tmp_path / "tools" / "fooocus")
    was = (fooocus / "config.txt").read_bytes()
    told = one(app, lora, fooocus)
    (fooocus / "config.txt").write_bytes(was)
    assert [loan.state for loan in lent(app.stock)] == ["gone"]
    give_back(app.stock, told["loan"])
    assert (fooocus / "config.txt").read_bytes() == was


def test_settings_that_cannot_be_written_leave_everything_as_it_was(app: App, lora: Path, tmp_path: Path) -> None:
    tool = trees.comfy(tmp_path / "tools" / "ComfyUI")
    os.mkfifo(tool / "extra_model_paths.yaml")
    keep_place(app.stock, str(tool))
    told = lend_models(
        app.stock, LinkOptions(ids=(number(app, lora),), program="comfyui", by="config"), Stop(), lambda _: None
    )
    assert told["failed"] == 1 and lent(app.stock) == []
