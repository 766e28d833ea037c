"""A proxy as people write it."""

from __future__ import annotations

import pytest

from modelyard.values.proxy import without_password


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://user:pa55@proxy:3128", "http://proxy:3128"),
        ("user:pa55@proxy:3128", "proxy:3128"),
        ("http://user:p@ss@proxy", "http://proxy"),
        ("user:p://x@proxy", "proxy"),
        ("socks5h://proxy:1080", "socks5h://proxy:1080"),
        ("proxy", "proxy"),
        ("", ""),
    ],
)
def test_a_proxy_is_shown_without_its_password(text: str, shown: str) -> None:
    assert without_password(text) == shown
