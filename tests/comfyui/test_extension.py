"""What the folder is made of: few imports, quick, one small script, and no harm where there is no service."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from comfyui.hosting import NODE, alone, end_service, hosted, lay_in, make_comfyui, start_host
from modelyard.programs.workflows.loaders import folder_of
from modelyard.testing.comfyui.front_ends import VERSIONS

ROOT = Path(__file__).parents[2]
ALLOWED = sys.stdlib_module_names | {"aiohttp", "yarl", "server", "folder_paths", "comfy", "nodes"}
SOURCES = sorted(NODE.glob("*.py"))
TIMED = """
import sys, time
from pathlib import Path
from modelyard.testing.comfyui.host import Host
import http.client, socket, subprocess, shutil, threading  # the host has these long before
base = Path(sys.argv[1])
laid = base / "custom_nodes" / "modelyard"
hidden = laid.rename(base / "later")
host = Host(base, None)
hidden.rename(laid)
began = time.process_time()  # others may have the processor meanwhile
host._extend(laid)
print(time.process_time() - began)
print([name for name in sys.modules if name.startswith("modelyard.") and "testing" not in name and "comfyui" in name])
"""


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_only_what_every_comfyui_has_is_imported(source: Path) -> None:
    found, text = set(), source.read_text()
    for node in ast.walk(ast.parse(text, feature_version=(3, 10))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(str(node.module).partition(".")[0])
    assert found <= ALLOWED
    assert not [word for word in ("exec(", "eval(", '"pip"') if word in text]


def test_small_scripts_and_no_markup_from_data() -> None:
    scripts = sorted((NODE / "web").iterdir())
    assert scripts == sorted(NODE.rglob("*.js")) and NODE / "web" / "modelyard.js" in scripts
    texts = [script.read_text() for script in scripts]
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "http:"):
        assert not [text for text in texts if word in text]
    assert max(len(text.splitlines()) for text in texts) <= 150
    assert max(len(line) for text in texts for line in text.splitlines()) <= 200


def test_the_front_ends_that_are_fetched_are_those_that_are_clicked() -> None:
    told = next(line for line in (ROOT / "run.py").read_text().splitlines() if line.startswith("FRONT_ENDS"))
    assert ast.literal_eval(told.partition("= ")[2]) == VERSIONS


def test_it_is_laid_out_for_the_registry() -> None:
    told = tomllib.loads((NODE / "pyproject.toml").read_text())
    assert told["tool"]["comfy"]["PublisherId"] == told["project"]["name"] == "modelyard"
    assert "comfyui" not in told["project"]["name"].lower()
    assert told["project"]["dependencies"] == []  # nothing is installed by anybody


def test_it_holds_the_host_up_for_less_than_a_twentieth_of_a_second(tmp_path: Path) -> None:
    base = make_comfyui(tmp_path / "ComfyUI")
    lay_in(base, tmp_path / "yard")
    told = [
        subprocess.run([sys.executable, "-c", TIMED, str(base)], capture_output=True, text=True, check=True).stdout
        for _ in range(3)
    ]
    seconds = [float(one.splitlines()[0]) for one in told]
    assert min(seconds) < 0.05, seconds


def test_a_host_without_modelyard_starts_and_says_what_to_do(tmp_path: Path) -> None:
    base = make_comfyui(tmp_path / "ComfyUI")
    lay_in(base, tmp_path / "yard")
    config = base / "custom_nodes" / "modelyard" / "modelyard.json"
    config.write_text(config.read_text().replace(sys.executable, str(tmp_path / "no-python")))
    comfy = start_host(base, tmp_path / "yard")
    try:
        assert comfy.ask("GET", "/object_info").status == 200
        told = comfy.ask("GET", "/modelyard/tasks")
        assert told.status == 503 and told.json["code"] == "no-service" and "comfyui install" in told.json["hint"]
        started = comfy.ask("POST", "/modelyard/start", {}).json
        assert started["running"] is False and started["problem"]["code"] == "no-service"
    finally:
        comfy.stop()


def test_without_its_own_file_it_looks_where_modelyard_lies_by_itself(tmp_path: Path) -> None:
    base = make_comfyui(tmp_path / "ComfyUI")
    lay_in(base, tmp_path / "yard")
    (base / "custom_nodes" / "modelyard" / "modelyard.json").unlink()  # as the registry lays it in
    home, program = tmp_path / "mine", tmp_path / "modelyard"
    comfy = start_host(base, home, env={"MODELYARD_HOME": str(home), "PATH": f"{tmp_path}:/bin"})
    try:
        (tmp_path / "serve").write_text(f"#!/bin/sh\necho ran > {tmp_path}/strange\n")  # another program of that name
        (tmp_path / "serve").chmod(0o755)
        told = comfy.ask("POST", "/modelyard/start", {}).json
        assert told["running"] is False and told["problem"]["code"] == "no-service"
        assert not (tmp_path / "strange").exists()
    finally:
        comfy.stop()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m modelyard "$@"\n')
    program.chmod(0o755)
    comfy = start_host(base, home, env={"MODELYARD_HOME": str(home), "PATH": f"{tmp_path}:/bin"})
    try:
        assert comfy.ask("POST", "/modelyard/start", {}).json == {"running": True}
        assert (home / "service.json").exists()
    finally:
        comfy.stop()
        end_service(home)


def test_it_leaves_the_ancestors_routes_to_the_ancestor(tmp_path: Path) -> None:
    base = make_comfyui(tmp_path / "ComfyUI")
    lay_in(base, tmp_path / "yard")
    ancestor = base / "custom_nodes" / "ComfyUI-Model-Manager"
    ancestor.mkdir()
    (ancestor / "web").mkdir()
    (ancestor / "__init__.py").write_text("NODE_CLASS_MAPPINGS = {}\n")
    comfy = start_host(base, tmp_path / "yard")
    try:
        assert comfy.ask("GET", "/model-manager/models").status == 404
        assert comfy.ask("GET", "/modelyard/loaders").status == 200
    finally:
        comfy.stop()


def test_the_table_of_loaders_says_what_is_known_of_their_nodes() -> None:
    rows = alone("loaders").loaders(NODE)
    assert not [row for row in rows if folder_of(row["node"], row["widget"]) != row["folder"]]


def test_a_damaged_table_of_the_owners_is_told_with_its_path(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    known = alone("loaders").loaders
    rows = known(tmp_path)
    assert not caplog.messages
    own = tmp_path / "comfyui-loaders.json"
    for damaged in ("{", "[1]", "[[1]]", "7"):
        own.write_text(damaged)
        assert known(tmp_path) == rows, damaged
        assert str(own) in caplog.messages[-1], damaged
        caplog.clear()
    own.write_text('[["loras", "MyLoader", "file"]]')
    assert alone("loaders").folder_of(known(tmp_path), "MyLoader", "file") == "loras"


def test_the_owners_own_loaders_come_first(tmp_path: Path) -> None:
    with hosted(tmp_path) as comfy:
        known = comfy.ask("GET", "/modelyard/loaders").json
        assert {"folder": "loras", "node": "LoraLoader", "widget": "lora_name", "suffixes": []} in known
        own = comfy.home / "comfyui-loaders.json"
        own.write_text('[["loras", "MyLoader", "file"]]')
        assert comfy.ask("GET", "/modelyard/loaders").json[0]["node"] == "MyLoader"
        end_service(comfy.home)


def test_where_the_folder_is_too_long_for_a_socket_the_address_is_used(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 20)
    folder.mkdir()
    with hosted(folder) as comfy:
        assert comfy.ask("GET", "/modelyard/tasks").status == 200  # started by the first question
        assert json.loads((comfy.home / "service.json").read_text())["socket"] == ""
        end_service(comfy.home)
        assert comfy.ask("GET", "/modelyard/tasks").json["code"] == "no-service"
