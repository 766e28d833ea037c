"""What hubs see of us: our own name, and a question about what is kept instead of the same answer twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modelyard.app import App
from modelyard.jobs.wish import Wish
from modelyard.testing import PracticeHub
from modelyard.values.offers import Listing
from modelyard.values.version import VERSION

FILES = {
    "huggingface": "hf:org/repo/model.safetensors",
    "civitai": "civitai:100@201",
    "modelscope": "ms:org/repo/model.safetensors",
    "github": "gh:org/tool@v1.1/upscaler.safetensors",
    "web": "{url}/files/m.safetensors",
}
TAGGED = ("huggingface", "civitai", "github")
"""Hubs whose API sends ETags."""


@pytest.mark.parametrize("name", FILES)
def test_every_hub_and_its_cdn_is_told_our_own_name(hub: PracticeHub, tmp_path: Path, name: str) -> None:
    hub.add_file("m.safetensors", 5000)
    with App({**os.environ, **hub.env()}) as app:
        download = app.download(Wish([FILES[name].format(url=hub.url)], f"{tmp_path}/"))
        (done,) = download.run(download.plan())
    assert done.error is None and done.planned.hub.name == name
    assert {one.user_agent for one in hub.log} == {f"modelyard/{VERSION}"}
    assert {one.origin for one in hub.log} == ({"hub"} if name == "web" else {"hub", "cdn"})


@pytest.mark.parametrize("name", [name for name in FILES if name != "web"])
def test_what_is_kept_is_asked_about_once_more_and_answers_alone_where_there_is_no_network(
    hub: PracticeHub, name: str
) -> None:
    env = {**os.environ, **hub.env()}

    def listed(*, offline: bool = False) -> Listing:
        hub.log.clear()
        with App(env, offline=offline) as app:
            return app.resolve(FILES[name].rpartition("/")[0] or FILES[name])[1]

    first = listed()
    asked = [(one.target, one.bytes_sent) for one in hub.log]
    assert asked and all(size for _, size in asked)
    assert listed() == first
    sent = [(200, size) if name not in TAGGED else (304, 0) for _, size in asked]
    assert [one.target for one in hub.log] == [target for target, _ in asked]
    assert [(one.status, one.bytes_sent) for one in hub.log] == sent
    assert all(bool(one.if_none_match) is (name in TAGGED) for one in hub.log)
    assert listed(offline=True) == first and len(hub.log) == 0


def test_what_changed_at_a_hub_comes_anew(hub: PracticeHub) -> None:
    with App({**os.environ, **hub.env()}) as app:
        assert app.resolve("civitai:100")[1].title == "Practice LoRA v1"
        hub.civitai.models[100].name = "Another"
        assert app.resolve("civitai:100")[1].title == "Another v1"
