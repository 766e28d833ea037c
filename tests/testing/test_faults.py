"""Every row of the fault matrix does on the wire what its name says, and knows which bytes are right."""

from __future__ import annotations

import http.client
import time
import zlib
from urllib.parse import urlsplit

import pytest

from modelyard.testing import PracticeHub
from modelyard.testing.scenarios import catalogue
from testing.asking import Reply, ask

SIZE = 400_000
ANSWERING = [name for name in catalogue() if name not in {"stall", "stall_hdr", "rst_hdr", "hdr_huge"}]
MATRIX = [name for name, kind in catalogue().items() if kind.row <= 44]


def partly(hub: PracticeHub, url: str, **headers: str) -> tuple[Reply, bool]:
    """What came until the end, and whether that was all."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        connection.request(
            "GET",
            f"{parts.path}?{parts.query}",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        answer = connection.getresponse()
        body, whole = b"", True
        try:
            while block := answer.read1(65536):
                body += block
        except (http.client.IncompleteRead, ConnectionResetError):
            whole = False
        declared = answer.headers["Content-Length"]
        whole = whole and (declared is None or len(body) >= int(declared))
        return Reply(answer.status, answer.headers, body, url), whole
    finally:
        connection.close()


def test_the_catalogue_holds_the_whole_matrix():
    assert len(MATRIX) == 47  # rows 1 to 44, where row 39 has three names and row 40 two
    assert {catalogue()[name].row for name in MATRIX} == set(range(1, 45))
    rows = {kind.row: kind.recoverable for kind in catalogue().values() if kind.row <= 44}
    assert sum(rows.values()) == 32
    assert all(kind.says and kind.__doc__ for kind in catalogue().values())


@pytest.mark.parametrize("name", ANSWERING)
def test_every_scenario_answers_by_url_and_by_rule(hub, name):
    by_url, _ = partly(hub, f"{hub.url}/files/fault/{name}/model.safetensors?size={SIZE}&last=2&drip=50")
    url = hub.add_file("plain/model.safetensors", SIZE)
    hub.faults.use(name, "*plain/model.safetensors", last=2, drip=50)
    by_rule, _ = partly(hub, url)
    assert by_url.status == by_rule.status


@pytest.mark.parametrize("name", ["ok", "cut_once", "ignore_range_slow", "longer", "slow", "cd_trav", "cd_dot"])
def test_the_right_bytes_are_known(hub, name):
    url, scenario = hub.add_fault(name, SIZE)
    data = b""
    for _ in range(3):
        data = ask_all(hub, url) or data
    assert data == scenario.final_bytes
    assert scenario.sha256 == scenario.final.sha256


def ask_all(hub: PracticeHub, url: str) -> bytes:
    reply, whole = partly(hub, url)
    return reply.body[: int(reply["Content-Length"])] if whole else b""


def cut_then_resume(hub: PracticeHub, name: str, **headers: str) -> tuple[Reply, Reply, bytes]:
    """Read until the cut, then ask for the rest."""
    url, scenario = hub.add_fault(name, SIZE)
    first, whole = partly(hub, url)
    assert not whole
    assert len(first.body) == SIZE // 2
    rest, _ = partly(hub, url, range=f"bytes={SIZE // 2}-", **headers)
    return first, rest, scenario.final_bytes


def test_cut_once_resumes(hub):
    """Row 2."""
    first, rest, right = cut_then_resume(hub, "cut_once")
    assert rest.status == 206
    assert first.body + rest.body == right


def test_cut_always_gives_a_mebibyte_each_time(hub):
    """Row 3."""
    url, scenario = hub.add_fault("cut_always1m", (5 << 20) // 2)
    data, asks = b"", 0
    while len(data) < scenario.final.size:
        data += partly(hub, url, range=f"bytes={len(data)}-")[0].body
        asks += 1
    assert (data == scenario.final_bytes, asks) == (True, 3)


def test_a_reset_comes_once(hub):
    """Row 4."""
    url, scenario = hub.add_fault("rst_once", SIZE)
    first, whole = partly(hub, url)
    assert not whole
    assert scenario.final_bytes.startswith(first.body)
    assert ask(hub, url).body == scenario.final_bytes


def test_a_short_body_without_length_looks_whole(hub):
    """Row 5."""
    url, _ = hub.add_fault("nolen_cut", SIZE)
    for _ in range(2):
        reply, whole = partly(hub, url, range="bytes=5-")
        assert (reply.status, len(reply.body), whole, reply["Content-Length"]) == (200, SIZE // 2, True, None)


def test_chunks_never_end_well(hub):
    """Row 6."""
    url, _ = hub.add_fault("chunk_cut", SIZE)
    for _ in range(2):
        reply, whole = partly(hub, url)
        assert (reply["Transfer-Encoding"], whole) == ("chunked", False)


def test_ignored_ranges_give_the_whole_file(hub):
    """Rows 7 and 8."""
    _, rest, right = cut_then_resume(hub, "ignore_range")
    assert (rest.status, rest.body) == (200, right)
    url, scenario = hub.add_fault("ignore_range_slow", SIZE)
    assert ask(hub, url, range="bytes=9-").body == scenario.final_bytes


def test_a_wrong_range_says_so(hub):
    """Row 9."""
    _, rest, right = cut_then_resume(hub, "wrong_range")
    assert (rest.status, rest["Content-Range"], rest.body) == (206, f"bytes 0-{SIZE - 1}/{SIZE}", right)


def test_a_lying_range_sends_bytes_from_elsewhere(hub):
    """Row 10."""
    _, rest, right = cut_then_resume(hub, "lying_range")
    assert rest["Content-Range"] == f"bytes {SIZE // 2}-{SIZE - 1}/{SIZE}"
    assert rest.body == right[: SIZE // 2]


def test_a_short_range_names_another_total(hub):
    """Row 11."""
    first, rest, right = cut_then_resume(hub, "short_range")
    assert rest["Content-Range"] == f"bytes {SIZE // 2}-{SIZE - 1}/{SIZE + 4096}"
    assert first.body + rest.body == right


def test_a_change_with_an_honest_etag_honours_if_range(hub):
    """Row 12."""
    url, scenario = hub.add_fault("etag_change", SIZE)
    old = scenario.final_bytes
    first, _ = partly(hub, url)
    assert scenario.final_bytes != old
    again, _ = partly(hub, url, range=f"bytes={SIZE // 2}-", if_range=first["ETag"])
    assert (again.status, again.body) == (200, scenario.final_bytes)
    assert again["ETag"] != first["ETag"]
    assert first.body == old[: SIZE // 2]


def test_a_change_may_ignore_if_range(hub):
    """Row 13."""
    url, scenario = hub.add_fault("etag_change_noifr", SIZE)
    first, _ = partly(hub, url)
    rest, _ = partly(hub, url, range=f"bytes={SIZE // 2}-", if_range=first["ETag"])
    assert (rest.status, rest.body) == (206, scenario.final_bytes[SIZE // 2 :])
    assert rest["ETag"] != first["ETag"]


def test_a_change_may_be_silent(hub):
    """Row 14."""
    first, rest, right = cut_then_resume(hub, "no_etag_change")
    assert [reply[name] for reply in (first, rest) for name in ("ETag", "Last-Modified")] == [None] * 4
    assert rest.body == right[SIZE // 2 :]
    assert first.body != right[: SIZE // 2]


def test_a_changed_file_may_be_cut_again(hub):
    """Row 15."""
    first, again, right = cut_then_resume(hub, "etag_change_cut", if_range='"old"')
    assert (again.status, again.body) == (200, right[: SIZE * 3 // 4])
    assert again["ETag"] != first["ETag"]
    rest, whole = partly(hub, again.url, range=f"bytes={len(again.body)}-", if_range=again["ETag"])
    assert (rest.status, again.body + rest.body, whole) == (206, right, True)


def test_login_pages(hub):
    """Rows 16, 17, 18."""
    page = ask(hub, hub.add_fault("html200", SIZE)[0])
    assert (page.status, page["Content-Type"]) == (200, "text/html; charset=utf-8")
    _, rest, _ = cut_then_resume(hub, "html_resume")
    assert (rest.status, rest.body) == (200, page.body)
    _, rest, _ = cut_then_resume(hub, "html_resume206")
    assert rest.status == 206
    assert rest["Content-Range"].startswith(f"bytes {SIZE // 2}-")


def test_429_in_seconds_as_a_date_and_for_a_day(hub):
    """Rows 19, 20, 21 and U38."""
    url, _ = hub.add_fault("s429", SIZE)
    assert [ask(hub, url)["Retry-After"] for _ in range(2)] == ["3", None]
    url, _ = hub.add_fault("s429date", SIZE)
    refused = ask(hub, url)
    assert (refused.status, refused["Retry-After"][-3:]) == (429, "GMT")
    assert ask(hub, url).status == 200
    url, _ = hub.add_fault("s429huge", SIZE)
    assert [ask(hub, url)["Retry-After"] for _ in range(2)] == ["86400", "86400"]
    hub.clock.advance(86401)
    assert ask(hub, url).status == 200


def test_server_errors(hub):
    """Rows 22 and 23."""
    url, _ = hub.add_fault("s503x2", SIZE)
    assert [ask(hub, url).status for _ in range(3)] == [503, 503, 200]
    url, _ = hub.add_fault("s500forever", SIZE)
    assert [ask(hub, url).status for _ in range(3)] == [500, 500, 500]


def test_403_in_the_middle(hub):
    """Row 24."""
    _, rest, right = cut_then_resume(hub, "s403mid")
    assert rest.status == 403
    assert ask(hub, rest.url).body == right


def test_a_signed_link_dies_with_its_cut(hub):
    """Row 25."""
    url, scenario = hub.add_fault("r_signed", SIZE)
    link = ask(hub, url)["Location"]
    first, whole = partly_signed(hub, link)
    assert not whole
    assert ask(hub, link, range="bytes=9-").status == 403
    fresh = ask(hub, url)["Location"]
    assert ask(hub, fresh, range=f"bytes={len(first)}-").body == scenario.final_bytes[len(first) :]


def partly_signed(hub: PracticeHub, link: str) -> tuple[bytes, bool]:
    try:
        return ask(hub, link).body, True
    except http.client.IncompleteRead as error:
        return error.partial, False


def test_a_stall_lasts_until_it_is_released(hub):
    """Rows 26 and 27."""
    for name, got in (("stall", SIZE // 2), ("stall_hdr", 0)):
        url, scenario = hub.add_fault(name, SIZE)
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        connection.request("GET", parts.path)
        if got:
            answer = connection.getresponse()
            assert len(answer.read(got)) == got
        while not hub.log.find(parts.path):
            pass
        assert ask(hub, url).body == scenario.final_bytes
        hub.faults.release()
        assert connection.sock is None or connection.sock.recv(1) == b""
        connection.close()


def test_a_drip_is_slow_at_the_end_only(hub):
    """Row 28."""
    url, scenario = hub.add_fault("drip", SIZE, last=3, drip=20)
    began = time.monotonic()
    assert ask(hub, url).body == scenario.final_bytes
    assert 0.1 < time.monotonic() - began < 2


def test_a_flip_is_one_bit_and_may_end(hub):
    """Row 29."""
    url, scenario = hub.add_fault("flip", SIZE, times=1)
    wrong, right = ask(hub, url).body, scenario.final_bytes
    assert [one ^ other for one, other in zip(wrong, right, strict=True) if one != other] == [1]
    assert wrong[scenario.offset] != right[scenario.offset]
    assert ask(hub, url).body == right


def test_lengths_lie(hub):
    """Rows 30 to 33."""
    longer, _ = partly(hub, hub.add_fault("longer", SIZE)[0])
    assert longer["Content-Length"] == str(SIZE)
    assert ask(hub, hub.add_fault("short_len", SIZE)[0])["Content-Length"] == str(SIZE - 4096)
    too_big, whole = partly(hub, hub.add_fault("long_len", SIZE)[0])
    assert (too_big["Content-Length"], len(too_big.body), whole) == (str(SIZE + 4096), SIZE, False)
    two = ask(hub, hub.add_fault("two_len", SIZE)[0], method="HEAD")
    assert two.headers.get_all("Content-Length") == [str(SIZE - 4096), str(SIZE)]


def test_gzip_is_forced(hub):
    """Rows 34 and 35."""
    url, scenario = hub.add_fault("gzip_enc", SIZE)
    reply = ask(hub, url, range="bytes=5-")
    assert (reply.status, reply["Content-Encoding"]) == (200, "gzip")
    assert zlib.decompress(reply.body, 31) == scenario.final_bytes
    url, scenario = hub.add_fault("gzip_cut", SIZE)
    assert not partly(hub, url)[1]
    assert zlib.decompress(ask(hub, url).body, 31) == scenario.final_bytes


def test_redirects_lead_round_across_and_relatively(hub):
    """Rows 36, 37, 38; U31 and U32."""
    assert ask(hub, hub.add_fault("r_loop", SIZE)[0], follow=True).status == 302
    url, scenario = hub.add_fault("r_cross", SIZE)
    moved = ask(hub, url)["Location"]
    assert moved.startswith(hub.cdn_url)
    ask(hub, moved, token="secret", X_Api_Key="secret")
    assert hub.log.find(origin="cdn")[-1].auth == "bearer+api-key"
    url, scenario = hub.add_fault("r_relative", SIZE)
    assert ask(hub, url)["Location"] == "model.safetensors?moved=1"
    assert ask(hub, url, follow=True).body == scenario.final_bytes


def test_a_huge_header_comes_as_long_as_somebody_reads(hub):
    """Row 41."""
    url, _ = hub.add_fault("hdr_huge", SIZE)
    with pytest.raises(ConnectionError, match=r"curl: \((27|56|100)\)"):  # it reads 100 kB, then has enough
        ask(hub, url)


def test_a_fresh_206_and_an_empty_200(hub):
    """Rows 42 and 43."""
    half = ask(hub, hub.add_fault("s206fresh", SIZE)[0])
    assert (half.status, half["Content-Range"]) == (206, f"bytes 0-{SIZE // 2 - 1}/{SIZE}")
    empty = ask(hub, hub.add_fault("empty200", SIZE)[0])
    assert (empty.status, empty["Content-Length"]) == (200, "0")


def test_a_reset_before_headers_and_a_refused_range(hub):
    """U39 and M28."""
    url, scenario = hub.add_fault("rst_hdr", SIZE)
    with pytest.raises(ConnectionResetError):
        ask(hub, url)
    assert ask(hub, url).body == scenario.final_bytes
    url, _ = hub.add_fault("s416", SIZE)
    assert [ask(hub, url, range="bytes=9-").status for _ in range(2)] == [416, 206]


def test_slow_is_steady(hub):
    """Row 44."""
    url, _ = hub.add_fault("slow", SIZE, rate=1_000_000)
    began = time.monotonic()
    ask(hub, url)
    assert 0.3 < time.monotonic() - began < 3


def test_speed_and_latency_slow_every_file(hub):
    url = hub.add_file("m.bin", SIZE)
    hub.faults.speed, hub.faults.latency = 2_000_000, 0.05
    began = time.monotonic()
    ask(hub, url)
    assert time.monotonic() - began > 0.2
    hub.reset()
    assert (hub.faults.speed, hub.faults.latency) == (None, 0.0)


def test_a_rule_hits_hub_files_by_their_label(hub):
    scenario = hub.faults.use("flip", "org/repo/model.safetensors")
    data = ask(hub, "/org/repo/resolve/main/model.safetensors", follow=True).body
    assert data != scenario.final_bytes
    assert scenario.first.sha256 == ask(hub, "/org/repo/resolve/main/model.safetensors")["X-Linked-Etag"].strip('"')


def test_a_scenario_that_met_no_file_says_so(hub):
    with pytest.raises(LookupError, match="cut_once has met no file"):
        _ = hub.faults.use("cut_once").final
