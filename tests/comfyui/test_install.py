"""Laying the extension into a ComfyUI: whole, only there, only over itself; and out again."""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path

import pytest

from comfyui.hosting import NODE, make_comfyui
from modelyard.comfyui.install import comfyui_at, install, status, uninstall
from modelyard.errors import BadValue, DiskError, DiskFull, NoPermission, NoSuchFile, TargetExists, UnsafePath
from modelyard.library.shifting.failpoint import VARIABLE
from modelyard.values.version import VERSION
from running import modelyard, script


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return make_comfyui(tmp_path / "ComfyUI")


def names(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_the_whole_folder_is_laid_in_with_how_to_start_the_service(base: Path, tmp_path: Path) -> None:
    found = install(base, tmp_path / "yard", ["GPU.example"])
    laid = base / "custom_nodes" / "modelyard"
    sources = {name for name in names(NODE) if "__pycache__" not in name}
    assert names(laid) == sources | {"modelyard.json"}
    assert json.loads((laid / "modelyard.json").read_bytes()) == {
        "python": sys.executable,
        "home": str(tmp_path / "yard"),
        "hosts": ["gpu.example"],
        "version": VERSION,
    }
    assert found.current and found.version == VERSION and found.path == str(laid)
    assert [entry.name for entry in (base / "custom_nodes").iterdir()] == ["modelyard"]  # no rest of the copying


@pytest.mark.parametrize("inside", ["", "portable"])
def test_a_portable_build_is_found_by_its_outer_folder(tmp_path: Path, inside: str) -> None:
    base = make_comfyui(tmp_path / inside / "ComfyUI")
    assert comfyui_at(base.parent) == base == comfyui_at(base)


def test_what_is_no_comfyui_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "custom_nodes").mkdir()
    with pytest.raises(BadValue):
        install(tmp_path, tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["custom_nodes"]


def test_an_older_one_of_ours_is_replaced_and_nothing_of_it_stays(base: Path, tmp_path: Path) -> None:
    install(base, tmp_path / "old")
    laid = base / "custom_nodes" / "modelyard"
    (laid / "gone.py").write_text("")
    described = (laid / "pyproject.toml").read_text()
    (laid / "pyproject.toml").write_text(described.replace(f'version = "{VERSION}"', 'version = "0.0.1"'))
    assert not status(base, tmp_path / "new").current
    assert install(base, tmp_path / "new").current
    assert not (laid / "gone.py").exists()


def test_the_names_of_earlier_installations_stay_until_it_is_taken_out(base: Path, tmp_path: Path) -> None:
    def hosts(*new: str) -> tuple[str, ...]:
        found = install(base, tmp_path, new).config
        assert found is not None
        return found.hosts

    assert hosts("a.example") == ("a.example",)
    assert hosts() == ("a.example",)
    assert hosts("B.example:8443", "a.example") == ("a.example", "b.example:8443")
    uninstall(base)
    assert hosts() == ()


@pytest.mark.parametrize(("number", "error"), [(errno.EACCES, NoPermission), (errno.ENOSPC, DiskFull)])
def test_a_disk_that_refuses_is_one_of_our_errors(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[DiskError]
) -> None:
    install(base, tmp_path)

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("modelyard.comfyui.swapping.exchange", lambda *_: False)
    monkeypatch.setattr(Path, "rename", refuse)
    for act in (lambda: install(base, tmp_path), lambda: uninstall(base)):
        with pytest.raises(error):
            act()
    assert status(base, tmp_path).current


def test_a_newer_one_is_kept(base: Path, tmp_path: Path) -> None:
    install(base, tmp_path)
    described = base / "custom_nodes" / "modelyard" / "pyproject.toml"
    described.write_text(described.read_text().replace(f'version = "{VERSION}"', 'version = "99.0.0"'))
    with pytest.raises(BadValue, match="99"):
        install(base, tmp_path)
    assert "99.0.0" in described.read_text()


def test_somebody_elses_folder_of_that_name_is_kept(base: Path, tmp_path: Path) -> None:
    theirs = base / "custom_nodes" / "modelyard"
    theirs.mkdir()
    (theirs / "mine.py").write_text("kept")
    for act in (lambda: install(base, tmp_path), lambda: uninstall(base), lambda: status(base, tmp_path)):
        with pytest.raises(TargetExists):
            act()
    assert (theirs / "mine.py").read_text() == "kept"


def test_a_link_in_its_place_is_not_followed(base: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (base / "custom_nodes" / "modelyard").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafePath):
        install(base, tmp_path)
    with pytest.raises(UnsafePath):
        uninstall(base)
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("host", ["http://x", "a b", "", "*", "-x", "ü"])
def test_a_host_is_a_name(base: Path, tmp_path: Path, host: str) -> None:
    with pytest.raises(BadValue):
        install(base, tmp_path, [host])
    assert not (base / "custom_nodes" / "modelyard").exists()


def test_when_the_new_one_cannot_take_its_place_the_old_one_comes_back(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(base, tmp_path / "old")
    real, calls = Path.rename, []

    def rename(self: Path, target: Path) -> Path:
        calls.append(self)
        if len(calls) == 2:
            raise PermissionError(13, "no")
        return real(self, target)

    monkeypatch.setattr("modelyard.comfyui.swapping.exchange", lambda *_: False)
    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(NoPermission):
        install(base, tmp_path / "new")
    monkeypatch.undo()
    there = status(base, tmp_path / "old")
    assert there.current and [entry.name for entry in (base / "custom_nodes").iterdir()] == ["modelyard"]


KILLED = """
import sys
from pathlib import Path
from modelyard.comfyui import install, swapping
if sys.argv[4]:
    swapping.exchange = lambda *_: False
install.install(Path(sys.argv[2]), Path(sys.argv[3])) if sys.argv[1] else install.uninstall(Path(sys.argv[2]))
"""


def killed(base: Path, home: Path, at: str, *, installs: bool, slowly: bool) -> None:
    words = ["y" if installs else "", str(base), str(home), "y" if slowly else ""]
    assert script(KILLED, *words, env={VARIABLE: at}).code == 137, "the failpoint was not passed"


@pytest.mark.parametrize(("at", "slowly"), [("extension-exchanged", False), ("extension-aside", True)])
def test_a_kill_while_it_is_replaced_loses_no_host_name_and_what_it_left_is_cleared(
    base: Path, tmp_path: Path, at: str, slowly: bool
) -> None:
    if not slowly and not sys.platform.startswith("linux"):
        pytest.skip("nothing exchanges two folders in one step here")
    home = tmp_path / "yard"
    install(base, home, ["gpu.example"])
    killed(base, home, at, installs=True, slowly=slowly)
    assert len(list((base / "custom_nodes").iterdir())) == 2 - slowly, "it left something"
    found = status(base, home)
    assert found.installed is not slowly and found.config and found.config.hosts == ("gpu.example",)
    again = install(base, home).config
    assert again and again.hosts == ("gpu.example",)
    assert [entry.name for entry in (base / "custom_nodes").iterdir()] == ["modelyard"]


def test_what_was_taken_out_stays_forgotten_when_that_was_killed(base: Path, tmp_path: Path) -> None:
    (base / "custom_nodes" / ".modelyard-mine.disabled").mkdir()
    install(base, tmp_path, ["gpu.example"])
    killed(base, tmp_path, "extension-gone", installs=False, slowly=False)
    assert status(base, tmp_path).config is None
    uninstall(base)  # nothing is there but what the kill left
    assert [entry.name for entry in (base / "custom_nodes").iterdir()] == [".modelyard-mine.disabled"]
    found = install(base, tmp_path).config
    assert found and found.hosts == ()


def test_it_goes_without_a_trace(base: Path, tmp_path: Path) -> None:
    before = names(base)
    install(base, tmp_path)
    uninstall(base)
    assert names(base) == before and not list((base / "custom_nodes").iterdir())
    with pytest.raises(NoSuchFile):
        uninstall(base)


def test_the_command_registers_the_folders_once_and_says_what_comes_next(base: Path, tmp_path: Path) -> None:
    env = {"MODELYARD_HOME": str(tmp_path / "yard")}
    first = modelyard("comfyui", "install", "--path", str(base), env=env)
    again = modelyard("comfyui", "install", "--path", str(base), env=env)
    assert first.code == again.code == 0
    assert "registered" in first.out and "registered" not in again.out and "Restart ComfyUI" in first.err
    told = modelyard("comfyui", "status", "--path", str(base), "--json", env=env).events[0]
    assert told["installed"] and told["current"] and told["running"] is False
    roots = modelyard("roots", "--json", env=env).events[0]
    assert [entry["path"].rstrip(os.sep) for entry in roots["entries"]] == [str(base)]
    assert modelyard("comfyui", "uninstall", "--path", str(base), env=env).code == 0
    assert "Lay it in" in modelyard("comfyui", "status", "--path", str(base), env=env).out
    (tmp_path / "other").mkdir()
    refused = modelyard("comfyui", "install", "--path", str(tmp_path / "other"), "--json", env=env)
    assert refused.code != 0 and refused.error == "bad-value"
