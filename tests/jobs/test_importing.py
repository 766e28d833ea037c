"""Programs' models are imported where they lie: roots and facts come, and not a byte of theirs changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.library import library, model, scanned
from modelyard.app import App
from modelyard.errors import BadValue, NoSuchProgram, ReadOnlyDisk, UnsafePath
from modelyard.jobs.dedupe import DedupeOptions, dedupe
from modelyard.jobs.finding import forget_place, found, keep_place, named, places
from modelyard.jobs.importing import ImportOptions, import_programs
from modelyard.jobs.measuring import MeasureOptions, measure_models
from modelyard.jobs.owning import Change, change_own
from modelyard.jobs.programs import survey
from modelyard.jobs.taking import take_settings
from modelyard.jobs.trash import put_away
from modelyard.library.roots.entries import Entry
from modelyard.net.stop import Stop
from programs.installed import trees


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture
def app(tmp_path: Path, home: Path) -> Iterator[App]:
    with library(tmp_path) as (app, _):
        yield app


def take(app: App, *names: str) -> dict[str, object]:
    return import_programs(app.stock, ImportOptions(programs=names), Stop(), lambda _: None)


def bytes_of(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.lstat().st_size, path.lstat().st_mtime_ns) for path in folder.rglob("*")}


def test_ollama_hugging_face_and_invoke_are_listed_with_what_they_know(app: App, home: Path) -> None:
    store = trees.ollama(home / ".ollama" / "models")
    hub = trees.hf_cache(home / ".cache" / "huggingface" / "hub")
    invoke = trees.invoke(home / "invokeai")
    before = bytes_of(home)
    told = take(app, "ollama", "hf-cache", "invokeai")
    assert (told["models"], told["added"], told["learnt"]) == (3, 3, 3)
    blob = app.stock.catalogue.at(str(store / "blobs" / f"sha256-{trees.BLOB}"))
    assert (blob.title, blob.format) == ("llama3.2:3b", "gguf")
    cached = app.stock.catalogue.at(str(hub / f"models--org--name/snapshots/{trees.COMMIT}/model.safetensors"))
    assert (cached.hub, cached.hub_model, cached.hub_version) == ("huggingface", "org/name", trees.COMMIT)
    assert app.stock.catalogue.details(cached.id).about.claimed == {"sha256": trees.BLOB}
    flux = app.stock.catalogue.at(str(invoke / "models" / "any" / "flux.safetensors"))
    assert (flux.title, flux.base) == ("FLUX", "flux")
    assert bytes_of(home) == before, "nothing was written beside them"
    assert all(entry.read_only for entry in app.stock.entries.all() if str(home) in entry.path)
    with pytest.raises(UnsafePath):
        app.stock.roots().inside(Path("/etc/passwd"))


def test_read_only_models_cannot_be_removed_or_linked_away(app: App, home: Path) -> None:
    store = trees.ollama(home / ".ollama" / "models")
    take(app, "ollama")
    blob = store / "blobs" / f"sha256-{trees.BLOB}"
    number = app.stock.catalogue.at(str(blob)).id
    with pytest.raises(ReadOnlyDisk):
        put_away(app.stock, number)
    twin = trees.gguf(home.parent / "loras" / "twin.gguf")
    twin.write_bytes(blob.read_bytes())
    scanned(app)
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)
    assert dedupe(app.stock, DedupeOptions(), Stop(), lambda _: None)["linked"] == 0
    assert blob.is_file()


def test_what_was_known_before_stays(app: App, home: Path) -> None:
    hub = trees.hf_cache(home / ".cache" / "huggingface" / "hub")
    take(app, "hf-cache")
    path = str(hub / f"models--org--name/snapshots/{trees.COMMIT}/model.safetensors")
    number = app.stock.catalogue.at(path).id
    change_own(app.stock, number, Change(title="mine", rating=5))
    assert take(app, "hf-cache")["learnt"] == 0
    assert (app.stock.catalogue.get(number).title, app.stock.catalogue.get(number).rating) == ("mine", 5)
    scanned(app)
    assert app.stock.catalogue.get(number).hub_model == "org/name"


def test_a_comfyui_is_one_root_and_other_programs_are_one_a_folder(app: App, home: Path) -> None:
    tool = trees.comfy(home / "ComfyUI")
    model(tool / "models" / "loras" / "a.safetensors", 1)
    forge = trees.web_ui(home / "forge", "modules_forge")
    take(app, "comfyui", "forge")
    again = take(app, "comfyui", "forge")
    assert again["roots"] == []
    entries = [entry for entry in app.stock.entries.all() if str(home) in entry.path]
    assert [entry.path for entry in entries if entry.comfy] == [str(tool)]
    assert {entry.folder for entry in entries if not entry.comfy} == {"checkpoints", "loras", "embeddings"}
    assert all(program.imported for program in survey(app.stock).programs)
    assert forge.is_dir()


def test_nothing_is_registered_when_one_program_is_not_found(app: App, home: Path) -> None:
    trees.comfy(home / "ComfyUI")
    before = app.stock.entries.all()
    with pytest.raises(NoSuchProgram):
        take(app, "comfyui", "forge")
    assert app.stock.entries.all() == before
    trees.put(home / "apps" / "k" / "koboldcpp.py")
    with pytest.raises(BadValue):
        take(app, "koboldcpp")


def test_a_comfyui_whose_settings_name_etc_is_not_imported(app: App, home: Path) -> None:
    tool = trees.comfy(home / "ComfyUI")
    trees.put(tool / "extra_model_paths.yaml", "a:\n  loras: /etc\n")
    (program,) = [one for one in found(app.stock) if one.kind == "comfyui"]
    assert Path("/etc") not in [folder.path for folder in program.folders]
    assert any("/etc" in note for note in program.notes)
    with pytest.raises(BadValue, match="/etc"):
        take(app, "comfyui")
    assert all(str(home) not in entry.path for entry in app.stock.entries.all())


# --- places, names, what is there twice ---------------------------------------------------------------


def test_a_place_is_remembered_and_forgotten(app: App, tmp_path: Path) -> None:
    tool = trees.comfy(tmp_path / "far" / "away" / "thing")
    assert found(app.stock) == []
    assert [program.path for program in keep_place(app.stock, str(tmp_path / "far"))] == [tool]
    assert named(app.stock, "comfyui").path == tool == named(app.stock, str(tool)).path
    assert places(app.stock) == [str(tmp_path / "far")]
    forget_place(app.stock, str(tmp_path / "far"))
    assert found(app.stock) == []
    with pytest.raises(NoSuchProgram):
        forget_place(app.stock, str(tmp_path / "far"))
    (tmp_path / "empty").mkdir()
    for bad in ("relative", str(tmp_path / "missing"), str(tmp_path / "empty"), "/\0"):
        with pytest.raises(BadValue):
            keep_place(app.stock, bad)


def test_of_two_of_a_kind_the_id_must_be_said(app: App, home: Path) -> None:
    trees.comfy(home / "one")
    trees.comfy(home / "two")
    first, second = found(app.stock)
    with pytest.raises(NoSuchProgram, match="There are 2") as told:
        named(app.stock, "ComfyUI")
    assert first.id in told.value.hint and second.id in told.value.hint
    assert named(app.stock, second.id) == second


def test_what_lies_in_two_programs_is_summed(app: App, home: Path) -> None:
    comfy, forge = trees.comfy(home / "ComfyUI"), trees.web_ui(home / "forge", "modules_forge")
    size = model(comfy / "models" / "loras" / "a.safetensors", 1).stat().st_size
    model(forge / "models" / "Lora" / "same.safetensors", 1)
    model(forge / "models" / "Lora" / "twice.safetensors", 2)
    model(forge / "models" / "Lora" / "inside.safetensors", 2)
    take(app, "comfyui", "forge")
    assert survey(app.stock).shared == 0 and survey(app.stock).unmeasured == 4
    measure_models(app.stock, MeasureOptions(), Stop(), lambda _: None)
    told = survey(app.stock)
    assert (told.shared, told.frees, told.unmeasured) == (size, size, 0)
    assert {one.kind: (one.shared, one.models) for one in told.programs} == {"comfyui": (size, 1), "forge": (size, 3)}
    assert sum(one.frees for one in told.programs) == size
    dedupe(app.stock, DedupeOptions(), Stop(), lambda _: None)
    assert survey(app.stock).frees == 0


# --- settings -------------------------------------------------------------------------------------------


def test_keys_and_proxy_are_taken_when_asked_and_never_shown(app: App, home: Path) -> None:
    trees.hf_cache(home / ".cache" / "huggingface" / "hub")
    trees.put(home / ".cache" / "huggingface" / "token", "hf_abcdefghijklmnopqrstuvwxyz")
    tool = trees.web_ui(home / "webui")
    trees.put(tool / "webui-user.sh", "export HTTPS_PROXY=http://user:pass@proxy:1\n")
    told = repr(survey(app.stock))
    assert "abcdefghij" not in told and "pass@" not in told
    cache = named(app.stock, "hf-cache")
    assert take_settings(cache, app.keys, app.settings, keys=False, proxy=False).keys == []
    assert not app.keys.has("https://huggingface.co")
    (key,) = take_settings(cache, app.keys, app.settings, keys=True, proxy=False).keys
    assert key.kept and "abcdefghij" not in repr(key) and key.shown
    assert app.keys.has("https://huggingface.co")
    assert not take_settings(cache, app.keys, app.settings, keys=True, proxy=True).keys[0].kept, "ours stays"
    taken = take_settings(named(app.stock, "a1111"), app.keys, app.settings, keys=True, proxy=True)
    assert "pass" not in taken.proxy and app.settings["proxy"] == "http://user:pass@proxy:1"


def test_a_proxy_that_a_program_names_no_more_is_told_and_ours_stays(app: App, home: Path) -> None:
    tool = trees.web_ui(home / "webui")
    trees.put(tool / "webui-user.sh", "export HTTPS_PROXY=http://proxy:1\n")
    program = named(app.stock, "a1111")
    trees.put(tool / "webui-user.sh", "\n")
    with pytest.raises(BadValue, match="no proxy any more"):
        take_settings(program, app.keys, app.settings, keys=False, proxy=True)
    assert not app.settings["proxy"]


def test_a_key_that_is_none_is_told_and_not_kept(app: App, home: Path) -> None:
    trees.hf_cache(home / ".cache" / "huggingface" / "hub")
    trees.put(home / ".cache" / "huggingface" / "token", "two words\nand lines")
    (key,) = take_settings(named(app.stock, "hf-cache"), app.keys, app.settings, keys=True, proxy=False).keys
    assert not key.kept and key.trouble and "two words" not in repr(key)


def test_below_a_mixed_root_a_programs_folders_are_imported_only_when_their_kinds_are_known(
    app: App, home: Path
) -> None:
    forge = trees.web_ui(home / "AI" / "forge", "modules_forge")
    app.stock.entries.keep(Entry(path=str(home / "AI")))
    (program,) = survey(app.stock).programs
    assert not program.imported
    assert str(forge / "models" / "Lora") in str(take(app, "forge")["roots"])
    (program,) = survey(app.stock).programs
    assert program.imported
    assert take(app, "forge")["roots"] == []


def test_models_are_learnt_of_below_a_root_that_was_registered_by_a_link(app: App, home: Path) -> None:
    hub = trees.hf_cache(home / ".cache" / "huggingface" / "hub")
    (home / "cache").symlink_to(hub)
    app.stock.entries.keep(Entry(path=str(home / "cache")))
    assert take(app, "hf-cache")["learnt"] == 1
    path = home / "cache" / f"models--org--name/snapshots/{trees.COMMIT}/model.safetensors"
    assert app.stock.catalogue.at(str(path)).hub_model == "org/name"


def test_a_root_that_holds_a_programs_folder_already_is_enough(app: App, home: Path) -> None:
    forge = trees.web_ui(home / "forge", "modules_forge")
    app.stock.entries.keep(Entry(path=str(forge / "models" / "Lora"), folder="loras"))
    told = take(app, "forge")
    assert str(forge / "models" / "Lora") not in str(told["roots"])
