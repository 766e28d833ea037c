"""Planted keys must show up nowhere: not in errors, listings, logs, nor at any other origin."""

from __future__ import annotations

import logging
import pickle

import pytest

from hubs.conftest import Ask
from modelyard.errors import YardError
from modelyard.testing import PracticeHub
from modelyard.testing.accounts import Account

CANARIES = {
    "HF_TOKEN": "hf_CanaryAAAAAAAAAAAAAAAAAAAA",
    "CIVITAI_TOKEN": "CanaryBBBBBBBBBBBBBBBBBBBBBBBB",
    "MODELSCOPE_API_TOKEN": "CanaryCCCCCCCCCCCCCCCCCCCCCCCC",
    "GITHUB_TOKEN": "ghp_CanaryDDDDDDDDDDDDDDDDDDDD",
}
SITES = {"HF_TOKEN": "hf", "CIVITAI_TOKEN": "civitai", "MODELSCOPE_API_TOKEN": "modelscope", "GITHUB_TOKEN": "github"}
TEXTS = (
    "hf:org/repo",
    "hf:org/repo/model.safetensors",
    "hf:org/missing",
    "hf:org/gated/model.safetensors",
    "hf:org/private",
    "hf:org/disabled/x",
    "civitai:101",
    "civitai:105",
    "civitai:999",
    "ms:org/repo",
    "ms:org/gated",
    "ms:org/missing",
    "gh:org/tool",
    "gh:org/missing",
)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("name", CANARIES)
def test_a_key_shows_up_in_nothing_that_comes_back(
    ask: Ask, practice: PracticeHub, caplog: pytest.LogCaptureFixture, name: str, known: bool
) -> None:
    if known:
        practice.accounts.add(Account(CANARIES[name], "canary", SITES[name]))  # type: ignore[arg-type]
    hubs = ask(**{name: CANARIES[name]})
    said: list[str] = []
    with caplog.at_level(logging.DEBUG):
        for text in TEXTS:
            hub, address = hubs.read(text)
            try:
                listing = hub.resolve(address)
                said += [repr(listing), pickle.dumps(listing).decode("latin-1")]
            except YardError as error:
                said += [repr(error), str(error), str(error.as_dict()), repr(error.__cause__), repr(error.__context__)]
        for hub in hubs:
            said.append(repr(hub.realm))
            try:
                said.append(repr(hub.check_key()))
            except YardError as error:
                said.append(str(error.as_dict()))
        said += [repr(answer) for answer in hubs.search_all("practice", limit=3)]
    assert "Canary" not in "\n".join([*said, caplog.text])
    assert not practice.log.find(origin="cdn")


def test_a_token_in_a_pasted_link_is_no_part_of_the_address(ask: Ask) -> None:
    for text in (
        "https://civitai.com/api/download/models/203?type=Model&token=CanaryToken",
        "https://civitai.com/models/101?token=CanaryToken&modelVersionId=203",
        "https://huggingface.co/org/repo/resolve/main/config.json?token=CanaryToken",
        "https://modelscope.cn/models/org/repo?token=CanaryToken",
        "https://github.com/org/tool/releases/tag/v1.1?token=CanaryToken",
    ):
        hub, address = ask().read(text)
        assert "Canary" not in repr(address) + hub.show(address) + repr(hub.resolve(address))
