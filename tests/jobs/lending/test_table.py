"""The table of programs and means in docs/programs.md: every cell is tried on the program's own tree, and undone."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jobs.lending.test_lend import code, one
from jobs.library import library, model, scanned
from modelyard.app import App
from modelyard.jobs.finding import found, named
from modelyard.jobs.lending.returning import give_back, lent
from modelyard.programs.installed.found import LINKS
from programs.installed import trees

TABLE = Path(__file__).parents[3] / "docs" / "programs.md"
WORDS = {"a line there": "config", "reflink": "reflink", "hard link": "hardlink", "symlink": "symlink"}
MEANS = ("config", *LINKS)
COMFY, WEB_UI, GGUF = "ComfyUI (", "AUTOMATIC1111", "GPT4All"
CACHES, RUNNERS = "caches of", "llama.cpp"

ROWS = {
    "comfyui": COMFY,
    "portable": COMFY,
    "comfyui-desktop": COMFY,
    "fooocus": "Fooocus",
    "swarm-careful": "SwarmUI, told",
    "swarmui": "SwarmUI as it comes",
    "a1111": WEB_UI,
    "forge": WEB_UI,
    "reforge": WEB_UI,
    "sdnext": "SD.Next",
    "stability-matrix": "StabilityMatrix",
    "lm-studio": "LM Studio",
    "jan": "Jan",
    "gpt4all": GGUF,
    "textgen": GGUF,
    "invokeai": "InvokeAI",
    "llama-cpp": RUNNERS,
    "koboldcpp": RUNNERS,
    "hf-cache": CACHES,
    "modelscope-cache": CACHES,
    "diffusers-cache": CACHES,
}
"""Each program that is tried, and how its row of the table begins."""
LANGUAGE = ("lm-studio", "jan", "gpt4all", "textgen", "llama-cpp", "koboldcpp")


@dataclass(frozen=True)
class Yard:
    """One library, and every program of the table beside it."""

    app: App
    lora: Path
    gguf: Path
    tools: dict[str, Path]


def built(home: Path) -> dict[str, Path]:
    """The tree of each, below a home where all are found."""
    tools, data, cache = home / "apps", home / ".local" / "share", home / ".cache"
    desktop = home / "Documents" / "ComfyUI"
    (desktop / "models" / "loras").mkdir(parents=True)
    told = f"comfyui_desktop:\n  base_path: {desktop}\n  loras: models/loras/\n"
    trees.put(home / ".config" / "ComfyUI" / "extra_models_config.yaml", told)
    (tools / "ComfyUI_windows_portable" / "python_embeded").mkdir(parents=True)
    trees.gguf(cache / "llama.cpp" / "org_model.gguf")
    trees.gguf(cache / "modelscope" / "hub" / "models" / "org" / "name" / "m.gguf")
    trees.put(tools / "kobold" / "koboldcpp.py")
    return {
        "comfyui": trees.comfy(tools / "ComfyUI"),
        "portable": trees.comfy(tools / "ComfyUI_windows_portable" / "ComfyUI"),
        "comfyui-desktop": desktop,
        "fooocus": trees.fooocus(tools / "fooocus"),
        "swarm-careful": trees.swarm(tools / "careful", careful=True),
        "swarmui": trees.swarm(tools / "swarm"),
        "a1111": trees.web_ui(tools / "webui"),
        "forge": trees.web_ui(tools / "forge", "modules_forge"),
        "reforge": trees.web_ui(tools / "reforge", "modules_forge", "ldm_patched"),
        "sdnext": trees.sdnext(tools / "sdnext"),
        "stability-matrix": trees.stability_matrix(tools / "matrix"),
        "lm-studio": trees.lm_studio(home),
        "jan": trees.jan(data / "Jan" / "data"),
        "gpt4all": trees.gpt4all(data / "nomic.ai" / "GPT4All"),
        "textgen": trees.textgen(tools / "textgen"),
        "invokeai": trees.invoke(tools / "invoke"),
        "llama-cpp": cache / "llama.cpp",
        "koboldcpp": tools / "kobold",
        "hf-cache": trees.hf_cache(cache / "huggingface" / "hub"),
        "modelscope-cache": cache / "modelscope" / "hub",
        "diffusers-cache": trees.hf_cache(cache / "huggingface" / "diffusers"),
    }


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    with yard_in(tmp_path_factory.mktemp("table")) as made:
        yield made


@contextlib.contextmanager
def yard_in(folder: Path) -> Iterator[Yard]:
    """Library and programs in a folder, and nothing of the machine that the tests run on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder / "home"))
        patch.setenv("OLLAMA_HOST", "127.0.0.1:1")
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "HF_HOME", "HF_HUB_CACHE"):
            patch.delenv(name, raising=False)
        tools = built(folder / "home")
        with library(folder) as (app, root):
            lora, gguf = model(root / "style" / "a.safetensors", 1), trees.gguf(root / "g.gguf", 7)
            scanned(app)
            yield Yard(app, lora, gguf, tools)


def told() -> dict[str, tuple[str, ...]]:
    """The means in each row of the table, in its order, by the row's first cell."""
    cells = [line.split("|") for line in TABLE.read_text("utf-8").splitlines() if line.count("|") == 4]
    rows = {row[1].strip(): row[3] for row in cells if not row[1].startswith(("---", " program"))}
    return {
        name: tuple(WORDS[word] for word in sorted((word for word in WORDS if word in text), key=text.index))
        for name, text in rows.items()
    }


def row_of(kind: str) -> tuple[str, ...]:
    (means,) = [means for name, means in told().items() if name.startswith(ROWS[kind])]
    return means


def content(tool: Path) -> dict[str, object]:
    """All that is in a tree: of files also their bytes, of links where they lead."""
    return {
        str(path.relative_to(tool)): os.readlink(path)  # as it is written
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else None
        for path in tool.rglob("*")
    }


def test_every_row_of_the_table_is_tried_and_every_program_is_found(yard: Yard) -> None:
    tried = {name for name in told() for begin in ROWS.values() if name.startswith(begin)}
    assert set(told()) - tried == {"Ollama"}, "it has tests of its own"
    assert {one.path for one in found(yard.app.stock)} == set(yard.tools.values())


@pytest.mark.parametrize("kind", ROWS)
def test_the_order_of_the_table_is_what_is_tried(yard: Yard, kind: str) -> None:
    program = named(yard.app.stock, str(yard.tools[kind]))
    assert tuple(means for means in program.means if means != "copy") == row_of(kind)
    assert program.means == () or program.means[-1] == "copy", "and a copy when told"


@pytest.mark.parametrize("means", MEANS)
@pytest.mark.parametrize("kind", ROWS)
def test_each_means_of_the_table_works_and_is_undone_and_no_other_does(yard: Yard, kind: str, means: str) -> None:
    allowed = row_of(kind)
    refused = tried(yard, kind, means)
    if means in allowed or (means == "copy" and allowed):
        assert refused == "" or (means == "reflink" and refused == "cannot-lend"), "this disk may have none"
    else:
        assert refused == "cannot-lend"


@pytest.mark.root
@pytest.mark.skipif(shutil.which("mkfs.xfs") is None, reason="no XFS here")
def test_where_the_disk_can_every_program_that_takes_files_gets_one_of_its_own_that_shares_the_bytes(
    tmp_path: Path,
) -> None:
    image, disk = tmp_path / "disk.img", tmp_path / "disk"
    disk.mkdir()
    image.touch()
    os.truncate(image, 400 << 20)
    subprocess.run(["mkfs.xfs", "-q", "-m", "reflink=1", image], check=True)
    if subprocess.run(["mount", "-o", "loop", image, disk], capture_output=True).returncode:
        pytest.skip("no loop devices here")
    try:
        with yard_in(disk) as yard:
            kinds = [kind for kind in ROWS if "reflink" in row_of(kind)]
            assert len(kinds) == 15
            assert {kind: tried(yard, kind, "reflink") for kind in kinds} == dict.fromkeys(kinds, "")
    finally:
        subprocess.run(["umount", disk], check=True)


def tried(yard: Yard, kind: str, means: str) -> str:
    """Lend a model by one means and take it back; the code of the refusal, empty when it worked."""
    tool, source = yard.tools[kind], yard.gguf if kind in LANGUAGE else yard.lora
    before, was = content(tool), source.read_bytes()
    result = one(yard.app, source, str(tool), by=means, copying=means == "copy")
    if not code(result):
        assert (result["state"], result["means"]) == ("made", [means]), result
        if means == "config":
            assert str(source.parent.parent) in Path(result["file"]).read_text("utf-8")
        else:
            made = Path(result["path"])
            assert made.is_relative_to(tool) and made.read_bytes() == was
            assert (made.samefile(source), made.is_symlink()) == (means in ("hardlink", "symlink"), means == "symlink")
        assert give_back(yard.app.stock, result["loan"]).left == []
    assert content(tool) == before and lent(yard.app.stock) == [] and source.read_bytes() == was
    return code(result)
