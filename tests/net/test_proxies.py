import pytest

from modelyard.errors import BadValue
from modelyard.net.proxies import Proxies
from modelyard.net.url import parse
from modelyard.values.proxy import parse_proxy


def test_the_usual_variables_choose_a_proxy() -> None:
    proxies = Proxies(None, {"https_proxy": "http://p:3128", "HTTP_PROXY": "q:81", "no_proxy": "inside,.corp.example"})
    assert proxies.proxy_for(parse("https://hub.example/")).host == "p"  # type: ignore[union-attr]
    assert proxies.proxy_for(parse("http://hub.example/")).port == 81  # type: ignore[union-attr]
    assert proxies.proxy_for(parse("https://inside/")) is None
    assert proxies.proxy_for(parse("https://a.corp.example/")) is None


def test_all_proxy_and_the_star_are_understood() -> None:
    assert Proxies(None, {"ALL_PROXY": "socks5h://s"}).proxy_for(parse("https://x/")).port == 1080  # type: ignore[union-attr]
    assert Proxies(None, {"ALL_PROXY": "http://s", "NO_PROXY": "*"}).proxy_for(parse("https://x/")) is None


def test_a_setting_beats_the_environment_and_direct_means_none() -> None:
    environ = {"https_proxy": "http://p:3128"}
    assert Proxies("direct", environ).proxy_for(parse("https://x/")) is None
    assert Proxies("socks5://s:9", environ).proxy_for(parse("https://x/")).scheme == "socks5"  # type: ignore[union-attr]


def test_a_cgi_request_cannot_choose_our_proxy() -> None:
    assert Proxies(None, {"HTTP_PROXY": "http://evil", "REQUEST_METHOD": "GET"}).proxy_for(parse("http://x/")) is None


def test_a_user_and_password_become_one_header() -> None:
    assert parse_proxy("http://me:p%40ss@host:1").authorization == "Basic bWU6cEBzcw=="
    with pytest.raises(BadValue):
        parse_proxy("ftp://host")
