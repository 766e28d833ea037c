"""Each program is known by its own files, wherever its folder is, on every system; links and oddities are told."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from modelyard.programs.installed.found import Program
from modelyard.programs.installed.machine import Machine, System
from modelyard.programs.installed.searching import recognise, search
from programs.installed import trees


def one(found: list[Program], kind: str) -> Program:
    (program,) = [each for each in found if each.kind == kind]
    return program


def folders(program: Program) -> dict[str, str]:
    return {str(one.path.relative_to(program.path)): one.folder for one in program.folders}


BUILT: dict[str, Callable[[Path], Path]] = {
    "comfyui": trees.comfy,
    "a1111": trees.web_ui,
    "forge": lambda root: trees.web_ui(root, "modules_forge"),
    "reforge": lambda root: trees.web_ui(root, "modules_forge", "ldm_patched"),
    "sdnext": trees.sdnext,
    "fooocus": trees.fooocus,
    "invokeai": trees.invoke,
    "swarmui": trees.swarm,
    "stability-matrix": trees.stability_matrix,
    "ollama": trees.ollama,
    "hf-cache": trees.hf_cache,
    "textgen": trees.textgen,
    "jan": trees.jan,
}


@pytest.mark.parametrize("kind", BUILT)
def test_a_program_is_known_by_its_files_whatever_its_folder_is_called(tmp_path: Path, kind: str) -> None:
    made = BUILT[kind](tmp_path / "home" / "AI" / "some name")
    found = search(trees.machine(tmp_path / "home"))
    program = one(found, kind)
    assert program.path == made
    assert program.id.startswith(f"{kind}-") and program.id == one(search(trees.machine(tmp_path / "home")), kind).id


@pytest.mark.parametrize("kind", BUILT)
def test_a_program_that_is_half_there_is_none_or_has_no_folder(tmp_path: Path, kind: str) -> None:
    made = BUILT[kind](tmp_path / "home" / "thing")
    names = sorted(path for path in made.iterdir())
    for path in names:
        away = tmp_path / "away"
        path.rename(away)
        try:
            program = recognise(made, trees.machine(tmp_path / "home"))
            assert program is None or all(folder.path.is_dir() for folder in program.folders)
        finally:
            away.rename(path)
    assert recognise(made, trees.machine(tmp_path / "home")) is not None


def test_folders_have_the_names_that_comfyui_gives_them(tmp_path: Path) -> None:
    home = trees.machine(tmp_path)
    forge = recognise(trees.web_ui(tmp_path / "forge", "modules_forge"), home)
    assert forge is not None
    assert folders(forge) == {
        "models/Stable-diffusion": "checkpoints",
        "models/Lora": "loras",
        "embeddings": "embeddings",
    }
    swarm = recognise(trees.swarm(tmp_path / "swarm"), home)
    assert swarm is not None
    assert folders(swarm) == {"Models/Stable-Diffusion": "checkpoints", "Models/Lora": "loras", "Models/VAE": "vae"}


@pytest.mark.parametrize(
    ("system", "local", "roaming", "cache", "config"),
    [
        ("linux", ".local/share", ".local/share", ".cache", ".config"),
        ("windows", "AppData/Local", "AppData/Roaming", "AppData/Local", "AppData/Roaming"),
        ("macos", *["Library/Application Support"] * 2, "Library/Caches", "Library/Application Support"),
    ],
)
def test_programs_are_found_where_each_system_keeps_them(
    tmp_path: Path, system: System, local: str, roaming: str, cache: str, config: str
) -> None:
    home, drive = tmp_path / "home", tmp_path / "D"
    trees.gpt4all(home / local / "nomic.ai" / "GPT4All")
    trees.lm_studio(home)
    trees.ollama(home / ".ollama" / "models")
    trees.jan(home / roaming / "Jan" / "data")
    trees.gguf(home / cache / "llama.cpp" / "org_model.gguf")
    trees.hf_cache(home / ".cache" / "huggingface" / "hub")
    trees.hf_cache(home / ".cache" / "huggingface" / "diffusers")
    trees.gguf(home / ".cache" / "modelscope" / "hub" / "models" / "org" / "name" / "m.gguf")
    trees.stability_matrix(home / config / "StabilityMatrix")
    desktop = home / "Documents" / "ComfyUI"
    (desktop / "models" / "loras").mkdir(parents=True)
    trees.put(home / config / "ComfyUI" / "extra_models_config.yaml", f"comfyui_desktop:\n  base_path: {desktop}\n")
    portable = trees.comfy(drive / "AI" / "ComfyUI_windows_portable" / "ComfyUI")
    (portable.parent / "python_embeded").mkdir()
    trees.invoke(drive / "AI" / "InvokeAI")
    found = search(Machine(system, home, {}, tmp_path / "root", (drive,)))
    assert [(program.kind, program.name) for program in found] == [
        ("comfyui-desktop", "ComfyUI Desktop"),
        ("comfyui", "ComfyUI portable"),
        ("diffusers-cache", "diffusers cache"),
        ("gpt4all", "GPT4All"),
        ("hf-cache", "Hugging Face cache"),
        ("invokeai", "InvokeAI"),
        ("jan", "Jan"),
        ("llama-cpp", "llama.cpp"),
        ("lm-studio", "LM Studio"),
        ("modelscope-cache", "ModelScope cache"),
        ("ollama", "Ollama"),
        ("stability-matrix", "StabilityMatrix"),
    ]
    assert {program.path for program in found} >= {desktop, portable}


def test_variables_say_where_caches_and_stores_are(tmp_path: Path) -> None:
    hub, store, cache = (tmp_path / name for name in ("hub", "store", "llama"))
    trees.hf_cache(hub)
    trees.ollama(store)
    trees.gguf(cache / "org_model.gguf")
    environ = {"HF_HUB_CACHE": str(hub), "OLLAMA_MODELS": str(store), "LLAMA_CACHE": str(cache)}
    found = search(trees.machine(tmp_path / "home", **environ))
    assert {program.kind: program.path for program in found} == {"hf-cache": hub, "ollama": store, "llama-cpp": cache}
    assert search(trees.machine(tmp_path / "home", HF_HUB_CACHE="relative", OLLAMA_MODELS="\0")) == []


def test_other_caches_and_programs_without_models(tmp_path: Path) -> None:
    trees.gguf(tmp_path / ".cache" / "modelscope" / "hub" / "models" / "org" / "name" / "m.gguf")
    trees.hf_cache(tmp_path / ".cache" / "huggingface" / "diffusers")
    trees.put(tmp_path / "apps" / "kobold" / "koboldcpp.py")
    found = {program.kind: program for program in search(trees.machine(tmp_path))}
    assert set(found) == {"modelscope-cache", "diffusers-cache", "koboldcpp"}
    assert found["koboldcpp"].means == () and "--model" in found["koboldcpp"].why


def test_a_folder_with_gguf_files_is_no_llama_cpp_unless_it_left_its_notes_there(tmp_path: Path) -> None:
    trees.gguf(tmp_path / "models" / "some.gguf")
    assert search(trees.machine(tmp_path)) == []
    trees.put(tmp_path / "models" / "some.gguf.etag")
    assert [program.kind for program in search(trees.machine(tmp_path))] == ["llama-cpp"]


def test_presets_of_koboldcpp_say_where_the_models_lie_that_it_loads(tmp_path: Path) -> None:
    home = tmp_path / "apps" / "kobold"
    trees.put(home / "koboldcpp.py")
    trees.gguf(tmp_path / "llm" / "a.gguf")
    trees.gguf(home / "own" / "b.gguf")
    told = {"model_param": str(tmp_path / "llm" / "a.gguf"), "sdlora": ["own/b.gguf", 5, "x" * 9000], "mmproj": None}
    trees.put(home / "mine.kcpps", json.dumps(told | {"sdvae": "https://host/none.gguf", "sdmodel": "/etc/passwd"}))
    trees.put(home / "broken.kcpps", "{")
    (found,) = search(trees.machine(tmp_path))
    assert {(folder.path, folder.declared) for folder in found.folders} == {
        (tmp_path / "llm", True),
        (home / "own", False),
    }
    assert home / "mine.kcpps" in found.configs
    assert any("broken.kcpps" in note for note in found.notes)
    assert any("/etc" in note for note in found.notes)


def test_the_desktop_program_of_comfyui_is_found_by_the_file_it_writes(tmp_path: Path) -> None:
    base = tmp_path / "Documents" / "ComfyUI"
    (base / "models" / "loras").mkdir(parents=True)
    config = tmp_path / "Library" / "Application Support" / "ComfyUI" / "extra_models_config.yaml"
    trees.put(config, f"comfyui_desktop:\n  base_path: {base}\n  loras: models/loras/\n")
    program = one(search(trees.machine(tmp_path, "macos")), "comfyui-desktop")
    assert (program.path, program.configs) == (base, (config,))


# --- what settings say ------------------------------------------------------------------------------


def test_switches_of_a_start_script_name_folders_and_the_proxy(tmp_path: Path) -> None:
    root, elsewhere = trees.web_ui(tmp_path / "webui"), tmp_path / "my loras"
    elsewhere.mkdir()
    trees.put(
        root / "webui-user.sh",
        f"export COMMANDLINE_ARGS=\"--xformers --lora-dir '{elsewhere}' --ckpt-dir=/etc\"\n"
        'export HTTPS_PROXY="http://user:secret@proxy:8080"\n',
    )
    program = recognise(root, trees.machine(tmp_path))
    assert program is not None
    (named,) = [folder for folder in program.folders if folder.declared]
    assert (named.path, named.folder) == (elsewhere, "loras")
    assert program.proxy == "http://proxy:8080"
    assert "secret" not in repr(program)
    assert any("/etc" in note for note in program.notes)


def test_a_whole_folder_of_data_or_models_may_be_elsewhere(tmp_path: Path) -> None:
    root = trees.web_ui(tmp_path / "webui")
    for place in ("data/models/Lora", "models/VAE"):
        (tmp_path / place).mkdir(parents=True)
    trees.put(
        root / "webui-user.bat",
        f'set COMMANDLINE_ARGS=--data-dir "{tmp_path / "data"}" --models-dir {tmp_path / "models"}\r\n',
    )
    program = recognise(root, trees.machine(tmp_path))
    assert program is not None
    declared = {(folder.path, folder.folder) for folder in program.folders if folder.declared}
    assert declared == {(tmp_path / "data" / "models" / "Lora", "loras"), (tmp_path / "models" / "VAE", "vae")}


def test_settings_in_json_name_folders_and_where_keys_are(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    root = trees.sdnext(tmp_path / "next", lora_dir=str(tmp_path / "store"), civitai_token="secret", vae_dir="~")
    program = recognise(root, trees.machine(tmp_path))
    assert program is not None
    assert [folder.path for folder in program.folders if folder.declared] == [tmp_path / "store"]
    assert [(key.hub, key.name) for key in program.keys] == [("civitai", "civitai_token")]
    assert "secret" not in repr(program)


def test_fooocus_takes_lists_and_textgen_takes_flags(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    program = recognise(
        trees.fooocus(tmp_path / "f", path_loras=[str(tmp_path / "a"), str(tmp_path / "b"), 5, "/etc", "missing"]),
        trees.machine(tmp_path),
    )
    assert program is not None
    assert [folder.path.name for folder in program.folders if folder.declared] == ["a", "b"]
    assert program.lists == (("checkpoints", "path_checkpoints"), ("loras", "path_loras"))
    other = recognise(trees.textgen(tmp_path / "t", f"--model-dir {tmp_path / 'a'}\n"), trees.machine(tmp_path))
    assert other is not None and tmp_path / "a" in [folder.path for folder in other.folders]


def test_swarm_that_writes_into_its_files_takes_no_links(tmp_path: Path) -> None:
    home = trees.machine(tmp_path)
    plain = recognise(trees.swarm(tmp_path / "one"), home)
    careful = recognise(trees.swarm(tmp_path / "two", careful=True), home)
    assert plain is not None and careful is not None
    assert plain.means == ("reflink", "copy") and {one.care for one in plain.folders} == {"rewrites"}
    assert careful.means[0] == "config" and {one.care for one in careful.folders} == {"free"}


# --- attacks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ['{"lora_dir": "/etc"}', "{", "[]", '{"lora_dir": {"a": 1}}', '{"a":' * 5000, "\0" * 50]
)
def test_settings_that_make_no_sense_harm_nobody(tmp_path: Path, text: str) -> None:
    root = trees.sdnext(tmp_path / "next")
    (root / "config.json").write_text(text)
    program = recognise(root, trees.machine(tmp_path))
    assert program is not None
    assert all(folder.path.is_relative_to(root) for folder in program.folders)
    assert program.notes or text == '{"lora_dir": {"a": 1}}'


def test_a_yaml_bomb_is_noted_and_not_built(tmp_path: Path) -> None:
    bomb = "a: &a [1,1,1]\n" + "".join(
        f"{b}: &{b} [*{a},*{a},*{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    root = trees.invoke(tmp_path / "invoke")
    (root / "invokeai.yaml").write_text(bomb)
    program = recognise(root, trees.machine(tmp_path))
    assert program is not None and any("aliases" in note for note in program.notes)


def test_a_folder_of_models_that_is_a_link_out_is_told_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = trees.web_ui(tmp_path / "webui")
    (root / "models" / "Lora").rmdir()
    (root / "models" / "Lora").symlink_to(outside)
    program = recognise(root, trees.machine(tmp_path))
    assert program is not None
    assert outside not in [folder.path for folder in program.folders]
    assert any(str(outside) in note for note in program.notes)


def test_settings_behind_links_pipes_and_of_any_size_are_not_read(tmp_path: Path) -> None:
    root = trees.sdnext(tmp_path / "next")
    for make in (
        lambda path: path.symlink_to(trees.put(tmp_path / "secret", '{"lora_dir": "/tmp"}')),
        os.mkfifo,
        lambda path: (path.touch(), os.truncate(path, 5 << 30)),
    ):
        (root / "config.json").unlink()
        make(root / "config.json")
        program = recognise(root, trees.machine(tmp_path))
        assert program is not None and program.configs == () and len(program.notes) == 1


def test_the_search_does_not_follow_links_or_look_into_hidden_folders(tmp_path: Path) -> None:
    real = trees.comfy(tmp_path / "elsewhere" / "ComfyUI")
    home = tmp_path / "home"
    trees.comfy(home / ".hidden")
    (home / "linked").symlink_to(real)
    assert search(trees.machine(home)) == []
    assert [program.path for program in search(trees.machine(home), [tmp_path / "elsewhere"])] == [real]


def test_names_with_quotes_and_newlines_are_names(tmp_path: Path) -> None:
    root = trees.comfy(tmp_path / "home" / 'it\'s\n"odd"')
    assert one(search(trees.machine(tmp_path / "home")), "comfyui").path == root


def test_a_start_script_of_a_million_blank_lines_is_read_at_once(tmp_path: Path) -> None:
    root = trees.web_ui(tmp_path / "webui")
    (root / "webui-user.sh").write_text("\n" * 1_000_000)
    assert recognise(root, trees.machine(tmp_path)) is not None
    swarm = trees.swarm(tmp_path / "swarm")
    (swarm / "Data" / "Settings.fds").write_text("ModelRoot:" + " " * 1_000_000 + "x")
    assert recognise(swarm, trees.machine(tmp_path)) is not None


def test_what_a_whole_machine_shares_is_found(tmp_path: Path) -> None:
    trees.ollama(tmp_path / "root" / "usr" / "share" / "ollama" / ".ollama" / "models")
    trees.comfy(tmp_path / "root" / "workspace" / "ComfyUI")
    assert {program.kind for program in search(trees.machine(tmp_path / "home"))} == {"ollama", "comfyui"}


def test_programs_that_others_installed_are_found_in_them(tmp_path: Path) -> None:
    matrix = trees.stability_matrix(tmp_path / "home" / "tools" / "matrix")
    swarm = trees.swarm(tmp_path / "home" / "tools" / "swarm")
    inner = {trees.comfy(matrix / "Packages" / "ComfyUI"), trees.comfy(swarm / "dlbackend" / "comfy" / "ComfyUI")}
    found = search(trees.machine(tmp_path / "home"), [tmp_path / "home" / "tools"])
    assert {program.path for program in found} == {matrix, swarm, *inner}


def test_an_unreadable_home_gives_nothing(tmp_path: Path) -> None:
    assert search(Machine("linux", tmp_path / "missing", {}, tmp_path)) == []
