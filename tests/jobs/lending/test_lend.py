"""Models are lent by the gentlest means that works, are the same file there, and come back as long as they are ours."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from jobs.library import library, model, scanned
from modelyard.app import App
from modelyard.errors import CannotLend, NoSuchFile, NoSuchLoan, ReadOnlyDisk
from modelyard.jobs.finding import keep_place
from modelyard.jobs.lending.lend import LinkOptions, foresee, lend_models
from modelyard.jobs.lending.loans import Loan, Loans
from modelyard.jobs.lending.returning import give_back, lent, recover
from modelyard.library.roots.entries import Entry
from modelyard.library.shifting.failpoint import VARIABLE
from modelyard.net.stop import Stop
from modelyard.store.opened import Opened
from programs.installed import trees
from running import script


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing of the machine that the tests run on is found."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:1")
    return folder


@pytest.fixture
def yard(tmp_path: Path, home: Path) -> Iterator[tuple[App, Path]]:
    with library(tmp_path) as both:
        yield both


@pytest.fixture
def app(yard: tuple[App, Path]) -> App:
    return yard[0]


@pytest.fixture
def lora(yard: tuple[App, Path]) -> Path:
    path = model(yard[1] / "style" / "a.safetensors", 1)
    scanned(yard[0])
    return path


def number(app: App, path: Path) -> int:
    return app.stock.catalogue.at(str(path)).id


def one(app: App, path: Path, program: Path | str, **how: Any) -> dict[str, Any]:
    """Lend one model; what became of it."""
    if isinstance(program, Path):
        keep_place(app.stock, str(program))
    options = LinkOptions(ids=(number(app, path),), program=str(program), **how)
    (result,) = lend_models(app.stock, options, Stop(), lambda _: None)["results"]
    told: dict[str, Any] = json.loads(json.dumps(result))
    return told


def code(result: dict[str, Any]) -> str:
    return str((result.get("error") or {}).get("code", ""))


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def place(tmp_path: Path, kind: str) -> Path:
    """A program without settings that take folders."""
    build = {"a1111": trees.web_ui, "sdnext": trees.sdnext, "stability-matrix": trees.stability_matrix}[kind]
    return build(tmp_path / "tools" / kind)


# --- links ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "where"),
    [("a1111", "models/Lora"), ("sdnext", "models/Lora"), ("stability-matrix", "Models/Lora")],
)
def test_a_model_is_the_same_file_in_another_program_and_comes_back(
    app: App, lora: Path, tmp_path: Path, kind: str, where: str
) -> None:
    tool = place(tmp_path, kind)
    before, was = names(tool), lora.read_bytes()
    told = one(app, lora, tool)
    assert (told["state"], told["means"][0] in ("reflink", "hardlink")) == ("made", True)
    made = tool / where / "a.safetensors"
    assert told["path"] == str(made) and made.read_bytes() == was
    (loan,) = lent(app.stock)
    assert (loan.state, loan.paths, loan.id) == ("stands", [str(made)], told["loan"])
    assert one(app, lora, tool)["state"] == "there", "asked twice, it is made once"
    assert len(lent(app.stock)) == 1
    assert give_back(app.stock, told["loan"]).left == []
    assert (names(tool), lora.read_bytes(), lent(app.stock)) == (before, was, [])
    with pytest.raises(NoSuchLoan):
        give_back(app.stock, told["loan"])


@pytest.mark.parametrize("means", ["hardlink", "symlink", "copy"])
def test_each_means_alone_works_and_is_undone(app: App, lora: Path, tmp_path: Path, means: str) -> None:
    tool = place(tmp_path, "a1111")
    told = one(app, lora, tool, by=means)
    made = Path(told["path"])
    assert told["means"] == [means]
    assert made.samefile(lora) == (means != "copy") and made.is_symlink() == (means == "symlink")
    assert made.read_bytes() == lora.read_bytes()
    assert give_back(app.stock, told["loan"]).left == []
    assert not os.path.lexists(made) and lora.is_file()


def test_where_no_hard_link_works_the_next_means_is_taken_and_a_copy_only_when_told(
    app: App, lora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    tool = place(tmp_path, "a1111")
    monkeypatch.setattr(Opened, "link", refuse)
    assert one(app, lora, tool)["means"] in (["symlink"], ["reflink"])
    give_back(app.stock, lent(app.stock)[0].id)
    monkeypatch.setattr(Opened, "symlink", refuse)
    before = names(tool)
    told = one(app, lora, tool, by="symlink")
    assert code(told) == "cannot-lend" and "--copy" in told["error"]["hint"]
    assert names(tool) == before and lent(app.stock) == []
    told = one(app, lora, tool, copying=True)
    assert told["means"] in (["copy"], ["reflink"]) and not Path(told["path"]).samefile(lora)


@pytest.mark.root
@pytest.mark.skipif(shutil.which("mkfs.vfat") is None, reason="no vfat here")
def test_a_disk_without_links_takes_a_copy_alone(app: App, lora: Path, tmp_path: Path) -> None:
    image, disk = tmp_path / "disk.img", tmp_path / "disk"
    disk.mkdir()
    image.touch()
    os.truncate(image, 64 << 20)
    subprocess.run(["mkfs.vfat", image], check=True, capture_output=True)
    if subprocess.run(["mount", "-o", "loop", image, disk], capture_output=True).returncode:
        pytest.skip("no loop devices here")
    try:
        tool = trees.web_ui(disk / "webui")
        assert code(one(app, lora, tool)) == "cannot-lend"
        told = one(app, lora, tool, copying=True)
        assert told["means"] == ["copy"] and Path(told["path"]).read_bytes() == lora.read_bytes()
        assert [path.name for path in (tool / "models" / "Lora").iterdir()] == ["a.safetensors"]
        assert give_back(app.stock, told["loan"]).left == []
        assert list((tool / "models" / "Lora").iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)


def test_another_file_of_that_name_is_never_replaced(app: App, lora: Path, tmp_path: Path) -> None:
    tool = place(tmp_path, "a1111")
    (tool / "models" / "Lora" / "a.safetensors").write_bytes(b"theirs")
    assert code(one(app, lora, tool)) == "target-exists"
    assert (tool / "models" / "Lora" / "a.safetensors").read_bytes() == b"theirs"
    assert lent(app.stock) == []


def test_what_the_program_sees_already_is_not_lent(app: App, tmp_path: Path) -> None:
    tool = place(tmp_path, "a1111")
    path = model(tool / "models" / "Lora" / "b.safetensors", 2)
    app.stock.entries.keep(Entry(path=str(path.parent), folder="loras"))
    scanned(app)
    assert one(app, path, tool)["state"] == "there"
    other = model(tmp_path / "loras" / "c.safetensors", 3)
    scanned(app)
    os.link(other, tool / "models" / "Lora" / "c.safetensors")
    assert one(app, other, tool)["state"] == "there", "somebody linked it by hand"
    assert lent(app.stock) == []


def test_a_dry_run_says_what_would_be_done_and_does_nothing(app: App, lora: Path, tmp_path: Path) -> None:
    tool = place(tmp_path, "a1111")
    keep_place(app.stock, str(tool))
    before = names(tool)
    (told,) = foresee(app.stock, LinkOptions(ids=(number(app, lora),), program="a1111"))
    assert (told.state, told.means) == ("would", ("reflink", "hardlink", "symlink"))
    assert told.path == str(tool / "models" / "Lora" / "a.safetensors")
    assert names(tool) == before and lent(app.stock) == []


def test_one_model_that_fails_does_not_stop_the_others(app: App, lora: Path, tmp_path: Path) -> None:
    tool = place(tmp_path, "a1111")
    keep_place(app.stock, str(tool))
    options = LinkOptions(ids=(999, number(app, lora)), program="a1111")
    told = lend_models(app.stock, options, Stop(), lambda _: None)
    assert (told["made"], told["failed"]) == (1, 1)
    assert code(told["results"][0]) == "no-such-model"


# --- back, only while it is ours ----------------------------------------------------------------------


def test_a_file_that_somebody_put_in_its_place_stays(app: App, lora: Path, tmp_path: Path) -> None:
    told = one(app, lora, place(tmp_path, "a1111"))
    made = Path(told["path"])
    made.unlink()
    made.write_bytes(b"theirs")
    assert lent(app.stock)[0].state == "changed"
    ((path, why),) = give_back(app.stock, told["loan"]).left
    assert path == str(made) and "Another file" in why
    assert made.read_bytes() == b"theirs"


def test_the_last_name_of_the_bytes_is_never_removed(app: App, lora: Path, tmp_path: Path) -> None:
    for means in ("hardlink", "copy"):
        told = one(app, lora, place(tmp_path / means, "a1111"), by=means)
        away = tmp_path / "away"
        lora.rename(away)
        away.unlink()
        ((path, why),) = give_back(app.stock, told["loan"]).left
        assert "only copy" in why and Path(path).is_file()
        shutil.copy2(path, lora)
        scanned(app)
        shutil.rmtree(tmp_path / means)


def test_a_copy_of_a_model_that_is_another_by_now_stays(app: App, lora: Path, tmp_path: Path) -> None:
    told = one(app, lora, place(tmp_path, "a1111"), by="copy")
    was = lora.read_bytes()
    model(lora, 9)
    os.utime(lora, (1, 1))
    assert "only copy" in give_back(app.stock, told["loan"]).left[0][1]
    assert Path(told["path"]).read_bytes() == was


def test_a_copy_that_the_program_changed_stays(app: App, lora: Path, tmp_path: Path) -> None:
    told = one(app, lora, place(tmp_path, "a1111"), by="copy")
    with Path(told["path"]).open("ab") as file:
        file.write(b"metadata")
    assert "changed" in give_back(app.stock, told["loan"]).left[0][1]
    assert Path(told["path"]).is_file()


def test_a_program_that_is_away_is_waited_for_and_forgotten_when_told(app: App, lora: Path, tmp_path: Path) -> None:
    tool = place(tmp_path, "a1111")
    told = one(app, lora, tool)
    shutil.rmtree(tool)
    assert lent(app.stock)[0].state == "gone"
    with pytest.raises(NoSuchFile):
        give_back(app.stock, told["loan"])
    assert len(lent(app.stock)) == 1
    give_back(app.stock, told["loan"], forget=True)
    assert lent(app.stock) == [] and lora.is_file()


def test_a_copy_on_a_disk_whose_file_numbers_change_comes_back_by_its_bytes(
    app: App, lora: Path, tmp_path: Path
) -> None:
    """FAT numbers its files anew with every mount, and keeps even seconds."""
    tool = place(tmp_path, "a1111")
    for change in (False, True):
        told = one(app, lora, tool, by="copy")
        record = app.stock.folder / "loans" / f"{told['loan']}.json"
        made = Path(told["path"])
        loan = json.loads(record.read_text())
        loan["files"][0]["mark"]["inode"] += 1
        record.write_text(json.dumps(loan))
        stamp = made.stat().st_mtime_ns // 2_000_000_000 * 2_000_000_000
        if change:
            made.write_bytes(made.read_bytes()[:-1] + b"?")
        os.utime(made, ns=(stamp, stamp))
        assert lent(app.stock)[0].state == "stands"
        assert (give_back(app.stock, told["loan"]).left == []) is not change
        assert made.exists() == change


# --- trees that must not be linked into ---------------------------------------------------------------


def test_swarm_that_writes_into_its_files_gets_no_link(app: App, lora: Path, tmp_path: Path) -> None:
    tool = trees.swarm(tmp_path / "tools" / "swarm")
    for means in ("hardlink", "symlink", "config"):
        told = one(app, lora, tool, by=means)
        assert code(told) == "cannot-lend" and "writes metadata" in told["error"]["message"]
    told = one(app, lora, tool, copying=True)
    made = Path(told["path"])
    assert told["means"] in (["copy"], ["reflink"]) and not made.samefile(lora)
    was = lora.read_bytes()
    made.write_bytes(b"its own header")
    assert lora.read_bytes() == was


def test_no_hard_link_leads_out_of_a_tree_whose_program_writes_into_it(app: App, tmp_path: Path) -> None:
    swarm, tool = trees.swarm(tmp_path / "tools" / "swarm"), place(tmp_path, "a1111")
    path = model(swarm / "Models" / "Lora" / "s.safetensors", 4)
    app.stock.entries.keep(Entry(path=str(path.parent), folder="loras", read_only=True))
    scanned(app)
    keep_place(app.stock, str(swarm))
    assert code(one(app, path, tool, by="hardlink")) == "cannot-lend"
    assert one(app, path, tool)["means"] in (["symlink"], ["reflink"])


@pytest.mark.parametrize("kind", ["invokeai", "hf-cache"])
def test_programs_that_prune_or_index_get_nothing(app: App, lora: Path, tmp_path: Path, kind: str) -> None:
    build = {"invokeai": trees.invoke, "hf-cache": trees.hf_cache}[kind]
    tool = build(tmp_path / "tools" / kind)
    before = names(tool)
    assert code(one(app, lora, tool, copying=True)) == "cannot-lend"
    assert names(tool) == before


def test_a_folder_that_is_registered_as_read_only_is_not_written(app: App, lora: Path, tmp_path: Path) -> None:
    tool = place(tmp_path, "a1111")
    app.stock.entries.keep(Entry(path=str(tool / "models" / "Lora"), folder="loras", read_only=True))
    assert code(one(app, lora, tool)) == ReadOnlyDisk.code
    assert list((tool / "models" / "Lora").iterdir()) == []
    comfy = trees.comfy(tmp_path / "tools" / "comfy")
    app.stock.entries.keep(Entry(path=str(comfy), comfy=True, read_only=True))
    assert code(one(app, lora, comfy)) == ReadOnlyDisk.code
    assert not (comfy / "extra_model_paths.yaml").exists()


def test_a_model_that_would_run_code_is_not_lent(app: App, tmp_path: Path) -> None:
    path = tmp_path / "loras" / "evil.ckpt"
    path.write_bytes(b"\x80\x02cposix\nsystem\nq\x00X\x02\x00\x00\x00idq\x01\x85q\x02Rq\x03.")
    app.stock.yard.settings.set("quarantine", "off")
    scanned(app)
    assert code(one(app, path, place(tmp_path, "a1111"))) == "unsafe-pickle"


def test_a_model_behind_a_link_out_of_the_roots_is_not_lent(app: App, lora: Path, tmp_path: Path) -> None:
    found = number(app, lora)
    secret = trees.put(tmp_path / "secret", "x" * 100)
    lora.unlink()
    lora.symlink_to(secret)
    keep_place(app.stock, str(place(tmp_path, "a1111")))
    (told,) = foresee(app.stock, LinkOptions(ids=(found,), program="a1111"))
    assert told.error is not None and told.error["code"] == "unsafe-path"
    results = lend_models(app.stock, LinkOptions(ids=(found,), program="a1111"), Stop(), lambda _: None)["results"]
    assert code(results[0]) == "unsafe-path"


def test_a_link_planted_in_the_programs_folder_is_not_followed(app: App, lora: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    tool = trees.lm_studio(tmp_path / "home")
    (tool / "models" / "modelyard").symlink_to(outside)
    path = trees.gguf(tmp_path / "loras" / "m.gguf", 9)
    scanned(app)
    assert code(one(app, path, "lm-studio")) == "unsafe-path"
    assert list(outside.iterdir()) == []


# --- a program's own shape ---------------------------------------------------------------------------------


def test_lm_studio_gets_publisher_repository_and_file(app: App, tmp_path: Path) -> None:
    tool = trees.lm_studio(tmp_path / "home")
    path = trees.gguf(tmp_path / "loras" / 'it\'s a "model".gguf', 9)
    scanned(app)
    told = one(app, path, "lm-studio")
    made = Path(told["path"])
    assert made.relative_to(tool / "models").parts[0] == "modelyard" and len(made.relative_to(tool).parts) == 4
    assert made.samefile(path) or told["means"] == ["reflink"]
    give_back(app.stock, told["loan"])
    assert sorted(one.name for one in (tool / "models").iterdir()) == ["publisher"], "folders that we made go, too"


def test_jan_gets_a_folder_with_its_description(app: App, tmp_path: Path) -> None:
    root = trees.jan(tmp_path / "home" / ".local" / "share" / "Jan" / "data")
    path = trees.gguf(tmp_path / "loras" / "My model.gguf", 9)
    scanned(app)
    told = one(app, path, "jan")
    made = root / "llamacpp" / "models" / "My-model"
    assert sorted(file.name for file in made.iterdir()) == ["model.gguf", "model.yml"]
    assert "model_path: llamacpp/models/My-model/model.gguf" in (made / "model.yml").read_text()
    give_back(app.stock, told["loan"])
    assert not made.exists()


def test_programs_for_language_models_take_gguf_alone(app: App, lora: Path, tmp_path: Path) -> None:
    trees.lm_studio(tmp_path / "home")
    assert code(one(app, lora, "lm-studio")) == "cannot-lend"


# --- after a crash -----------------------------------------------------------------------------------------

CHILD = """
import sys
from modelyard.app import App
from modelyard.jobs.lending.lend import LinkOptions, lend_models
from modelyard.jobs.lending.returning import give_back, lent
from modelyard.net.stop import Stop
with App({"MODELYARD_HOME": sys.argv[1]}) as app:
    if sys.argv[2] == "back":
        give_back(app.stock, lent(app.stock)[0].id)
    else:
        options = LinkOptions(ids=(int(sys.argv[3]),), program=sys.argv[4])
        lend_models(app.stock, options, Stop(), lambda _: None)
"""


def killed(tmp_path: Path, point: str, *words: str) -> None:
    assert script(CHILD, tmp_path / "yard", *words, env={VARIABLE: point}).code == 137


@pytest.mark.parametrize("point", ["lending", "named", "marked", "placed", "lent"])
def test_killed_anywhere_nothing_is_left_half_made(tmp_path: Path, home: Path, point: str) -> None:
    tool = trees.lm_studio(home)
    with library(tmp_path) as (app, root):
        path = trees.gguf(root / "m.gguf", 5)
        scanned(app)
        found, before, was = number(app, path), names(tool), path.read_bytes()
    killed(tmp_path, point, "lend", str(found), "lm-studio")
    with library(tmp_path) as (app, root):
        recover(app.stock)
        assert (names(tool), path.read_bytes(), lent(app.stock)) == (before, was, [])
        told = one(app, path, "lm-studio")
        assert told["state"] == "made"
    if point == "lending":
        killed(tmp_path, "returned", "back")
        with library(tmp_path) as (app, root):
            give_back(app.stock, lent(app.stock)[0].id)
            assert (names(tool), path.read_bytes(), lent(app.stock)) == (before, was, [])


@pytest.mark.parametrize("point", ["lending", "listed", "lent"])
def test_killed_while_settings_change_they_are_as_they_were(tmp_path: Path, home: Path, point: str) -> None:
    tool = trees.comfy(home / "ComfyUI")
    config = trees.put(tool / "extra_model_paths.yaml", "mine:\n  loras: /x\n")
    with library(tmp_path) as (app, root):
        path = model(root / "a.safetensors", 1)
        scanned(app)
        found = number(app, path)
    killed(tmp_path, point, "lend", str(found), "comfyui")
    with library(tmp_path) as (app, root):
        recover(app.stock)
        assert config.read_text() == "mine:\n  loras: /x\n"
        assert one(app, path, "comfyui")["means"] == ["config"]


def test_a_drive_that_is_away_is_mended_when_it_is_back(tmp_path: Path, home: Path) -> None:
    tool = trees.lm_studio(home)
    with library(tmp_path) as (app, root):
        path = trees.gguf(root / "m.gguf", 5)
        scanned(app)
        found, before = number(app, path), names(tool)
    killed(tmp_path, "placed", "lend", str(found), "lm-studio")
    away = tool.rename(tmp_path / "unplugged")
    with library(tmp_path) as (app, _):
        recover(app.stock)
        assert [loan.state for loan in lent(app.stock)] == ["unfinished"]
        away.rename(tool)
        recover(app.stock)
        assert (names(tool), lent(app.stock)) == (before, [])


def test_records_are_private_and_one_that_is_damaged_is_passed_over(app: App, lora: Path, tmp_path: Path) -> None:
    told = one(app, lora, place(tmp_path, "a1111"))
    folder = app.stock.folder / "loans"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (folder / f"{'f' * 12}.json").write_text("{")
    (folder / "note.txt").write_text("hello")
    (folder / f"{'e' * 12}.json").symlink_to("dropped-meanwhile")
    assert [loan.id for loan in lent(app.stock)] == [told["loan"]]
    with pytest.raises(NoSuchLoan):
        give_back(app.stock, "../../x")


def test_no_means_at_all_is_an_error_that_says_so(app: App, lora: Path, tmp_path: Path) -> None:
    trees.put(tmp_path / "home" / "apps" / "kobold" / "koboldcpp.py")
    told = one(app, lora, "koboldcpp")
    assert code(told) == CannotLend.code and "--model" in told["error"]["message"]


# --- several at once ------------------------------------------------------------------------------------------


def test_many_links_at_once_are_all_made_and_none_undoes_another(app: App, tmp_path: Path, home: Path) -> None:
    comfy, forge = trees.comfy(home / "ComfyUI"), trees.web_ui(home / "forge")
    paths = []
    for at in range(4):
        path = model(tmp_path / "roots" / str(at) / f"{at}.safetensors", at)
        app.stock.entries.keep(Entry(path=str(path.parent), folder="loras"))
        paths.append(path)
    scanned(app)
    jobs = [(path, program) for path in paths for program in ("comfyui", "a1111")]
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda job: one(app, *job), jobs))
    assert [result["state"] for result in told] == ["made"] * 8
    assert all(str(path.parent) in (comfy / "extra_model_paths.yaml").read_text() for path in paths)
    assert sorted(file.name for file in (forge / "models" / "Lora").iterdir()) == [path.name for path in paths]
    with ThreadPoolExecutor(8) as pool:
        assert [back.left for back in pool.map(lambda loan: give_back(app.stock, loan.id), lent(app.stock))] == [[]] * 8
    assert not (comfy / "extra_model_paths.yaml").exists() and list((forge / "models" / "Lora").iterdir()) == []


def test_records_are_read_once_for_many_models(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, root = place(tmp_path, "a1111"), tmp_path / "roots"
    paths = [model(root / f"{at}.safetensors", at) for at in range(5)]
    app.stock.entries.keep(Entry(path=str(root), folder="loras"))
    scanned(app)
    keep_place(app.stock, str(tool))
    looks, read = [], Loans._read

    def counted(self: Loans) -> Iterator[Loan]:
        looks.append(self)
        return read(self)

    monkeypatch.setattr(Loans, "_read", counted)
    ids = tuple(number(app, path) for path in paths)
    options = LinkOptions(ids=ids, program="a1111")
    told = lend_models(app.stock, options, Stop(), lambda _: None)
    assert (told["made"], len(looks)) == (5, 1)
    assert sorted(loan.model for loan in lent(app.stock)) == sorted(ids)
    again = lend_models(app.stock, options, Stop(), lambda _: None)
    assert [result["loan"] for result in again["results"]] == [result["loan"] for result in told["results"]]


def test_a_symlink_to_a_model_that_was_moved_is_told_as_gone(app: App, lora: Path, tmp_path: Path) -> None:
    told = one(app, lora, place(tmp_path, "a1111"), by="symlink")
    lora.rename(lora.with_name("moved.safetensors"))
    assert lent(app.stock)[0].state == "gone"
    assert give_back(app.stock, told["loan"]).left == [] and not os.path.lexists(told["path"])


@pytest.mark.parametrize("way", ["", "hardlink", "symlink"])
def test_nothing_is_linked_into_a_folder_that_another_program_writes_into(tmp_path: Path, way: str) -> None:
    with library(tmp_path) as (app, root):
        path = model(root / "a.safetensors", 1)
        scanned(app)
        swarm = trees.swarm(tmp_path / "SwarmUI")
        other = trees.web_ui(tmp_path / "a1111")
        shutil.rmtree(other / "models" / "Lora")
        (other / "webui-user.sh").write_text(f'export COMMANDLINE_ARGS="--lora-dir {swarm}/Models/Lora"\n')
        for place in (swarm, other):
            keep_place(app.stock, str(place))
        number = app.stock.catalogue.at(str(path)).id
        told = lend_models(app.stock, LinkOptions(ids=(number,), program=str(other), by=way), Stop(), lambda _: None)[
            "results"
        ][0]
        assert path.stat().st_nlink == 1
        assert not any(one.is_symlink() for one in swarm.rglob("*"))
        if way:
            assert "writes into" in told["error"]["message"]


# --- models of several files ------------------------------------------------------------------------------------


def test_a_diffusers_folder_is_lent_file_by_file_and_leaves_no_folder_behind(app: App, tmp_path: Path) -> None:
    folder = tmp_path / "pipes" / "my pipe"
    trees.put(folder / "model_index.json", '{"_class_name": "StableDiffusionPipeline"}')
    trees.put(folder / "unet" / "config.json", "{}")
    model(folder / "unet" / "diffusion_pytorch_model.safetensors", 3)
    app.stock.entries.keep(Entry(path=str(tmp_path / "pipes"), folder="diffusers"))
    scanned(app)
    tool = trees.sdnext(tmp_path / "tools" / "next")
    (tool / "models" / "Diffusers").mkdir()
    before = names(tool)
    told = one(app, folder, tool)
    made = tool / "models" / "Diffusers" / "my pipe"
    assert told["state"] == "made" and names(made) == names(folder)
    assert (made / "unet" / "diffusion_pytorch_model.safetensors").stat().st_nlink == 2 or told["means"] == ["reflink"]
    assert give_back(app.stock, told["loan"]).left == []
    assert names(tool) == before and names(folder) == {
        "model_index.json",
        "unet",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
    }


def test_all_shards_go_or_none(app: App, tmp_path: Path) -> None:
    loras = tmp_path / "loras"
    shards = [model(loras / f"m-0000{at}-of-00002.safetensors", at) for at in (1, 2)]
    trees.put(loras / "m.safetensors.index.json", '{"weight_map": {}}')
    scanned(app)
    tool = place(tmp_path, "a1111")
    target = tool / "models" / "Lora"
    (target / shards[1].name).write_bytes(b"theirs")
    assert code(one(app, shards[0], tool)) == "target-exists"
    assert [file.name for file in target.iterdir()] == [shards[1].name] and lent(app.stock) == []
    (target / shards[1].name).unlink()
    told = one(app, shards[0], tool)
    assert sorted(file.name for file in target.iterdir()) == sorted(file.name for file in loras.iterdir())
    give_back(app.stock, told["loan"])
    assert list(target.iterdir()) == []
