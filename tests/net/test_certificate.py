"""Certificates read from their bytes: what OpenSSL says of them, and nonsense refused."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.errors import BadAnswer
from modelyard.net.certificate import read_certificate

KEYS = {
    "ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    "rsa": ["-newkey", "rsa:2048"],
    "ed25519": ["-newkey", "ed25519"],
}


def openssl(*words: str | Path, given: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *map(str, words)], input=given, check=True, capture_output=True).stdout


def made(folder: Path, kind: str, *more: str) -> bytes:
    out, key = folder / "cert.pem", folder / "key.pem"
    openssl("req", "-x509", *KEYS[kind], "-nodes", "-days", "30", *more, "-keyout", key, "-out", out)
    return ssl.PEM_cert_to_DER_cert(out.read_text())


@pytest.mark.parametrize("kind", KEYS)
def test_the_pin_is_what_openssl_makes_of_the_public_key(tmp_path: Path, kind: str) -> None:
    der = made(tmp_path, kind, "-subj", "/O=Home/CN=nas.lan")
    pem = openssl("x509", "-inform", "der", "-pubkey", "-noout", given=der)
    key = openssl("pkey", "-pubin", "-outform", "der", given=pem)
    read = read_certificate(der)
    assert read.pin == hashlib.sha256(key).hexdigest()
    assert read.fingerprint == hashlib.sha256(der).hexdigest()
    assert (read.subject, read.issuer) == ("nas.lan", "nas.lan")
    ends = openssl("x509", "-inform", "der", "-noout", "-enddate", given=der).decode().strip().partition("=")[2]
    assert read.expires == ssl.cert_time_to_seconds(ends)


def test_a_renewed_certificate_with_its_old_key_keeps_its_pin(tmp_path: Path) -> None:
    first = read_certificate(made(tmp_path, "ec", "-subj", "/CN=a"))
    out = tmp_path / "again.pem"
    openssl("req", "-x509", "-key", tmp_path / "key.pem", "-days", "60", "-subj", "/CN=b", "-out", out)
    again = read_certificate(ssl.PEM_cert_to_DER_cert(out.read_text()))
    assert again.pin == first.pin and again.fingerprint != first.fingerprint and again.subject == "b"


def test_one_that_ends_after_2050_and_one_without_a_name_are_read(tmp_path: Path) -> None:
    far = made(tmp_path, "ec", "-subj", "/O=Only an organisation", "-days", "20000")
    assert read_certificate(far).expires > 2524608000 and read_certificate(far).subject == "Only an organisation"


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_as_no_certificate(data: bytes) -> None:
    with pytest.raises(BadAnswer):
        read_certificate(data)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return made(tmp_path_factory.mktemp("made"), "ec", "-subj", "/O=Home/CN=nas.lan")


@given(where=st.integers(0, 10**6), what=st.integers(1, 255), cut=st.integers(0, 10**6))
def test_damage_never_gives_anything_but_a_reading_or_a_refusal(whole: bytes, where: int, what: int, cut: int) -> None:
    bent = bytearray(whole)
    bent[where % len(bent)] ^= what
    for data in (bytes(bent), whole[: cut % len(whole)]):
        try:
            assert len(read_certificate(data).pin) == 64
        except BadAnswer:
            continue
