"""Plain files keep the rules of HTTP that downloads stand on; case ids are those of hubs.md 9.4."""

from __future__ import annotations

import base64
import hashlib
from xml.etree import ElementTree as ET

import pytest

from modelyard.testing.scenarios_names import DISPOSITIONS
from testing.asking import ask, sha256

SIZE = 300_000


def test_a_static_file_has_every_validator(hub):
    """U13."""
    url = hub.add_file("a b/m.safetensors", SIZE)
    reply = ask(hub, url, method="HEAD")
    assert (reply.status, reply["Content-Length"], reply["Accept-Ranges"]) == (200, str(SIZE), "bytes")
    assert reply["ETag"].startswith('"')
    assert reply["Last-Modified"].endswith("GMT")
    assert sha256(ask(hub, url).body) == hub.content("a b/m.safetensors").sha256


def test_a_given_body_is_served_as_it_is(hub):
    assert ask(hub, hub.add_file("x.txt", b"hello")).body == b"hello"
    assert ask(hub, hub.url + "/files/none").status == 404


@pytest.mark.parametrize(
    ("field", "status", "span"),
    [
        ("bytes=0-0", 206, (0, 1)),
        ("bytes=5-9", 206, (5, 10)),
        ("bytes=-7", 206, (SIZE - 7, SIZE)),
        (f"bytes=-{SIZE * 2}", 206, (0, SIZE)),
        (f"bytes={SIZE - 1}-{SIZE * 2}", 206, (SIZE - 1, SIZE)),
        ("bytes=9-5", 200, (0, SIZE)),
        ("bytes=0-1,4-5", 200, (0, SIZE)),
        ("lines=1-2", 200, (0, SIZE)),
        ("bytes=-", 200, (0, SIZE)),
    ],
)
def test_ranges_follow_rfc_9110(hub, field, status, span):
    url = hub.add_file("m.bin", SIZE)
    whole = hub.content("m.bin").bytes()
    reply = ask(hub, url, range=field)
    assert (reply.status, reply.body) == (status, whole[slice(*span)])
    if status == 206:
        assert reply["Content-Range"] == f"bytes {span[0]}-{span[1] - 1}/{SIZE}"


def test_if_range_stands_only_on_the_same_version(hub):
    """U16."""
    url = hub.add_file("m.bin", SIZE)
    etag, date = (ask(hub, url, method="HEAD")[name] for name in ("ETag", "Last-Modified"))
    for condition, status in ((etag, 206), (date, 206), ('"old"', 200), ("Mon, 01 Jan 2001 00:00:00 GMT", 200)):
        assert ask(hub, url, range="bytes=9-", if_range=condition).status == status


def test_a_weak_etag_never_lets_a_range_stand(hub):
    """U17."""
    url = hub.add_file("m.bin", SIZE, etag="weak")
    etag = ask(hub, url, method="HEAD")["ETag"]
    assert etag.startswith('W/"')
    assert ask(hub, url, range="bytes=9-", if_range=etag).status == 200
    assert ask(hub, url, if_none_match=etag).status == 304


def test_a_file_may_have_only_a_date_or_nothing(hub):
    """U18 and U19."""
    dated = ask(hub, hub.add_file("dated.bin", SIZE, etag="none"))
    assert (dated["ETag"], bool(dated["Last-Modified"])) == (None, True)
    bare = ask(hub, hub.add_file("bare.bin", SIZE, etag="none", last_modified=False))
    assert (bare["ETag"], bare["Last-Modified"]) == (None, None)


def test_a_file_may_ignore_ranges(hub):
    """U20."""
    reply = ask(hub, hub.add_file("m.bin", SIZE, ranges=False), range="bytes=5-")
    assert (reply.status, len(reply.body), reply["Accept-Ranges"]) == (200, SIZE, None)


def test_a_resume_from_the_end_is_416_with_the_size(hub):
    """U22."""
    reply = ask(hub, hub.add_file("m.bin", SIZE), range=f"bytes={SIZE}-")
    assert (reply.status, reply["Content-Range"]) == (416, f"bytes */{SIZE}")


@pytest.mark.parametrize("case", DISPOSITIONS)
def test_every_odd_name_is_sent_as_written(hub, case):
    """U24."""
    if case == "nul":
        with pytest.raises(ConnectionError, match="Nul byte in header"):  # curl takes no such head
            ask(hub, f"/files/named/{case}/model.safetensors", method="HEAD")
        return
    reply = ask(hub, f"/files/named/{case}/model.safetensors", method="HEAD")
    assert reply.status == 200
    assert reply.headers.get_all("Content-Disposition") == [DISPOSITIONS[case]]


@pytest.mark.parametrize("truth", ["right", "wrong"])
def test_digests_are_right_or_wrong_as_told(hub, truth):
    """U25 and U26."""
    reply = ask(hub, hub.add_file("m.bin", SIZE, digest=truth, repr_digest=truth))
    told = base64.b64encode(hashlib.sha256(reply.body).digest()).decode()
    assert (reply["Digest"] == f"SHA-256={told}") is (truth == "right")
    assert (reply["Repr-Digest"] == f"sha-256=:{told}:") is (truth == "right")


@pytest.mark.parametrize("truth", ["right", "wrong"])
def test_a_mirror_is_on_another_host_and_may_lie(hub, truth):
    """U27 and U28."""
    first = ask(hub, hub.add_file("m.bin", SIZE, mirror=truth))
    link = first["Link"]
    assert link.endswith("; rel=duplicate; pri=1")
    mirror = link[1:].partition(">")[0]
    assert mirror.startswith(hub.cdn_url)
    second = ask(hub, mirror, range="bytes=0-")
    assert len(second.body) == SIZE
    assert (second.body == first.body) is (truth == "right")


def test_a_metalink_and_a_hash_lie_beside_every_file(hub):
    """U30."""
    url = hub.add_file("m.bin", 2_500_000)
    data = ask(hub, url).body
    assert ask(hub, url + ".sha256").body.decode() == f"{sha256(data)}  m.bin\n"
    space = "{urn:ietf:params:xml:ns:metalink}"
    file = ET.fromstring(ask(hub, url + ".meta4").body).find(f"{space}file")
    assert file is not None
    assert (file.findtext(f"{space}size"), file.findtext(f"{space}hash")) == ("2500000", sha256(data))
    pieces = [one.text for one in file.iter(f"{space}hash")][1:]
    assert pieces == [sha256(data[at : at + (1 << 20)]) for at in range(0, len(data), 1 << 20)]
    urls = [one.text or "" for one in file.iter(f"{space}url")]
    assert [ask(hub, one).body == data for one in urls] == [True, True]


def test_a_metalink_may_lie(hub):
    """U30."""
    url = hub.add_file("m.bin", SIZE, digest="wrong")
    assert sha256(ask(hub, url).body).encode() not in ask(hub, url + ".meta4").body


def test_a_chunked_body_has_no_length(hub):
    """U34."""
    reply = ask(hub, hub.add_file("m.bin", SIZE, chunked=True))
    assert (reply["Transfer-Encoding"], reply["Content-Length"]) == ("chunked", None)
    assert sha256(reply.body) == hub.content("m.bin").sha256


def test_an_empty_and_a_huge_file(hub):
    """U36."""
    assert ask(hub, hub.add_file("empty.bin", b"")).body == b""
    url = hub.add_file("huge.safetensors", 64 << 30, sparse=True)
    last = ask(hub, url, range="bytes=-1")
    assert (last.body, last["Content-Range"].rpartition("/")[2]) == (b"\xff", str(64 << 30))
    assert ask(hub, url, range="bytes=8-8").body == b"{"
