from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.hubs.web.digest_fields import claimed_digests, link_fields, metalink, mirrors
from modelyard.net.headers import Headers

SHA256 = hashlib.sha256(b"x")
SHA512 = hashlib.sha512(b"x")
MD5 = hashlib.md5(b"x")
BASE = "https://a.example/f/x.bin"


def b64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def test_repr_digest_and_the_older_digest_are_read() -> None:
    headers = Headers([("Repr-Digest", f"sha-256=:{b64(SHA256.digest())}:, sha-512=:{b64(SHA512.digest())}:")])
    assert claimed_digests(headers) == {"sha256": SHA256.hexdigest(), "sha512": SHA512.hexdigest()}
    assert claimed_digests(Headers([("Digest", f"SHA-256={b64(SHA256.digest())},MD5={b64(MD5.digest())}")])) == {
        "sha256": SHA256.hexdigest(),
        "md5": MD5.hexdigest(),
    }


def test_repr_digest_wins_over_digest() -> None:
    other = b64(hashlib.sha256(b"y").digest())
    headers = Headers([("Digest", f"SHA-256={other}"), ("Repr-Digest", f"sha-256=:{b64(SHA256.digest())}:")])
    assert claimed_digests(headers)["sha256"] == SHA256.hexdigest()


def test_content_md5_counts_only_for_a_whole_answer() -> None:
    headers = Headers([("Content-MD5", b64(MD5.digest()))])
    assert claimed_digests(headers) == {"md5": MD5.hexdigest()}
    assert claimed_digests(headers, whole=False) == {}


def test_content_digest_is_not_read_because_it_speaks_of_the_message() -> None:
    assert claimed_digests(Headers([("Content-Digest", f"sha-256=:{b64(SHA256.digest())}:")])) == {}


@pytest.mark.parametrize(
    "value",
    [
        "",
        "sha-256=::",
        "sha-256=:AAAA:",
        "sha-256=:????:",
        "unixsum=30637",
        f"sha-256={b64(MD5.digest())}",
        "sha-256=abc",
    ],
)
def test_a_broken_digest_is_no_digest(value: str) -> None:
    assert claimed_digests(Headers([("Repr-Digest", value), ("Digest", value)])) == {}


def test_mirrors_come_by_their_priority() -> None:
    value = (
        '<https://b.example/x.bin>; rel=duplicate; pri=2; geo=de, </local/x.bin>; rel="duplicate"; pri=1, '
        "<https://c.example/x.bin>; rel=duplicate, <ftp://d.example/x>; rel=duplicate, "
        "<https://e.example/x>; rel=preload, <http://f.example/x>; rel=duplicate"
    )
    assert mirrors(Headers([("Link", value)]), BASE) == [
        "https://a.example/local/x.bin",
        "https://b.example/x.bin",
        "https://c.example/x.bin",
    ]


def test_a_metalink_is_found_by_relation_and_type() -> None:
    value = '<x.bin.meta4>; rel=describedby; type="application/metalink4+xml", <doc.html>; rel=describedby'
    assert metalink(Headers([("Link", value)]), BASE) == "https://a.example/f/x.bin.meta4"
    assert metalink(Headers([("Link", "<doc.html>; rel=describedby")]), BASE) is None
    assert metalink(Headers([]), BASE) is None


def test_links_with_a_user_name_or_control_characters_are_left_out() -> None:
    assert link_fields("<https://u:p@b.example/>; rel=next, <https://b.example/\\x>; rel=next", BASE) == []


@given(st.text(max_size=500))
def test_any_field_is_survived(value: str) -> None:
    headers = Headers([("Link", value), ("Digest", value), ("Repr-Digest", value), ("Content-MD5", value)])
    claimed_digests(headers)
    mirrors(headers, BASE)
    metalink(headers, BASE)


@pytest.mark.parametrize(
    "value", ["<" * 16000, "<a>;" * 4000, "a" * 16000, "<a>" + "; x" * 5000, "<a>;x" + " " * 16000]
)
@pytest.mark.timeout(5)
def test_hostile_fields_are_read_in_an_instant(value: str) -> None:
    headers = Headers([("Link", value), ("Repr-Digest", value)])
    claimed_digests(headers)
    mirrors(headers, BASE)
