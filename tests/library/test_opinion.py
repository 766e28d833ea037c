"""What picklescan says, as a sentence beside our own verdict."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from library.formats.test_pickles import called, zipped
from modelyard.library import opinion as module
from modelyard.library.opinion import opinion


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (zipped({"archive/data.pkl": called("os", "system", "true")}), "finds 1 dangerous and 0 suspicious names."),
        (zipped({"archive/data.pkl": pickle.dumps([1, 2, 3])}), "finds nothing, which proves nothing."),
        (b"\x80\x02cos\nsystem\n", "finds 1 dangerous and 0 suspicious names."),
        (b"PK\x03\x04 no zip", "could not read it."),
    ],
)
def test_a_file_gets_one_sentence_whatever_it_is_called(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "model.ckpt.quarantine"
    path.write_bytes(data)
    name, version, sentence = opinion(path, ".ckpt").split(" ", 2)
    assert (name, sentence) == ("picklescan", said) and version[0].isdigit()


def test_what_is_scanned_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(zipped({"archive/data.pkl": called("os", "system", f"touch {tmp_path}/ran")}))
    assert "1 dangerous" in opinion(tmp_path / "a.pt", ".pt")
    assert not (tmp_path / "ran").exists()


def test_a_scan_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.pt").write_bytes(zipped({"archive/data.pkl": pickle.dumps(1)}))
    monkeypatch.setattr(module, "_SECONDS", 0.001)
    assert opinion(tmp_path / "a.pt", ".pt").endswith("did not finish within 0 seconds.")


def test_without_picklescan_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _: None)
    assert opinion(tmp_path / "a.pt", ".pt") == ""
