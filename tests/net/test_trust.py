"""What a person gives as CA or pin: the common spellings are read, nonsense and private keys are not kept."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.errors import BadValue
from modelyard.net.trust import LONGEST_CA, checked_ca, checked_pin
from net.tls_hub import Identity


@given(st.binary(min_size=32, max_size=32))
def test_a_pin_is_read_in_every_common_spelling(digest: bytes) -> None:
    pin = digest.hex()
    colons = ":".join(pin[at : at + 2] for at in range(0, 64, 2)).upper()
    for spelling in (pin, pin.upper(), colons, f"sha256:{pin}", f" sha256//{base64.b64encode(digest).decode()}\n"):
        assert checked_pin(spelling) == pin


@pytest.mark.parametrize("text", ["", "abc", "g" * 64, "0" * 63, "sha256//", "sha256//!!!!", "sha1:" + "0" * 40])
def test_what_is_no_sha256_is_no_pin(text: str) -> None:
    with pytest.raises(BadValue):
        checked_pin(text)


@given(st.text(max_size=100))
def test_a_pin_that_is_read_stays_as_it_is(text: str) -> None:
    try:
        pin = checked_pin(text)
    except BadValue:
        return
    assert checked_pin(pin) == pin


def test_only_the_certificates_of_a_text_are_kept(tmp_path: Path) -> None:
    ca = Identity(tmp_path / "one").ca
    kept = checked_ca(f"subject=CN = Practice CA\n{ca}\nand words after it")
    assert kept.count("BEGIN") == 1 and "words" not in kept and "subject" not in kept
    assert checked_ca(kept) == kept
    assert checked_ca(ca + Identity(tmp_path / "two").ca).count("BEGIN") == 2


def test_a_private_key_and_nonsense_are_refused_and_not_repeated(tmp_path: Path) -> None:
    identity = Identity(tmp_path / "one")
    key = (tmp_path / "one" / "ca.key").read_text()
    broken = identity.ca.replace("M", "N")
    for text in ("", "canary", key, identity.ca + key, broken, "x" * (LONGEST_CA + 1)):
        with pytest.raises(BadValue) as caught:
            checked_ca(text)
        told = f"{caught.value.message} {caught.value.hint} {caught.value.__cause__!r} {caught.value.__context__!r}"
        assert "canary" not in told and key.splitlines()[1] not in told
