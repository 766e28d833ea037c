"""What an error keeps of an exchange: enough to see why, nothing that is secret, never much."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.errors import AccessError
from modelyard.net.api import Answer
from modelyard.net.exchange import exchange, telling
from modelyard.net.headers import Headers

SIGNED = "https://cdn.example/a/model.safetensors?X-Amz-Signature=0123456789abcdef&token=hf_abcdefghijklmnop#x"


def answer(url: str = SIGNED, **fields: str) -> Answer:
    return Answer(403, url, Headers([(name.replace("_", "-"), value) for name, value in fields.items()]), b"no")


def test_the_address_comes_without_its_query_and_only_fields_that_tell_why() -> None:
    told = exchange(answer(Retry_After="30", Set_Cookie="session=secret", Location=SIGNED, X_Error_Code="GatedRepo"))
    assert told == {
        "url": "https://cdn.example/a/model.safetensors",
        "status": 403,
        "headers": {"retry-after": "30", "x-error-code": "GatedRepo"},
    }


@pytest.mark.parametrize("secret", ["hf_abcdefghijklmnop", "Bearer abcdefghijklmnop", "token=abcdefghijklmnop"])
def test_a_key_that_a_server_sends_back_is_masked(secret: str) -> None:
    told = str(exchange(answer(WWW_Authenticate=f"x {secret} y", X_Error_Message=secret)))
    assert "abcdefghijklmnop" not in told and "•••" in told


@given(st.text(max_size=3000), st.text(max_size=3000))
def test_it_is_never_large_and_always_json(path: str, value: str) -> None:
    told = exchange(answer("https://a.example/" + path, Server=value, X_Error_Message=value))
    assert len(json.dumps(told, ensure_ascii=False)) < 2500
    assert all(text.isprintable() for text in (told["url"], *told["headers"].values()))


def test_an_explained_error_tells_it_and_no_error_stays_none() -> None:
    @telling
    def explain(answer: Answer, *, fails: bool) -> AccessError | None:
        return AccessError("No.", status=answer.status) if fails else None

    error = explain(answer(), fails=True)
    assert error is not None
    assert error.facts == {"status": 403, "exchange": exchange(answer())}
    assert explain(answer(), fails=False) is None
