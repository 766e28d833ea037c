"""Which folders settings may name, on every system; what cannot be read is noted."""

from __future__ import annotations

from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest

from modelyard.programs.installed.configs import Settings, is_place
from programs.installed import trees

POSIX, WINDOWS = PurePosixPath("/home/me"), PureWindowsPath("C:/Users/me")


@pytest.mark.parametrize(
    ("home", "good"),
    [
        (POSIX, "/home/me/models"),
        (POSIX, "/data"),
        (POSIX, "/mnt/disk/models"),
        (POSIX, "/usr/share/ollama/.ollama/models/blobs"),
        (POSIX, "/Volumes/Models"),
        (POSIX, "/private/var/folders/x"),
        (WINDOWS, "C:/Users/me/models"),
        (WINDOWS, "D:/AI"),
        (WINDOWS, "C:/Program Files/Tool/models"),
        (WINDOWS, "//nas/share/models"),
    ],
)
def test_folders_of_models(home: PurePath, good: str) -> None:
    assert is_place(type(home)(good), home)


@pytest.mark.parametrize(
    ("home", "bad"),
    [
        *(
            (POSIX, path)
            for path in ("/", "/home/me", "/home", "/etc", "/etc/ssh", "/proc/1", "/dev", "/usr", "/System/x")
        ),
        *((POSIX, path) for path in ("/private/etc", "/tmp", "/opt", "/Volumes", "/run/user/0")),
        *((WINDOWS, path) for path in ("C:/", "C:/Users/me", "C:/Users", "C:/Windows", "C:/WINDOWS/System32")),
        *((WINDOWS, path) for path in ("D:/", "C:/Program Files", "C:/ProgramData", "//nas/share/")),
    ],
)
def test_folders_of_the_system_whole_drives_and_homes_are_none(home: PurePath, bad: str) -> None:
    assert not is_place(type(home)(bad), home)


def test_an_ini_file_is_read_whatever_its_sections(tmp_path: Path) -> None:
    settings = Settings(trees.machine(tmp_path))
    path = trees.put(tmp_path / "x.ini", "[General]\nmodelPath=/a b\n[x]\nY=%1\n")
    assert settings.ini(path) == {"modelpath": "/a b", "y": "%1"}
    assert settings.ini(trees.put(tmp_path / "y.ini", "no section=1")) == {}
    assert settings.notes == [f"{tmp_path / 'y.ini'} cannot be read."]


@pytest.mark.parametrize("said", [None, 5, [], "", "\0", "x" * 5000, "missing", "~missing"])
def test_what_names_no_folder_is_none(tmp_path: Path, said: object) -> None:
    settings = Settings(trees.machine(tmp_path / "home"))
    assert settings.folder(said, tmp_path) is None and settings.notes == []


def test_a_home_is_expanded_and_links_are_resolved(tmp_path: Path) -> None:
    settings = Settings(trees.machine(tmp_path / "home"))
    (tmp_path / "home" / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "home" / "real")
    assert settings.folder("~/real", tmp_path) == settings.folder("link", tmp_path) == tmp_path / "home" / "real"
