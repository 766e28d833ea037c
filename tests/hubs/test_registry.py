from __future__ import annotations

import logging
from pathlib import Path

import pytest

from hubs.silent_api import SilentApi
from hubs.told_api import ToldApi, answer
from modelyard.errors import BadValue, ServerFailed, UnknownHub, YardError
from modelyard.hubs.registry import Hubs, built_in_realms
from modelyard.values.offers import Address

TOY = str(Path(__file__).parent / "toy_hub")


@pytest.fixture
def with_toys(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Hubs:
    monkeypatch.syspath_prepend(TOY)
    with caplog.at_level(logging.CRITICAL):
        return Hubs(SilentApi(), {"TOY_ENDPOINT": "http://127.0.0.1:1"})


def test_a_plugged_in_hub_reads_shows_and_resolves_like_a_built_in_one(with_toys: Hubs) -> None:
    hub, address = with_toys.read("toy:bear")
    assert (hub.name, address) == ("toy", Address("toy", "bear"))
    assert with_toys.show(address) == "toy:bear"
    assert hub.resolve(address).offers[0].sources[0].url == "http://127.0.0.1:1/bear"
    assert "toy" in {realm.hub for realm in with_toys.realms()}


def test_broken_plugins_are_reported_and_break_no_other_hub(with_toys: Hubs) -> None:
    reasons = {broken.name: broken.reason for broken in with_toys.broken}
    assert set(reasons) == {"thief", "twin", "half", "breaks", "absent"}
    assert "key of Hugging Face" in reasons["thief"]
    assert "prefix" in reasons["twin"]
    assert "lacks" in reasons["half"]
    assert "this plugin is broken" in reasons["breaks"]
    assert {broken.package for broken in with_toys.broken} == {"toy-hub"}
    assert with_toys.read("hf:org/repo")[0].name == "huggingface"


def test_plain_urls_are_read_last_even_when_plugins_came_later(with_toys: Hubs) -> None:
    assert [hub.name for hub in with_toys][-1] == "web"


def test_a_hub_is_found_by_its_name_and_an_unknown_name_lists_the_known() -> None:
    hubs = Hubs(SilentApi(), {}, plugins=False)
    assert hubs.named("civitai").title == "CivitAI"
    with pytest.raises(UnknownHub) as caught:
        hubs.named("nowhere")
    assert "civitai" in caught.value.hint


def test_a_search_over_all_hubs_gives_findings_and_errors_side_by_side() -> None:
    api = ToldApi(
        {
            "api/models?search=bear&limit=5&sort=downloads&direction=-1": answer(body=[{"id": "org/bear"}]),
            "openapi/v1/models?search=bear&page_number=1&page_size=50": answer(503, url="https://modelscope.cn/x"),
            "api/v1/models?query=bear&limit=5": answer(body=["not", "an", "object"]),
        }
    )
    told = {hub.name: result for hub, result in Hubs(api, {}, plugins=False).search_all("bear", limit=5)}
    assert [finding.address for finding in told["huggingface"]] == ["hf:org/bear"]  # type: ignore[union-attr]
    assert isinstance(told["modelscope"], ServerFailed)
    assert isinstance(told["civitai"], YardError)
    assert told["github"] == []


def test_a_hub_with_a_bug_breaks_no_search(caplog: pytest.LogCaptureFixture) -> None:
    hubs = Hubs(ToldApi({}), {}, plugins=False)
    hubs.named("civitai").search = lambda *_, **__: 1 / 0  # type: ignore[method-assign]
    with caplog.at_level(logging.CRITICAL):
        [(_, result)] = hubs.search_all("x", limit=5, only=["civitai"])
    assert isinstance(result, YardError)
    assert "ZeroDivisionError" in result.message


def test_realms_are_known_before_there_is_a_network() -> None:
    env = {"HF_ENDPOINT": "http://mirror.example:8080/"}
    realms = {realm.hub: realm for realm in built_in_realms(env)}
    assert realms["huggingface"].chosen == {"http://mirror.example:8080"}
    assert {realm.hub for realm in Hubs(SilentApi(), env, plugins=False).realms()} == set(realms)


@pytest.mark.parametrize("value", ["ftp://x", "https://user:pass@x", "https://x/?a=b", "https://", "https://x y"])
def test_an_endpoint_that_cannot_be_one_is_named_in_the_error(value: str) -> None:
    with pytest.raises(BadValue) as caught:
        Hubs(SilentApi(), {"HF_ENDPOINT": value}, plugins=False)
    assert "HF_ENDPOINT" in caught.value.message


def test_old_modelscope_domain_is_a_bare_host() -> None:
    hubs = Hubs(SilentApi(), {"MODELSCOPE_DOMAIN": "ms.example"}, plugins=False)
    assert hubs.named("modelscope").endpoint == "https://ms.example"  # type: ignore[attr-defined]
