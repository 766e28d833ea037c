"""The hub itself: its log keeps no secret, its clock moves, and it always closes at once."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
import time
import urllib.request
from urllib.parse import urlsplit

from modelyard.testing import PracticeHub
from testing.asking import ask


def test_it_starts_and_stops_fast_even_when_connections_hang():
    began = time.monotonic()
    with PracticeHub() as hub:
        assert time.monotonic() - began < 0.3
        url, _ = hub.add_fault("stall_hdr", 1000)
        parts = urlsplit(url)
        waiting = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        waiting.request("GET", parts.path)
        slow, _ = hub.add_fault("slow", 1_000_000, rate=1000)
        reading = threading.Thread(target=lambda: _swallow(slow))
        reading.start()
        while len(hub.log) < 2:
            pass
        began = time.monotonic()
    assert time.monotonic() - began < 1
    reading.join()
    waiting.close()


def _swallow(url: str) -> None:
    try:
        urllib.request.urlopen(url).read()
    except (http.client.IncompleteRead, OSError):
        return


def test_hub_and_cdn_are_two_hosts(hub):
    assert urlsplit(hub.url).netloc != urlsplit(hub.cdn_url).netloc
    assert urlsplit(hub.url).hostname == "127.0.0.1"


def test_the_environment_leads_every_client_here(hub):
    env = hub.env()
    assert {env[name] for name in ("HF_ENDPOINT", "MODELSCOPE_ENDPOINT", "CIVITAI_ENDPOINT")} == {hub.url}
    assert env["no_proxy"] == "*"


def test_tls_is_proven_by_the_hubs_own_authority():
    with PracticeHub(tls=True) as hub:
        assert hub.env()["SSL_CERT_FILE"] == hub.ca_file
        assert ask(hub, "/org/repo/resolve/main/model.safetensors", follow=True).status == 200
        assert hub.cdn_url.startswith("https://")


def test_the_log_names_kinds_of_keys_and_never_keys(hub):
    ask(hub, "/api/models/org/repo?token=canary1", token="canary2", X_Api_Key="canary3", Cookie="a=canary4")
    ask(hub, ask(hub, "/org/repo/resolve/main/model.safetensors")["Location"])
    assert hub.log[0].auth == "bearer+api-key+cookie+query"
    assert "canary" not in hub.log.jsonl()
    assert "Signature=***" in hub.log[-1].target


def test_the_log_counts_bytes_and_tells_how_it_ended(hub):
    url, _ = hub.add_fault("cut_once", 100_000)
    for _ in range(2):
        try:
            ask(hub, url, range="bytes=10-")
        except http.client.IncompleteRead:
            continue
    path = urlsplit(url).path
    cut, whole = hub.log.find(path)
    assert (cut.bytes_sent, whole.bytes_sent, cut.status) == (49_990, 99_990, 206)
    assert hub.log.bytes_sent(path) == 149_980
    assert hub.log.find("*", range="bytes=10-", method="GET") == [cut, whole]
    assert cut.complete is False


def test_a_connection_serves_many_requests(hub):
    parts = urlsplit(hub.add_file("m.bin", 1000))
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    for method in ("GET", "HEAD", "GET"):
        connection.request(method, parts.path)
        answer = connection.getresponse()
        assert answer.headers["Content-Length"] == "1000"
        assert len(answer.read()) == (0 if method == "HEAD" else 1000)
    connection.close()
    assert {one.connection for one in hub.log} == {1}


def test_nonsense_ends_its_connection_only(hub):
    parts = urlsplit(hub.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    connection.connect()
    connection.sock.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
    assert connection.sock.recv(10) == b""
    connection.close()
    assert ask(hub, "/api/models/org/repo").status == 200


def test_the_control_port_is_not_a_protocol_port(hub):
    assert ask(hub, "/__hub/state").status == 404
    assert ask(hub, f"{hub.control_url}/__hub/state").json["url"] == hub.url
    before = hub.clock.now()
    ask(hub, f"{hub.control_url}/__hub/clock?advance=1000", method="POST")
    assert hub.clock.now() - before >= 1000
    rule = {"name": "s500forever", "path": "*config.json", "on": "file", "speed": 5}
    assert ask(hub, f"{hub.control_url}/__hub/faults", method="POST", body=rule).json["speed"] == 5
    assert ask(hub, "/org/repo/resolve/main/config.json", follow=True).status == 500
    assert ask(hub, f"{hub.control_url}/__hub/faults", method="POST", body={"name": "nope"}).status == 400
    ask(hub, f"{hub.control_url}/__hub/reset", method="POST")
    assert len(hub.log) == 0
    assert ask(hub, f"{hub.control_url}/__hub/log").json == []


def test_it_runs_as_a_program():
    program = subprocess.Popen([sys.executable, "-m", "modelyard.testing"], stdout=subprocess.PIPE, text=True)
    try:
        assert program.stdout
        lines = [program.stdout.readline()]
        while "# control" not in lines[-1]:
            lines.append(program.stdout.readline())
        url = next(line.partition("=")[2].strip() for line in lines if "HF_ENDPOINT" in line)
        with urllib.request.urlopen(f"{url}/api/models/org/repo") as answer:
            assert answer.status == 200
    finally:
        program.terminate()
        assert program.wait(10) == 0
        program.stdout.close()


def test_nothing_heavy_is_imported():
    seen = "import sys, modelyard.testing; print(*sorted(name.partition('.')[0] for name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "aiohttp", "safetensors", "gguf", "msgspec", "blake3"} & set(loaded)
