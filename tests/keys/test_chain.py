from __future__ import annotations

from pathlib import Path

import pytest

from modelyard.errors import BadValue, NotSupported
from modelyard.keys.chain import Keys, default_places
from modelyard.keys.key_file import KeyFile
from modelyard.keys.os_keyring import OsKeyring
from modelyard.keys.places import Environment
from modelyard.keys.realm import Realm, bearer_and_session

CANARY = "hf_CanaryCanaryCanary1234"
HF = Realm("huggingface", "Hugging Face", frozenset({"https://huggingface.co"}), ("HF_TOKEN",))
MS = Realm(
    "modelscope",
    "ModelScope",
    frozenset({"https://modelscope.cn"}),
    ("MODELSCOPE_API_TOKEN",),
    style=bearer_and_session,
)


def keys(tmp_path: Path, env: dict[str, str]) -> Keys:
    return Keys([HF, MS], [Environment(env), KeyFile(tmp_path / "keys.json")])


def test_a_key_goes_to_its_origin_and_nowhere_else(tmp_path: Path) -> None:
    kept = keys(tmp_path, {"HF_TOKEN": CANARY})
    assert kept.headers_for("https://huggingface.co") == {"Authorization": f"Bearer {CANARY}"}
    for other in (
        "http://huggingface.co",
        "https://huggingface.co:8443",
        "https://cdn-lfs.hf.co",
        "https://huggingface.co.evil.example",
        "https://civitai.com",
        "https://modelscope.cn",
    ):
        assert kept.headers_for(other) == {}
        assert not kept.has(other)


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    env = {"HF_TOKEN": "from_env"}
    kept = keys(tmp_path, env)
    assert kept.set("huggingface", CANARY) == "keys.json"
    assert kept.headers_for("https://huggingface.co")["Authorization"] == "Bearer from_env"
    del env["HF_TOKEN"]
    assert kept.headers_for("https://huggingface.co")["Authorization"] == f"Bearer {CANARY}"


def test_nothing_is_cached_between_two_uses(tmp_path: Path) -> None:
    kept = keys(tmp_path, {})
    kept.set("huggingface", "one")
    KeyFile(tmp_path / "keys.json").set(HF, "two")
    assert kept.headers_for("https://huggingface.co")["Authorization"] == "Bearer two"
    assert kept.remove("huggingface") == ("keys.json",)
    assert kept.headers_for("https://huggingface.co") == {}


def test_modelscope_wears_its_key_twice(tmp_path: Path) -> None:
    kept = keys(tmp_path, {"MODELSCOPE_API_TOKEN": "t"})
    assert kept.headers_for("https://modelscope.cn") == {"Authorization": "Bearer t", "Cookie": "m_session_id=t"}


def test_the_list_tells_places_and_never_a_whole_key(tmp_path: Path) -> None:
    kept = keys(tmp_path, {"HF_TOKEN": CANARY})
    kept.set("huggingface", CANARY[::-1])
    rows = kept.list()
    assert [(row.place, row.used) for row in rows] == [("environment", True), ("keys.json", False)]
    assert rows[0].shown == "hf_…1234"
    assert CANARY not in repr(rows)


def test_a_place_in_trouble_is_listed_with_its_reason(tmp_path: Path) -> None:
    kept = keys(tmp_path, {})
    kept.set("huggingface", CANARY)
    (tmp_path / "keys.json").chmod(0o644)
    [row, *_] = kept.list()
    assert not row.used
    assert "may read" in (row.trouble or "")


def test_a_key_with_a_line_break_can_neither_be_kept_nor_sent(tmp_path: Path) -> None:
    kept = keys(tmp_path, {"HF_TOKEN": f"{CANARY}\nX-Evil: 1"})
    with pytest.raises(BadValue) as sent:
        kept.headers_for("https://huggingface.co")
    with pytest.raises(BadValue) as stored:
        kept.set("huggingface", f"{CANARY}\r\nX-Evil: 1")
    assert CANARY not in str(sent.value.as_dict()) + str(stored.value.as_dict())


def test_secrets_are_those_that_passed_through_our_hands(tmp_path: Path) -> None:
    kept = keys(tmp_path, {"HF_TOKEN": CANARY})
    assert kept.secrets() == frozenset()
    kept.headers_for("https://huggingface.co")
    kept.set("modelscope", "another-secret")
    assert kept.secrets() == {CANARY, "another-secret"}


def test_another_hub_cannot_claim_an_origin_that_has_an_owner() -> None:
    kept = Keys([HF], [])
    with pytest.raises(BadValue):
        kept.learn(Realm("thief", "Thief", frozenset({"https://huggingface.co"})))
    kept.learn(Realm("huggingface", "Hugging Face", HF.origins, chosen=frozenset({"http://lan:1"})))


def test_several_hubs_may_share_an_endpoint_that_a_person_chose(tmp_path: Path) -> None:
    shared = frozenset({"http://127.0.0.1:9"})
    hf = Realm("huggingface", "Hugging Face", HF.origins, HF.env, chosen=shared)
    ms = Realm("modelscope", "ModelScope", MS.origins, MS.env, chosen=shared)
    kept = Keys([hf, ms], [Environment({"MODELSCOPE_API_TOKEN": "t"})])
    assert kept.headers_for("http://127.0.0.1:9") == {"Authorization": "Bearer t"}


def test_without_a_place_to_write_the_error_names_the_variable() -> None:
    with pytest.raises(NotSupported) as caught:
        Keys([HF], [Environment({})]).set("huggingface", CANARY)
    assert "HF_TOKEN" in caught.value.hint


def test_an_unknown_hub_has_no_key() -> None:
    with pytest.raises(BadValue):
        Keys([HF], []).set("nowhere", "x")


def test_this_machine_has_the_places_in_their_order(tmp_path: Path) -> None:
    titles = [place.title for place in default_places(tmp_path, {})]
    assert titles == ["environment", "systemd credential", "MODELYARD_KEY_FILE", "keyring", "keys.json"]


def test_a_keyring_is_passed_over_when_there_is_none(tmp_path: Path) -> None:
    kept = Keys([HF], [OsKeyring(lambda: None), KeyFile(tmp_path / "keys.json")])
    assert kept.set("huggingface", CANARY) == "keys.json"
