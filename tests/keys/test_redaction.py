from __future__ import annotations

import io
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.errors import AccessError
from modelyard.keys import redaction
from modelyard.keys.redaction import MASK, RedactingFilter, Redactor

CANARY = "CanaryCanary1234567890"


@pytest.mark.parametrize(
    "text",
    [
        f"hf_{CANARY}",
        f"https://hub/x?token=hf_{CANARY}",
        f"https://civitai.com/x?a=1&token={CANARY}&b=2",
        f"https://x/?api_key={CANARY}",
        f"https://x/?next=%2Fy%3Ftoken%3D{CANARY}",
        f"Authorization: Bearer {CANARY}",
        f"authorization: Basic {CANARY}==",
        f"{{'Authorization': 'Bearer {CANARY}'}}",
        f'{{"authorization": "{CANARY}"}}',
        f"curl -H 'Authorization: token {CANARY}'",
        f"Cookie: m_session_id={CANARY}; a=b",
        f"https://r2/x?X-Amz-Expires=9&X-Amz-Signature={CANARY}&X-Amz-Credential={CANARY}",
        f"https://b2/x?Authorization=3_{CANARY}",
        f"https://cdn/x?Expires=1&Signature={CANARY}&Policy={CANARY}~&Key-Pair-Id={CANARY}",
        f"https://user:{CANARY}@hub.example/x",
        f"https://:{CANARY}@hub.example/x",
        f"ghp_{CANARY}",
        f"github_pat_{CANARY}",
        f'{{"accessToken": "{CANARY}", "casUrl": "x"}}',
    ],
)
def test_what_looks_like_a_key_is_masked(text: str) -> None:
    masked = Redactor().text(text)
    assert CANARY not in masked
    assert MASK in masked


@pytest.mark.parametrize(
    "text",
    [
        "org/hf_model",
        "Sat on the policy: accept its terms",
        "The token is missing",
        "https://hub/x?fileId=7&type=Model",
        "sha256 " + "a" * 64,
        "3 tokens, 2 signatures",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert Redactor().text(text) == text


def test_a_known_key_is_masked_in_every_spelling() -> None:
    redactor = Redactor(lambda: {"se/cret+key=1"})
    assert redactor.text("se/cret+key=1 se%2Fcret%2Bkey%3D1") == f"{MASK} {MASK}"


def test_a_known_key_inside_a_longer_one_does_not_uncover_the_rest() -> None:
    assert "tail" not in Redactor(lambda: {"canary", "canary-tail"}).text("x canary-tail y")


_PARTS = "hf_abcdefghij ghp_0123456789abcdefXY yard_0123456789abcdef Bearer BEARER xxxxxxxx authorization Cookie token"
_PARTS += " password sig %20 %3D %3F = : :// + a @ & \" '"
_KEYED = st.lists(st.sampled_from([*_PARTS.split(), " "]), max_size=8).map("".join)


@given(_KEYED)
def test_no_text_is_taken_for_one_without_keys_that_has_some(text: str) -> None:
    masked = text
    for pattern, mask in redaction._PATTERNS:
        masked = pattern.sub(mask, masked)
    assert Redactor().text(text) == masked


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=200))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    redactor = Redactor(lambda: {CANARY})
    once = redactor.text(text + CANARY)
    assert CANARY not in once
    assert redactor.text(once) == once


def test_errors_are_masked_in_all_their_parts() -> None:
    error = AccessError(
        f"No: token={CANARY}",
        hint=f"Bearer {CANARY}",
        link=f"https://x/?token={CANARY}",
        nested={"list": [f"hf_{CANARY}", 3, None], f"token={CANARY}": (True,)},
    )
    told = Redactor().error(error)
    assert CANARY not in repr(told)
    assert told["code"] == "access-denied"
    assert told["facts"]["nested"]["list"][1:] == [3, None]


def test_logs_are_masked_with_their_arguments_and_tracebacks() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter(Redactor(lambda: {CANARY})))
    log = logging.Logger("test")
    log.addHandler(handler)
    log.warning("asked %s with %s", f"https://x/?token={CANARY}", {"Authorization": CANARY})
    try:
        raise ValueError(f"bad {CANARY}")
    except ValueError:
        log.exception("failed", stack_info=True)
    assert CANARY not in stream.getvalue()
    assert "ValueError: bad" in stream.getvalue()


@pytest.mark.parametrize(
    "text", ["://" * 5000, "token" * 4000, "hf_" * 5000, "bearer " * 3000, "authorization: " * 2000]
)
@pytest.mark.timeout(5)
def test_hostile_texts_are_masked_in_an_instant(text: str) -> None:
    Redactor(lambda: {CANARY}).text(text)
