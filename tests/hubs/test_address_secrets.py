from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.hubs.address_secrets import KNOWN_HOSTS, strip_secrets

HF = "hf_CanaryCanaryCanary1234"


@pytest.mark.parametrize(
    ("text", "clean", "hub", "value"),
    [
        (
            "https://civitai.com/api/download/models/1?type=Model&token=abc123&format=x",
            "https://civitai.com/api/download/models/1?type=Model&format=x",
            "civitai",
            "abc123",
        ),
        (
            "https://civitai.com/api/download/models/1?token=a%2Bb",
            "https://civitai.com/api/download/models/1",
            "civitai",
            "a+b",
        ),
        ("civitai.com/models/1?api_key=k", "civitai.com/models/1", "civitai", "k"),
        (f"https://huggingface.co/o/r?token={HF}", "https://huggingface.co/o/r", "huggingface", HF),
        (f"https://user:{HF}@huggingface.co/o/r", "https://huggingface.co/o/r", "huggingface", HF),
        (f"https://{HF}@huggingface.co/o/r", "https://huggingface.co/o/r", "huggingface", HF),
        (f"https://example.org/x?y=1&z={HF}", "https://example.org/x?y=1", "huggingface", HF),
        ("HTTPS://CIVITAI.com/models/1?TOKEN=k#x", "https://CIVITAI.com/models/1#x", "civitai", "k"),
    ],
)
def test_a_key_is_taken_out_of_a_link(text: str, clean: str, hub: str, value: str) -> None:
    found_text, found = strip_secrets(text)
    assert found_text == clean
    assert [(each.hub, each.value) for each in found] == [(hub, value)]


@pytest.mark.parametrize(
    "text",
    [
        "hf:org/repo",
        "https://example.org/x?token=abc",
        "https://example.org/x?X-Amz-Signature=abc&a=%20b",
        "https://user:pass@example.org/x",
        "https://civitai.com/models/1?modelVersionId=2",
        "https://[::1/x",
        "org/hf_something",
        "",
    ],
)
def test_what_holds_no_key_of_a_hub_stays_as_it_is(text: str) -> None:
    assert strip_secrets(text) == (text, [])


def test_a_chosen_endpoint_counts_as_a_host_of_its_hub() -> None:
    clean, found = strip_secrets("http://127.0.0.1:9/x?token=k", {**KNOWN_HOSTS, "127.0.0.1:9": "civitai"})
    assert (clean, found[0].hub, found[0].value) == ("http://127.0.0.1:9/x", "civitai", "k")


def test_the_value_is_not_in_what_is_printed() -> None:
    found = strip_secrets(f"https://huggingface.co/o/r?token={HF}")[1]
    assert HF not in repr(found)
    assert HF not in f"{found[0]!s}"


def test_a_user_name_alone_is_dropped_from_a_hub_link_but_is_no_key() -> None:
    assert strip_secrets("https://someone@huggingface.co/o/r") == ("https://huggingface.co/o/r", [])


@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    clean, found = strip_secrets(text)
    assert found or clean == text.strip()
