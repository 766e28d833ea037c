"""Whatever stands in the files of a program, the search answers; and it names no folder that is not there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelyard.programs.installed.metadata import told_by
from modelyard.programs.installed.searching import recognise
from programs.installed import trees

ODD = st.text(st.characters(exclude_categories=[]), max_size=40)
PATHS = st.one_of(st.sampled_from(["/", "/etc", "..", "../../..", "~", "~/x", "C:\\x", "\0", "a\nb", "x" * 5000]), ODD)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | PATHS, lambda one: st.lists(one, max_size=4)
)
KEYS = st.sampled_from(
    [
        "lora_dir",
        "ckpt_dir",
        "models_dir",
        "path_loras",
        "civitai_token",
        "downloadsFolder",
        "remote_api_tokens",
        "db_dir",
    ]
    + ["layers", "name", "model_path"]
)
TABLES = st.dictionaries(KEYS, VALUES | st.dictionaries(KEYS, VALUES, max_size=3), max_size=6)
TEXTS = st.one_of(
    TABLES.map(lambda table: json.dumps(table).encode()),
    st.binary(max_size=300),
    st.lists(
        st.tuples(st.sampled_from(["ModelRoot", "COMMANDLINE_ARGS", "export HTTPS_PROXY", "modelPath"]), PATHS)
    ).map(
        lambda rows: "".join(f"{name}={value}\n{name}: {value}\n" for name, value in rows).encode("utf-8", "replace")
    ),
)
FILES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a1111": (trees.web_ui, "webui-user.sh"),
    "sdnext": (trees.sdnext, "config.json"),
    "fooocus": (trees.fooocus, "config.txt"),
    "invoke": (trees.invoke, "invokeai.yaml"),
    "swarm": (trees.swarm, "Data/Settings.fds"),
    "comfy": (trees.comfy, "comfyui_version.py"),
    "textgen": (trees.textgen, "user_data/CMD_FLAGS.txt"),
    "ollama": (trees.ollama, "manifests/registry.ollama.ai/library/llama3.2/3b"),
    "jan": (trees.jan, "llamacpp/models/qwen/model.yml"),
}


@pytest.mark.parametrize("kind", FILES)
def test_any_bytes_in_its_settings_are_an_answer(tmp_path: Path, kind: str) -> None:
    build, file = FILES[kind]
    root = build(tmp_path / "home" / "tool")
    machine = trees.machine(tmp_path / "home")

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(TEXTS)
    def check(data: bytes) -> None:
        (root / file).write_bytes(data)
        program = recognise(root, machine)
        assert program is not None
        assert all(folder.path.is_dir() and folder.path != tmp_path / "home" for folder in program.folders)
        assert "/etc" not in map(str, (folder.path for folder in program.folders))
        for fact in told_by(program, machine):
            assert fact.path.is_absolute()

    check()
