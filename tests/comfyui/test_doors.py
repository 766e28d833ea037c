"""Who may come in, decided from headers alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from aiohttp.test_utils import make_mocked_request

from comfyui.hosting import alone

check, Refused = alone("doors").check, alone("problems").Refused
SOCKET = {"Upgrade": "websocket"}
NAMED = ("gpu.example.org", "gpu.example.org:8443")


def comes_in(hosts: Sequence[str], **headers: str) -> bool:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        check(make_mocked_request("GET", "/modelyard/live", told), hosts)
    except Refused:
        return False
    return True


@pytest.mark.parametrize(
    ("origin", "enters"),
    [
        ("http://gpu.example.org:8188", True),
        ("https://gpu.example.org", True),
        ("https://gpu.example.org:8443", True),
        ("http://gpu.example.org:9999", False),
        ("ftp://gpu.example.org", False),
        ("http://evil.example", False),
        ("null", False),
    ],
)
def test_a_page_of_another_port_of_our_name_opens_no_socket(origin: str, enters: bool) -> None:
    assert comes_in(NAMED, Host="gpu.example.org:8188", Origin=origin, **SOCKET) is enters


def test_a_browser_that_vouches_for_its_page_may_come_through_any_proxy_of_ours() -> None:
    told = {"Host": "gpu.example.org", "Origin": "https://gpu.example.org:7777"}
    assert comes_in(NAMED, Sec_Fetch_Site="same-origin", **told)
    assert not comes_in(NAMED, **told)
    assert not comes_in((), Sec_Fetch_Site="same-origin", **told)
