import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.errors import BadAddress
from modelyard.net.url import join, parse, without_query


def test_an_origin_drops_the_default_port_and_lowers_the_host() -> None:
    assert parse("HTTPS://Hub.Example:443/a?b=c").origin == "https://hub.example"
    assert parse("http://127.0.0.1:8080/x").origin == "http://127.0.0.1:8080"
    assert parse("http://[::1]:81/").origin == "http://[::1]:81"


@pytest.mark.parametrize(
    "text",
    [
        "file:///etc/passwd",
        "data:text/plain,x",
        "ftp://host/x",
        "gopher://host/",
        "\\\\host\\share",
        "http://user@evil.example/",
        "http://user:pass@evil.example/",
        "http://good.example\\@evil.example/",
        "http://good.example/\tx",
        "http://good.example/ x",
        "http://good.example/\n",
        "http:///nohost",
        "http://host:99999/",
        "http://host:abc/",
        "http://" + "a" * 9000,
    ],
)
def test_what_is_no_plain_web_address_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        parse(text)


@given(st.text(max_size=200))
def test_no_text_crashes_the_reader(text: str) -> None:
    try:
        parse("http://" + text)
    except BadAddress:
        pass


def test_a_redirect_is_joined_to_where_it_came_from() -> None:
    base = parse("https://a.example/x/y?z=1")
    assert join(base, "../w").text == "https://a.example/w"
    assert join(base, "//b.example/v#frag").text == "https://b.example/v"
    assert join(base, "/ä ö").target == "/%C3%A4%20%C3%B6"


def test_a_signed_link_is_shown_without_its_secrets() -> None:
    assert without_query("https://cdn.example/f?Signature=abc#x") == "https://cdn.example/f"
