"""On a phone: everything by touch, and what arrives leads to where it lies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.library import model
from server.serving import API
from web.pages import Seen, looking, until
from web.test_library import rooted

pytestmark = pytest.mark.slow
MB = 10**6
PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def phone(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    with looking(browser, tmp_path_factory.mktemp("phone") / "yard", **PHONE) as seen:
        yield seen
        assert not seen.said, (seen.said, seen.yard.lines[-20:])


def test_a_task_is_opened_paused_and_cancelled_by_taps(phone: Seen) -> None:
    phone.hub.hf.add_repo("ink/slow", {"slow.safetensors": 40 * MB})
    phone.hub.faults.speed = 2 * MB
    page = phone.open()
    phone.yard.ask("POST", f"{API}/tasks", {"addresses": ["hf:ink/slow"]})
    state = lambda: phone.yard.ask("GET", f"{API}/tasks?kind=download").json["tasks"][0]["state"]  # noqa: E731
    row = phone.row("slow")
    row.get_by_text("Downloading").first.wait_for()
    row.tap()
    panel = page.get_by_role("complementary")
    panel.get_by_role("button", name="Pause").tap()
    until(lambda: state() == "paused")
    panel.get_by_role("button", name="Cancel").tap()
    until(lambda: state() == "cancelled")
    page.get_by_role("button", name="Undo").tap()
    until(lambda: state() != "cancelled")
    phone.forget()


def test_a_notice_of_what_arrived_leads_to_it_and_on_to_its_card(phone: Seen, tmp_path: Path) -> None:
    root = rooted(phone, tmp_path)
    body = model(tmp_path / "made.safetensors", 8, ss_output_name="Led").read_bytes()
    phone.hub.hf.add_repo("ink/led", {"led.safetensors": body})
    page = phone.open("/health")
    phone.yard.ask("POST", f"{API}/tasks", {"items": [{"address": "hf:ink/led", "to": f"{root}/"}]})
    page.get_by_text("led.safetensors").first.wait_for()
    page.get_by_role("button", name="Show", exact=True).tap()
    panel = page.get_by_role("complementary")
    panel.get_by_text("proven", exact=True).wait_for()
    panel.get_by_role("link", name="Show in the library").tap()
    page.get_by_role("complementary").last.get_by_text("led.safetensors").first.wait_for()
    phone.forget()
