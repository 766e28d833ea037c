"""curl, wget and aria2 meet the wire as they meet it in life; case ids are those of hubs.md 9.2 and 9.4."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modelyard.testing import PracticeHub
from testing.asking import sha256
from testing.peers import Bench, bench, needs

pytestmark = [pytest.mark.peers, pytest.mark.timeout(120)]

SIZE = 3_000_000
ARIA2 = (
    "aria2c",
    "--no-conf",
    "--console-log-level=error",
    "--auto-file-renaming=false",
    "--max-tries=3",
    "--retry-wait=0",
)
RESUMES = {
    "curl": ("curl", "-fsS", "-C", "-", "-o", "m.bin"),
    "wget": ("wget", "-q", "-c", "-O", "m.bin", "--tries=3", "--waitretry=0"),
    "aria2c": (*ARIA2, "-c", "-o", "m.bin"),
}


@pytest.fixture
def on(hub: PracticeHub, tmp_path: Path) -> Iterator[Bench]:
    with bench(hub, tmp_path) as running:
        yield running


@pytest.mark.parametrize("tool", RESUMES)
def test_every_tool_resumes(on, hub, tool):
    """U13 and U14."""
    needs(tool)
    url = hub.add_file("m.bin", SIZE)
    right = hub.content("m.bin").bytes()
    (on.home / "m.bin").write_bytes(right[:1_000_000])
    on.run(*RESUMES[tool], url)
    assert (on.home / "m.bin").read_bytes() == right
    assert not hub.log.find(method="GET", range=None)[1:]
    assert hub.log.bytes_sent(range=hub.log[-1].range) < 2_100_000


@pytest.mark.parametrize(("tool", "status"), [("curl", 33), ("wget", 0), ("aria2c", 8)])
def test_a_server_that_ignores_ranges_is_noticed(on, hub, tool, status):
    """U20: only wget goes on, by skipping what it holds."""
    needs(tool)
    url = hub.add_file("m.bin", SIZE, ranges=False)
    (on.home / "m.bin").write_bytes(hub.content("m.bin").bytes()[:1_000_000])
    on.run(*RESUMES[tool], url, expect=status)
    whole = sha256((on.home / "m.bin").read_bytes()) == hub.content("m.bin").sha256
    assert whole is (tool == "wget")


@pytest.mark.parametrize(("tool", "status"), [("curl", 33), ("wget", 4), ("aria2c", 8)])
def test_a_range_from_elsewhere_is_noticed(on, hub, tool, status):
    """U21."""
    needs(tool)
    url, scenario = hub.add_fault("wrong_range", SIZE)
    scenario.broken = True
    (on.home / "m.bin").write_bytes(scenario.final_bytes[:1_000_000])
    on.run(*RESUMES[tool], url, expect=status)


def test_aria2_loads_four_parts(on, hub):
    """U15."""
    needs("aria2c")
    url = hub.add_file("m.bin", 8_000_000)
    on.run(*ARIA2, "-x4", "-s4", "-k1M", "-o", "m.bin", url)
    assert sha256((on.home / "m.bin").read_bytes()) == hub.content("m.bin").sha256
    assert len({one.range for one in hub.log.find("*m.bin", method="GET")}) >= 4


@pytest.mark.parametrize(("truth", "status"), [("right", 0), ("wrong", 32)])
def test_aria2_believes_a_digest_header(on, hub, truth, status):
    """U25."""
    needs("aria2c")
    on.run(*ARIA2, "-o", "m.bin", hub.add_file("m.bin", SIZE, digest=truth), expect=status)


@pytest.mark.parametrize(("mirror", "status"), [("right", 0), ("wrong", 32)])
def test_aria2_uses_a_mirror_and_catches_its_lie(on, hub, mirror, status):
    """U27 and U28."""
    needs("aria2c")
    hub.faults.speed = 4_000_000
    url = hub.add_file("m.bin", 8_000_000, digest="right", mirror=mirror)
    on.run(*ARIA2, "-x4", "-s4", "-k1M", "--max-tries=1", "-o", "m.bin", url, expect=status)
    assert hub.log.find("/mirror/*", origin="cdn")


@pytest.mark.parametrize(("truth", "status"), [("right", 0), ("wrong", 32)])
def test_aria2_reads_the_metalink(on, hub, truth, status):
    """U30."""
    needs("aria2c")
    url = hub.add_file("m.bin", SIZE, digest=truth)
    on.run("curl", "-fsS", "-o", "m.meta4", f"{url}.meta4")
    on.run(*ARIA2, "-M", "m.meta4", expect=status)


def test_a_key_does_not_follow_curl_to_another_host(on, hub):
    """C23, C24, C27, C35, H21 and U32; aria2 carries its header along and is refused."""
    needs("aria2c")
    url = f"{hub.url}/api/download/models/207"
    on.run("curl", "-fsSL", "-OJ", "-H", "Authorization: Bearer ck_plain", url)
    file = hub.civitai.models[105].versions[0].files[0]
    assert sha256((on.home / file.name).read_bytes()) == file.content.sha256
    assert [one.auth for one in hub.log] == ["bearer", ""]
    on.run(*ARIA2, "--header=Authorization: Bearer ck_plain", "-o", "a.bin", url, expect=22)
    on.run(*ARIA2, "-o", "b.bin", f"{url}?token=ck_plain")
    assert sha256((on.home / "b.bin").read_bytes()) == file.content.sha256


def test_curl_as_a_browser_saves_the_login_page(on, hub):
    """C25."""
    on.run("curl", "-fsSL", "-A", "Mozilla/5.0", "-o", "m.safetensors", f"{hub.url}/api/download/models/207")
    assert (on.home / "m.safetensors").read_bytes().startswith(b"<!DOCTYPE html>")


def test_wget_and_aria2_take_the_offered_name(on, hub):
    """C24 and U24."""
    needs("wget")
    needs("aria2c")
    on.run("wget", "-q", "--content-disposition", f"{hub.url}/api/download/models/201")
    assert (on.home / "practice_lora.safetensors").exists()
    on.run(*ARIA2, f"{hub.url}/files/named/extended/x")
    assert (on.home / "naïve 模型.safetensors").exists()


def test_curl_follows_the_other_hubs(on, hub):
    """M15, M18 and U37."""
    on.run("curl", "-fsSL", "-o", "ms", f"{hub.url}/models/org/repo/resolve/master/model.safetensors")
    assert sha256((on.home / "ms").read_bytes()) == hub.hf.repo("org/repo").head.files["model.safetensors"].sha256
    on.run("curl", "-fsSL", "-OJ", f"{hub.url}/org/tool/releases/download/v1.1/upscaler.safetensors")
    assert (on.home / "upscaler.safetensors").stat().st_size == 1_000_000


def test_curl_trusts_the_authority_it_is_given(tmp_path):
    """Rule 3: TLS mode."""
    with PracticeHub(tls=True) as hub, bench(hub, tmp_path) as on:
        on.run("curl", "-fsSL", "-o", "m", f"{hub.url}/org/repo/resolve/main/model.safetensors")
        on.run("curl", "-fsSL", hub.url, expect=60, CURL_CA_BUNDLE="/etc/ssl/certs/ca-certificates.crt")
