"""What somebody may not do is not offered: it is there, disabled, and says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jobs.library import model
from server.serving import API
from web.pages import Seen
from web.test_library import rooted, scanned
from web.test_reach import faults

pytestmark = pytest.mark.slow


def entered(seen: Seen, role: str) -> Any:
    """The page, for somebody who was given a token of this role."""
    token = seen.yard.ask("POST", f"{API}/tokens", {"name": role, "role": role, "days": 1}).json["token"]
    page = seen.page
    page.goto(seen.yard.url)
    page.get_by_text("I was given a token").click()
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Come in").click()
    page.get_by_role("navigation").first.wait_for()
    seen.said[:] = [line for line in seen.said if "401" not in line]  # asked before anybody came in
    return page


def test_a_viewer_looks_at_everything_and_is_told_what_is_closed(seen: Seen, tmp_path: Path) -> None:
    model(rooted(seen, tmp_path) / "ink.safetensors", ss_output_name="Ink")
    scanned(seen)
    page = entered(seen, "viewer")
    page.goto(f"{seen.yard.url}/library")
    page.locator("[data-card]").get_by_text("Ink", exact=True).click()
    panel = page.get_by_role("complementary", name="Ink")
    verify = panel.get_by_role("button", name="Verify")
    assert verify.get_attribute("aria-disabled") == "true"
    assert "operator" in verify.get_attribute("title")
    verify.click(force=True)
    assert panel.get_by_label("Notes").is_disabled()
    page.emulate_media(reduced_motion="reduce")
    assert faults(page) == []
    for part, closed in (("roots", True), ("keys", True), ("downloads", True), ("look", False)):
        page.goto(f"{seen.yard.url}/settings?part={part}")
        page.get_by_role("heading", level=1).wait_for()
        seen.settle()
        assert page.get_by_role("note").count() == int(closed), part
    assert seen.yard.ask("GET", f"{API}/tasks?kind=verify").json["tasks"] == []


def test_an_operator_steers_downloads_and_leaves_keys_alone(seen: Seen) -> None:
    page = entered(seen, "operator")
    page.goto(f"{seen.yard.url}/settings?part=downloads")
    page.get_by_role("heading", name="Speed limits").wait_for()
    assert page.get_by_label("In all").is_enabled()
    assert page.get_by_label("Tasks at once").is_disabled()
    page.goto(f"{seen.yard.url}/settings?part=keys")
    page.get_by_role("note").wait_for()
    assert page.get_by_role("button", name="Give a key").count() == 0
