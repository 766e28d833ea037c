"""The GitHub side keeps the wire of hubs.md 5.4."""

from __future__ import annotations

from modelyard.testing.limits import Quota
from testing.asking import ask, sha256


def test_a_release_asset_is_a_signed_attachment(hub):
    """U37."""
    url = "/org/tool/releases/download/v1.1/upscaler.safetensors"
    moved = ask(hub, url)
    assert moved.status == 302
    assert moved["Location"].startswith(hub.cdn_url)
    final = ask(hub, url, follow=True)
    assert final["Content-Disposition"] == "attachment; filename=upscaler.safetensors"
    asset = ask(hub, "/repos/org/tool/releases/latest").json["assets"][0]
    assert asset["digest"] == f"sha256:{sha256(final.body)}"
    assert (asset["size"], asset["browser_download_url"]) == (len(final.body), hub.url + url)
    hub.clock.advance(301)
    assert ask(hub, moved["Location"]).status == 403


def test_old_assets_have_no_digest(hub):
    """U37."""
    assert ask(hub, "/repos/org/tool/releases/tags/v1.0").json["assets"][0]["digest"] is None
    assert [one["tag_name"] for one in ask(hub, "/repos/org/tool/releases").json] == ["v1.1", "v1.0"]


def test_latest_leads_to_the_newest_tag(hub):
    moved = ask(hub, "/org/tool/releases/latest/download/upscaler.safetensors")
    assert moved["Location"].endswith("/org/tool/releases/download/v1.1/upscaler.safetensors")
    assert ask(hub, "/org/none/releases/download/v1/x").status == 404
    assert ask(hub, "/repos/org/none/releases/latest").status == 404


def test_sixty_questions_an_hour(hub):
    hub.github.limits.quotas["core"] = Quota(2, 3600)
    replies = [ask(hub, "/repos/org/tool/releases") for _ in range(3)]
    assert [one.status for one in replies] == [200, 200, 403]
    assert [one["X-RateLimit-Remaining"] for one in replies] == ["1", "0", "0"]
    assert ask(hub, "/repos/org/tool/releases", token="gh_good").status == 200
    assert ask(hub, "/org/tool/releases/download/v1.1/tool-linux.zip").status == 302
    hub.clock.advance(3601)
    assert ask(hub, "/repos/org/tool/releases").status == 200
