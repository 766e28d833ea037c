"""How commands reach the service: one of another version is told of."""

from __future__ import annotations

from pathlib import Path

import msgspec

from modelyard.keys.private_file import write_private
from modelyard.values.version import VERSION
from running import modelyard
from server.serving import served


def test_a_service_of_another_version_is_told_of_once_and_on_stderr_only(tmp_path: Path) -> None:
    with served(tmp_path) as yard:
        env = {"MODELYARD_HOME": str(tmp_path)}
        assert "warning" not in modelyard("queue", env=env).err
        write_private(tmp_path / "service.json", msgspec.json.encode({**yard.note, "version": "0.0.7"}))
        for words in (("queue", "--json"), ("get", "--detach", "hf:me/model", "--json"), ("lan", "list")):
            ran = modelyard(*words, env=env)
            assert ran.err.count("0.0.7") == 1 and VERSION in ran.err and "modelyard stop" in ran.err, words
            assert "0.0.7" not in ran.out
