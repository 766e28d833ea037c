"""What programs know of their models: names, repositories, commits and claimed hashes; read only, and bounded."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from modelyard.errors import BadValue
from modelyard.programs.installed.kept_keys import read_key
from modelyard.programs.installed.metadata import Told, manifests_naming, told_by
from modelyard.programs.installed.searching import recognise
from programs.installed import trees


def told(root: Path) -> list[Told]:
    machine = trees.machine(root.parent / "home")
    program = recognise(root, machine)
    assert program is not None
    return told_by(program, machine)


def test_manifests_of_ollama_name_its_blobs(tmp_path: Path) -> None:
    root = trees.ollama(tmp_path / "models")
    (one,) = told(root)
    assert one.path == root / "blobs" / f"sha256-{trees.BLOB}"
    assert (one.about.name, one.about.claimed) == ("llama3.2:3b", {"sha256": trees.BLOB})
    assert list(manifests_naming(root, f"sha256-{trees.BLOB}")) != []
    assert list(manifests_naming(root, f"sha256-{'b' * 64}")) == []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"layers": 5}', '{"layers": [5, {"digest": "sha256:../../../etc/passwd"}]}']
)
def test_a_manifest_that_is_none_names_nothing(tmp_path: Path, text: str) -> None:
    root = trees.ollama(tmp_path / "models")
    trees.put(root / "manifests" / "h" / "n" / "x" / "tag", text)
    assert len(told(root)) == 1


def test_the_cache_of_hugging_face_says_repository_commit_and_hash(tmp_path: Path) -> None:
    (one,) = told(trees.hf_cache(tmp_path / "hub"))
    assert one.path.name == "model.safetensors"
    assert (one.about.hub, one.about.model_id, one.about.version_id) == ("huggingface", "org/name", trees.COMMIT)
    assert one.about.claimed == {"sha256": trees.BLOB}


def test_the_database_of_invoke_names_its_models_and_is_not_touched(tmp_path: Path) -> None:
    root = trees.invoke(tmp_path / "invoke")
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    first, outside = told(root)
    assert first.path == root / "models" / "any" / "flux.safetensors"
    about = first.about
    assert (about.name, about.base_model, about.hub, about.model_id) == ("FLUX", "flux", "huggingface", "org/flux")
    assert about.claimed == {"blake3": trees.BLOB}
    assert outside.path == root.parent / "etc" / "passwd"  # no root holds it, so nobody learns of it
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_a_database_that_never_ends_is_left_after_a_few_seconds(tmp_path: Path) -> None:
    root = trees.invoke(tmp_path / "invoke")
    db = sqlite3.connect(root / "databases" / "invokeai.db")
    db.execute("DROP TABLE models")
    db.execute(
        "CREATE VIEW models AS WITH RECURSIVE n(config) AS (SELECT 1 UNION ALL SELECT config+1 FROM n)"
        " SELECT config FROM n WHERE config < 0"
    )
    db.commit()
    db.close()
    began = time.monotonic()
    assert told(root) == []
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("data", [b"", b"SQLite format 3\0" + bytes(100), b"x" * 5000])
def test_a_damaged_database_names_nothing(tmp_path: Path, data: bytes) -> None:
    root = trees.invoke(tmp_path / "invoke")
    (root / "databases" / "invokeai.db").write_bytes(data)
    assert told(root) == []


def test_jan_and_lm_studio_say_names_and_publishers(tmp_path: Path) -> None:
    (one,) = told(trees.jan(tmp_path / "Jan"))
    assert (one.about.name, one.path.name) == ("Qwen", "model.gguf")
    (other,) = told(trees.lm_studio(tmp_path))
    assert (other.about.author, other.path.name) == ("publisher", "file.gguf")


def test_a_key_is_read_from_where_it_is_said_to_be(tmp_path: Path) -> None:
    machine = trees.machine(tmp_path)
    token = trees.put(tmp_path / "token", " hf_secret \n")
    assert read_key(token, "", "huggingface", machine) == "hf_secret"
    config = trees.put(tmp_path / "config.json", '{"civitai_token": "abc", "n": 5}')
    assert read_key(config, "civitai_token", "civitai", machine) == "abc"
    invoke = trees.invoke(tmp_path / "invoke") / "invokeai.yaml"
    assert read_key(invoke, "remote_api_tokens", "civitai", machine) == "secret"
    for path, name in ((config, "n"), (config, "gone"), (tmp_path / "missing", "")):
        with pytest.raises(BadValue):
            read_key(path, name, "civitai", machine)
