from __future__ import annotations

import pytest

from modelyard.errors import BadValue
from modelyard.keys.realm import Realm, bearer, bearer_and_session, checked_key, is_loopback, masked, origin


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("https://Hub.Example/path?x", "https://hub.example"),
        ("https://hub.example:443", "https://hub.example"),
        ("http://hub.example:80/", "http://hub.example"),
        ("https://hub.example:8443", "https://hub.example:8443"),
        ("http://[::1]:8080/x", "http://[::1]:8080"),
        ("https://hub.example.", "https://hub.example"),
    ],
)
def test_an_origin_is_scheme_host_and_port_in_one_spelling(text: str, normal: str) -> None:
    assert origin(text) == normal


@pytest.mark.parametrize(
    "text", ["ftp://x", "https://", "hub.example", "https://u@x", "https://x:0", "https://x:99999", "https://x y", ""]
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        origin(text)


def test_a_realm_covers_exact_origins_only() -> None:
    realm = Realm("hub", "Hub", frozenset({"https://hub.example"}), chosen=frozenset({"http://lan:9000"}))
    assert realm.covers("https://hub.example")
    assert realm.covers("http://lan:9000")
    for other in (
        "http://hub.example",
        "https://hub.example:8443",
        "https://cdn.hub.example",
        "https://hub.example.evil",
    ):
        assert not realm.covers(other)


def test_a_key_never_goes_out_in_the_clear_unless_a_person_chose_the_place() -> None:
    with pytest.raises(BadValue):
        Realm("hub", "Hub", frozenset({"http://hub.example"}))
    Realm("hub", "Hub", frozenset({"http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9"}))


def test_an_origin_that_is_not_normalised_is_a_mistake() -> None:
    with pytest.raises(BadValue):
        Realm("hub", "Hub", frozenset({"https://Hub.example/"}))


def test_loopback_is_told_by_the_address_not_by_the_look() -> None:
    assert is_loopback("http://127.0.0.2:1")
    assert not is_loopback("http://127.0.0.1.evil.example")
    assert not is_loopback("nonsense")


def test_styles_wear_the_key() -> None:
    assert bearer("k") == {"Authorization": "Bearer k"}
    assert bearer_and_session("k") == {"Authorization": "Bearer k", "Cookie": "m_session_id=k"}


@pytest.mark.parametrize("value", ["", "  ", "a\nb", "a\r\nX-Evil: 1", "a b", "a\tb", "ключ", "a\x00", "a" * 5000])
def test_what_cannot_be_a_header_is_no_key_and_is_not_shown(value: str) -> None:
    with pytest.raises(BadValue) as caught:
        checked_key(value, "HF_TOKEN")
    assert "HF_TOKEN" in caught.value.message
    assert "X-Evil" not in str(caught.value.as_dict())


def test_blanks_around_a_pasted_key_are_dropped() -> None:
    assert checked_key("  hf_abc\r\n", "x") == "hf_abc"


def test_a_masked_key_shows_its_kind_and_its_end() -> None:
    assert masked("hf_abcdefghijklmnopqrstuv") == "hf_…stuv"
    assert masked("0123456789abcdef0123") == "…0123"
    assert masked("short_key") == "…"
