"""What a plan tells of files that their hub would refuse."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.jobs.gates import gates_of, told
from modelyard.jobs.wish import Planned, Wish
from modelyard.testing import PracticeHub

MANY = 40


def planned(hub: PracticeHub, to: Path, *addresses: str, ask: bool = True, **env: str) -> list[Planned]:
    with App({**os.environ, **hub.env(), "MODELYARD_RETRY_RETRIES": "0", **env}) as app:
        return app.download(Wish(addresses, f"{to}/")).plan(ask=ask)


def codes(plan: list[Planned]) -> list[str | None]:
    return [one.gate.code if one.gate else None for one in plan]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "login-needed"),
        ("hf_junk", "key-wrong"),
        ("hf_bad", "licence-not-accepted"),
        ("hf_narrow", "key-scope"),
        ("hf_fine", None),
        ("hf_good", None),
    ],
)
def test_a_gated_repository_is_asked_once_and_each_of_its_files_tells_what_stands_before_it(
    hub: PracticeHub, tmp_path: Path, key: str | None, code: str | None
) -> None:
    hub.hf.add_repo("me/gated", {f"{number}.safetensors": 500 for number in range(MANY)}, gated="manual")
    plan = planned(hub, tmp_path, "hf:me/gated", **({"HF_TOKEN": key} if key else {}))
    assert codes(plan) == [code] * MANY
    assert len(gates_of(plan)) == bool(code)
    assert len(hub.log.find("*/auth-check")) == 1
    assert not hub.log.find("*/resolve/*")


def test_what_is_open_to_all_costs_no_further_request(hub: PracticeHub, tmp_path: Path) -> None:
    hub.hf.add_repo("me/open", {"a.safetensors": 500, "b.safetensors": 500})
    counts = []
    for ask, key in ((False, None), (True, None), (True, "hf_good")):
        hub.log.clear()
        addresses = ("hf:me/open", "civitai:103", "ms:org/repo")
        env = {"HF_TOKEN": key, "MODELYARD_HOME": str(tmp_path / f"{ask}{key}")} if key else {}
        env.setdefault("MODELYARD_HOME", str(tmp_path / f"{ask}"))
        plan = planned(hub, tmp_path / "out", *addresses, ask=ask, **env)
        assert not gates_of(plan)
        counts.append(len(hub.log.find("*/me/open*")) + len(hub.log.find("*/org/repo*")))
        assert not hub.log.find("*/auth-check")
    assert len(set(counts)) == 1


def test_what_is_here_already_needs_nobodys_leave(hub: PracticeHub, tmp_path: Path) -> None:
    repo = hub.hf.add_repo("me/gated", {"a.safetensors": 500}, gated="auto")
    (tmp_path / "me/gated").mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "gated", tmp_path / "me/gated"):
        folder.mkdir(exist_ok=True)
        (folder / "a.safetensors").write_bytes(repo.head.files["a.safetensors"].bytes())
    (one,) = planned(hub, tmp_path, "hf:me/gated")
    assert one.verdict.step.value == "here" and one.gate is None
    assert not hub.log.find("*/auth-check")


def test_a_hub_that_cannot_be_asked_now_spoils_no_plan(hub: PracticeHub, tmp_path: Path) -> None:
    hub.hf.add_repo("me/gated", {"a.safetensors": 500}, gated="auto")
    hub.faults.use("s500forever", "*auth-check*", on="any")
    assert codes(planned(hub, tmp_path, "hf:me/gated")) == [None]


@pytest.mark.parametrize(
    ("address", "key", "code"),
    [
        ("civitai:104", None, "early-access"),
        ("civitai:104", "ck_good", None),
        ("civitai:105", None, "login-needed"),
        ("civitai:105", "ck_good", None),
    ],
)
def test_civitai_says_itself_what_it_wants_and_no_download_is_counted(
    hub: PracticeHub, tmp_path: Path, address: str, key: str | None, code: str | None
) -> None:
    plan = planned(hub, tmp_path, address, **({"CIVITAI_TOKEN": key} if key else {}))
    assert set(codes(plan)) == {code}
    assert not hub.log.find("/api/download/*")
    early = address == "civitai:104" and key
    assert early is None or ("the download tells whether this account has it" in told(plan[0])) is bool(early)
