"""A key inside a pasted link: who may have it kept, and that it never replaces another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from modelyard.app import App
from modelyard.jobs.wish import Wish
from modelyard.server.roles import Role
from modelyard.testing import PracticeHub
from server.asking import ask

API = "/api/v1"
LINK = "https://civitai.com/api/download/models/201?token=0123456789abcdef"

WRITES: dict[str, tuple[str, str, Any]] = {
    "tasks": ("POST", f"{API}/tasks", {"addresses": [LINK]}),
    "batch": ("POST", f"{API}/tasks/batch", {"text": LINK}),
    "schedule": ("PUT", f"{API}/schedule/x", {"cron": "0 4 * * *", "item": {"address": LINK}}),
    "ancestor": ("POST", "/model-manager/model", {"url": LINK, "type": "loras", "fullname": "x.safetensors"}),
}


@pytest.fixture
def app(hub: PracticeHub, tmp_path: Path) -> Iterator[App]:
    """An App without any key."""
    with App({**os.environ, **hub.env()}, flags={"folder": str(tmp_path / "models")}) as app:
        yield app


def kept(app: App) -> list[str]:
    """Hubs that have a key, and its end."""
    return [f"{key.hub} {key.shown[-4:]}" for key in app.keys.list()]


@pytest.mark.parametrize("role", list(Role))
def test_looking_at_a_model_keeps_no_key(app: App, role: Role) -> None:
    ask(app, role, "GET", f"{API}/hubs/model?address={quote(LINK, safe='')}")
    assert kept(app) == []


def test_checking_a_key_with_a_link_keeps_none(app: App) -> None:
    ask(app, Role.ADMIN, "POST", f"{API}/keys/civitai/check?opens={quote(LINK, safe='')}")
    assert kept(app) == []


@pytest.mark.parametrize("request_of", WRITES.values(), ids=WRITES)
def test_the_key_in_a_link_of_an_operator_is_dropped_and_the_link_is_queued(
    app: App, request_of: tuple[str, str, Any]
) -> None:
    status, told = ask(app, Role.OPERATOR, *request_of)
    assert status in (200, 201) and "0123456789abcdef" not in str(told)
    assert kept(app) == []


@pytest.mark.parametrize("request_of", WRITES.values(), ids=WRITES)
def test_the_key_in_a_link_of_the_owner_fills_an_empty_place(app: App, request_of: tuple[str, str, Any]) -> None:
    assert ask(app, Role.ADMIN, *request_of)[0] in (200, 201)
    assert kept(app) == ["civitai cdef"]


@pytest.mark.parametrize("request_of", WRITES.values(), ids=WRITES)
def test_the_key_in_a_link_of_the_owner_replaces_no_other(app: App, request_of: tuple[str, str, Any]) -> None:
    app.keys.set("civitai", "the-own-key-of-the-owner-9999")
    assert ask(app, Role.ADMIN, *request_of)[0] in (200, 201)
    assert kept(app) == ["civitai 9999"]


def test_the_command_line_replaces_no_other_key_either(app: App, tmp_path: Path) -> None:
    app.keys.set("civitai", "the-own-key-of-the-owner-9999")
    app.download(Wish([LINK], f"{tmp_path}/")).plan()
    app.resolve(LINK)
    assert kept(app) == ["civitai 9999"]
