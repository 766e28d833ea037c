"""The log on disk: it goes on in a second file, private too, and follows no link."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import pytest

from modelyard.keys.redaction import Redactor
from modelyard.server import logs

LOG = logging.getLogger("modelyard.test")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_BYTES", 2000)


def written(folder: Path) -> list[Path]:
    return sorted(folder.glob("service.log*"))


def test_a_full_log_goes_on_in_a_second_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with logs.logging_to(tmp_path, Redactor()):
            for number in range(300):
                LOG.info("line %d", number)
    finally:
        os.umask(before)
    files = written(tmp_path)
    assert [file.name for file in files] == ["service.log", *(f"service.log.{n}" for n in range(1, logs._FILES + 1))]
    for file in files:
        assert file.stat().st_mode & 0o777 == 0o600
        assert 0 < file.stat().st_size <= 2000
    newest = [json.loads(line)["message"] for line in files[0].read_text().splitlines()]
    older = [json.loads(line)["message"] for line in files[1].read_text().splitlines()]
    assert newest[-1] == "line 299" and f"line {299 - len(newest)}" == older[-1]  # none is lost between the two


def test_a_link_in_the_place_of_the_next_file_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, victim = tmp_path / "yard", tmp_path / "victim"
    victim.write_text("mine")
    rotate = logs._File.rotate

    def rotate_and_plant(self: logs._File, source: str, dest: str) -> None:
        rotate(self, source, dest)
        os.symlink(victim, source)

    monkeypatch.setattr(logs._File, "rotate", rotate_and_plant)
    with logs.logging_to(folder, Redactor()):
        for number in range(100):
            LOG.info("line %d", number)
    assert (folder / "service.log").is_symlink()
    assert victim.read_text() == "mine"
