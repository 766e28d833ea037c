from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from modelyard.errors import BadValue, NoPermission, UnsafePath
from modelyard.keys.key_file import KeyFile
from modelyard.keys.os_keyring import OsKeyring, is_real
from modelyard.keys.places import Credentials, Environment, NamedFile
from modelyard.keys.realm import Realm

HF = Realm("huggingface", "Hugging Face", frozenset({"https://huggingface.co"}), ("HF_TOKEN", "OTHER", "HF_TOKEN_PATH"))
CIVITAI = Realm("civitai", "CivitAI", frozenset({"https://civitai.com"}), ("CIVITAI_TOKEN",))


# --- environment -----------------------------------------------------------------------------------


def test_the_first_variable_that_is_set_wins() -> None:
    assert Environment({"OTHER": "b", "HF_TOKEN": "a"}).get(HF) == "a"
    assert Environment({"OTHER": "b", "HF_TOKEN": " "}).get(HF) == "b"
    assert Environment({}).get(HF) is None


def test_a_token_file_is_read_only_when_its_variable_names_it(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("hf_fromfile\n")
    assert Environment({"HF_TOKEN_PATH": str(path)}).get(HF) == "hf_fromfile"
    assert Environment({"HF_HOME": str(tmp_path)}).get(HF) is None
    assert Environment({"HF_TOKEN_PATH": str(tmp_path / "missing")}).get(HF) is None


def test_the_environment_is_read_at_each_use(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Environment()
    monkeypatch.setenv("HF_TOKEN", "one")
    assert place.get(HF) == "one"
    monkeypatch.setenv("HF_TOKEN", "two")
    assert place.get(HF) == "two"


# --- systemd credentials and named files -----------------------------------------------------------


def test_a_systemd_credential_is_named_after_the_hub_or_its_variable(tmp_path: Path) -> None:
    place = Credentials({"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert place.get(HF) is None
    (tmp_path / "HF_TOKEN").write_text("second\n")
    assert place.get(HF) == "second"
    (tmp_path / "modelyard.huggingface").write_text("first\n")
    assert place.get(HF) == "first"
    assert Credentials({}).get(HF) is None


def test_a_named_file_holds_keys_by_hub(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text('{"huggingface": "hf_x"}')
    place = NamedFile({"MODELYARD_KEY_FILE": str(path)})
    assert place.get(HF) == "hf_x"
    assert place.get(CIVITAI) is None


@pytest.mark.parametrize("text", ["hf_canary", '["hf_canary"]', '{"huggingface": 1}', '{"huggingface": "hf_canary'])
def test_a_named_file_of_another_form_is_an_error_that_shows_nothing_of_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secret"
    path.write_text(text)
    with pytest.raises(BadValue) as caught:
        NamedFile({"MODELYARD_KEY_FILE": str(path)}).get(HF)
    assert "canary" not in str(caught.value.as_dict())
    assert caught.value.__context__ is None


# --- the file of last resort -----------------------------------------------------------------------


def test_keys_survive_in_a_file_that_only_its_owner_may_read(tmp_path: Path) -> None:
    place = KeyFile(tmp_path / "data" / "keys.json")
    assert place.get(HF) is None
    place.set(HF, "hf_x")
    place.set(CIVITAI, "c")
    assert (place.get(HF), place.get(CIVITAI)) == ("hf_x", "c")
    assert stat.S_IMODE(place.path.stat().st_mode) == 0o600
    assert os.listdir(place.path.parent) == ["keys.json"]


def test_removing_forgets_one_key_and_keeps_the_others(tmp_path: Path) -> None:
    place = KeyFile(tmp_path / "keys.json")
    place.set(HF, "hf_x")
    place.set(CIVITAI, "c")
    assert place.remove(HF)
    assert not place.remove(HF)
    assert place.get(CIVITAI) == "c"
    assert "hf_x" not in place.path.read_text()


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    place = KeyFile(tmp_path / "keys.json")
    place.set(HF, "hf_x")
    place.path.chmod(0o640)
    with pytest.raises(UnsafePath) as caught:
        place.get(HF)
    assert "chmod 600" in caught.value.hint


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("{}")
    (tmp_path / "elsewhere").chmod(0o600)
    (tmp_path / "keys.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsafePath):
        KeyFile(tmp_path / "keys.json").get(HF)


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys.json").mkdir()
    with pytest.raises(UnsafePath):
        KeyFile(tmp_path / "keys.json").get(HF)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.timeout(5)
def test_a_pipe_in_place_of_the_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "keys.json", 0o600)
    with pytest.raises(UnsafePath):
        KeyFile(tmp_path / "keys.json").get(HF)


@pytest.mark.root
@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="needs root to give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    place = KeyFile(tmp_path / "keys.json")
    place.set(HF, "hf_x")
    os.chown(place.path, 12345, 12345)
    with pytest.raises(UnsafePath):
        place.get(HF)


def test_a_failed_write_leaves_the_old_keys_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = KeyFile(tmp_path / "keys.json")
    place.set(HF, "hf_x")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NoPermission):
        place.set(HF, "hf_y")
    assert place.get(HF) == "hf_x"
    assert os.listdir(tmp_path) == ["keys.json"]


# --- keyrings --------------------------------------------------------------------------------------


class Backend:
    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Locked(Backend):
    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"cannot keep {password}")


def test_a_keyring_keeps_and_forgets_keys() -> None:
    backend = Backend()
    place = OsKeyring(lambda: backend)
    assert place.ready()
    place.set(HF, "hf_x")
    assert place.get(HF) == "hf_x"
    assert place.remove(HF)
    assert not place.remove(HF)


def test_without_a_keyring_there_is_just_no_key() -> None:
    place = OsKeyring(lambda: None)
    assert not place.ready()
    assert place.get(HF) is None
    assert not place.remove(HF)


def test_a_locked_keyring_is_empty_when_read_and_an_error_when_written() -> None:
    place = OsKeyring(Locked)
    assert place.get(HF) is None
    with pytest.raises(NoPermission) as caught:
        place.set(HF, "hf_canary")
    assert "canary" not in str(caught.value.as_dict())
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_only_backends_behind_a_login_are_real() -> None:
    def backend(module: str) -> object:
        return type("Keyring", (), {"__module__": module})()

    assert is_real(backend("keyring.backends.SecretService"))
    assert is_real(backend("keyring.backends.macOS"))
    for module in ("keyrings.alt.file", "keyring.backends.null", "keyring.backends.fail", "keyring.backends.chainer"):
        assert not is_real(backend(module))
