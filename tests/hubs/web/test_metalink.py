from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubs.told_api import ToldApi, answer
from modelyard.errors import BadAnswer, NotFound
from modelyard.hubs.web import Web
from modelyard.hubs.web.metalink import read_metalink
from modelyard.values.offers import Address

PUBLIC = "https://public.example/x.meta4"
A, B, C = "a" * 64, "b" * 64, "c" * 64
META4 = f"""<?xml version="1.0" encoding="UTF-8"?>
<metalink xmlns="urn:ietf:params:xml:ns:metalink">
  <file name="folder/model.safetensors">
    <size>300</size>
    <hash type="sha-256">{A.upper()}</hash>
    <hash type="md5">{"d" * 32}</hash>
    <hash type="sha-1">broken</hash>
    <pieces length="128" type="sha-256"><hash>{A}</hash><hash>{B}</hash><hash>{C}</hash></pieces>
    <url priority="2">https://b.example/model.safetensors</url>
    <url priority="1">https://a.example/model.safetensors</url>
    <url>ftp://c.example/model.safetensors</url>
    <url>https://z.example/model.safetensors</url>
    <metaurl mediatype="torrent">https://a.example/x.torrent</metaurl>
  </file>
</metalink>"""
META3 = f"""<metalink version="3.0" xmlns="http://www.metalinker.org/"><files><file name="x.bin">
<size>5</size><verification><hash type="sha256">{A}</hash></verification>
<resources><url type="http" preference="10">http://b.example/x.bin</url>
<url type="http" preference="90">http://a.example/x.bin</url></resources></file></files></metalink>"""


def test_size_hashes_pieces_and_mirrors_by_priority_are_read() -> None:
    [file] = read_metalink(META4.encode(), PUBLIC)
    assert file.name == "folder/model.safetensors"
    assert file.size == 300
    assert file.claimed == {"sha256": A, "md5": "d" * 32}
    assert file.pieces == (128, (A, B, C))
    assert file.urls == (
        "https://a.example/model.safetensors",
        "https://b.example/model.safetensors",
        "https://z.example/model.safetensors",
    )


def test_the_older_version_counts_preferences_down() -> None:
    [file] = read_metalink(META3.encode(), PUBLIC)
    assert (file.size, file.claimed) == (5, {"sha256": A})
    assert file.urls == ("http://a.example/x.bin", "http://b.example/x.bin")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html></html>",
        b"not xml",
        b"\xff\xfe<\x00m\x00",
        b"<metalink/>",
        b"<metalink><file name='x'/></metalink>",
        b"<metalink><file name='../x'><url>https://a.example/x</url></file></metalink>",
        b"<metalink><file name='/etc/x'><url>https://a.example/x</url></file></metalink>",
        b"<metalink><file name='x'><url>file:///etc/passwd</url></file></metalink>",
        b"<!DOCTYPE metalink [<!ENTITY a 'b'>]><metalink><file name='x'><url>https://a.example/&a;</url></file></metalink>",
        b"<!doctype metalink><metalink><file name='x'><url>https://a.example/x</url></file></metalink>",
        META4.replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16"),
        b"<metalink>" * 200_000,
    ],
)
def test_what_is_no_safe_metalink_is_refused(data: bytes) -> None:
    with pytest.raises(BadAnswer):
        read_metalink(data, PUBLIC)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.0.0.7", "169.254.169.254", "localhost", "nas.local"])
def test_a_public_metalink_cannot_lead_into_the_local_network(host: str) -> None:
    data = f"<metalink><file name='x'><url>http://{host}/x</url></file></metalink>".encode()
    with pytest.raises(BadAnswer):
        read_metalink(data, PUBLIC)
    assert read_metalink(data, "http://10.0.0.9/x.meta4")[0].urls == (f"http://{host}/x",)


def test_a_broken_piece_makes_the_pieces_unknown() -> None:
    [file] = read_metalink(META4.replace(f"<hash>{B}</hash>", "<hash>zz</hash>").encode(), PUBLIC)
    assert file.pieces is None
    assert file.claimed["sha256"] == A


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(data: bytes) -> None:
    for form in (data, b"<metalink>" + data + b"</metalink>"):
        try:
            read_metalink(form, PUBLIC)
        except BadAnswer:
            continue


def test_a_metalink_url_is_fetched_and_offers_all_its_sources() -> None:
    hub = Web(ToldApi({"x.meta4": answer(body=META4.encode())}))
    listing = hub.resolve(Address("web", PUBLIC))
    [offer] = listing.offers
    assert offer.path == "folder/model.safetensors"
    assert offer.sources[0].url == "https://a.example/model.safetensors"
    assert all(source.told_by_public for source in offer.sources)
    assert offer.pieces == (128, (A, B, C))
    assert not offer.name_is_guess


def test_a_missing_metalink_is_an_error_of_its_server() -> None:
    with pytest.raises(NotFound):
        Web(ToldApi({})).resolve(Address("web", PUBLIC))
