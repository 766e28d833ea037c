"""What a certificate says, read from its bytes (X.509, RFC 5280 4.1): its key's pin, its names, its last day.

The standard library tells these of verified certificates only; a pin is wanted for those that nobody vouches for.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator

import msgspec

from modelyard.errors import BadAnswer

_SEQUENCE, _VERSION, _UTC_TIME, _GENERAL_TIME = 0x30, 0xA0, 0x17, 0x18
_COMMON_NAME = bytes.fromhex("0603550403")
_ORGANISATION = bytes.fromhex("060355040a")


class Certificate(msgspec.Struct, frozen=True):
    """A certificate, for people and for pins.

    Attributes:
        pin: SHA-256 of its SubjectPublicKeyInfo, hex: it outlives renewals that keep the key.
        fingerprint: SHA-256 of the whole certificate, hex, as browsers show it.
        subject: Whom it names: common name, else organisation, else empty.
        issuer: Who signed it, likewise.
        expires: Seconds since 1970.
    """

    pin: str
    fingerprint: str
    subject: str
    issuer: str
    expires: float


def read_certificate(der: bytes) -> Certificate:
    """Read a certificate in DER.

    Raises:
        BadAnswer: It is none.
    """
    try:
        (whole,) = _fields(der)
        fields = list(_fields(next(_fields(_inside(whole, _SEQUENCE)))[1]))
        if fields[0][0] == _VERSION:
            del fields[0]
        _serial, _algorithm, issuer, validity, subject, key = fields[:6]
        _begins, ends = _fields(_inside(validity, _SEQUENCE))
        return Certificate(
            hashlib.sha256(_whole(key)).hexdigest(),
            hashlib.sha256(der).hexdigest(),
            _name(_inside(subject, _SEQUENCE)),
            _name(_inside(issuer, _SEQUENCE)),
            _time(*ends),
        )
    except (ValueError, IndexError, StopIteration, OverflowError) as error:
        raise BadAnswer("What was shown as a certificate is none.") from error


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element (X.690 8.1, definite lengths as DER has them)."""
    at = 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length >= 0x80:
            count = length & 0x7F
            if not 1 <= count <= 4:
                raise ValueError("no length of DER")
            length, at = int.from_bytes(data[at : at + count]), at + count
        if at + length > len(data):
            raise ValueError("an element ends after its parent")
        yield tag, data[at : at + length]
        at += length


def _inside(element: tuple[int, bytes], tag: int) -> bytes:
    if element[0] != tag:
        raise ValueError("another element was due")
    return element[1]


def _whole(element: tuple[int, bytes]) -> bytes:
    """The element's own bytes; DER has one spelling only, so they can be made anew."""
    content = _inside(element, _SEQUENCE)
    count = len(content)
    short = bytes([count]) if count < 0x80 else b""
    size = (count.bit_length() + 7) // 8
    return bytes([_SEQUENCE]) + (short or bytes([0x80 | size]) + count.to_bytes(size)) + content


def _name(content: bytes) -> str:
    found: dict[bytes, str] = {}
    for _, group in _fields(content):
        for _, pair in _fields(group):
            kind, value = _fields(pair)
            found[bytes([kind[0], len(kind[1])]) + kind[1]] = _text(*value)
    return found.get(_COMMON_NAME) or found.get(_ORGANISATION) or ""


def _text(tag: int, content: bytes) -> str:
    encodings = {0x1E: "utf-16-be", 0x1C: "utf-32-be", 0x0C: "utf-8"}
    read = content.decode(encodings.get(tag, "latin-1"), "replace")
    return "".join(letter for letter in read if letter.isprintable())[:200]


def _time(tag: int, content: bytes) -> float:
    text = content.decode("ascii")
    if tag == _UTC_TIME:  # two digits of the year: 50 to 99 are the last century (RFC 5280 4.1.2.5.1)
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    elif tag != _GENERAL_TIME:
        raise ValueError("no time")
    return dt.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=dt.UTC).timestamp()
