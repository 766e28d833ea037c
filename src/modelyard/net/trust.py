"""How a hub of the local network proves who it is: by an authority of its own, by a pinned key, or by both."""

from __future__ import annotations

import base64
import binascii
import functools
import re
import ssl

import msgspec

from modelyard.errors import BadValue, PinDiffers
from modelyard.net.certificate import read_certificate

LONGEST_CA = 32 * 1024
"""Characters of PEM that are kept for a hub: some ten certificates."""

_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


class Trust(msgspec.Struct, frozen=True):
    """What vouches for one origin, in place of the authorities that this machine trusts.

    Attributes:
        ca: Certificates in PEM; the hub's own has to be signed by one of them (or be one), and to bear the hub's name.
        pin: SHA-256 of the SubjectPublicKeyInfo of the hub's certificate, hex. Without `ca` it alone decides: names
            and dates in the certificate say nothing.
    """

    ca: str = ""
    pin: str = ""

    def context(self) -> ssl.SSLContext:
        """What a connection to this origin, and to no other, is wrapped with."""
        return _context(self.ca)

    @property
    def authorities(self) -> tuple[str, ...]:
        """Whom the certificates of `ca` name."""
        found = map(ssl.PEM_cert_to_DER_cert, _BLOCK.findall(self.ca))
        return tuple(read_certificate(der).subject for der in found)

    def check(self, sock: ssl.SSLSocket, host: str) -> None:
        """Compare the key of a far end that shook hands and was told nothing yet.

        Raises:
            PinDiffers: It is another one.
        """
        if not self.pin:
            return
        seen = read_certificate(sock.getpeercert(binary_form=True) or b"")
        if seen.pin == self.pin:
            return
        hint = f"It shows {seen.pin}. Find out why: somebody may stand in between. If the hub has a new key: "
        hint += "`modelyard lan add` with the new --pin."
        if seen.fingerprint == self.pin:
            hint = f"What was pinned is the fingerprint of its certificate; the pin of its key is {seen.pin}."
        raise PinDiffers(
            f"{host} does not show the key that is pinned for it; nothing was sent.", hint=hint, seen=seen.pin
        )


@functools.lru_cache(maxsize=64)
def _context(ca: str) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.options |= ssl.OP_NO_RENEGOTIATION  # another certificate in mid-connection would not be looked at
    if ca:
        made.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN  # a hub's own certificate may be the anchor
        made.load_verify_locations(cadata=ca)
    else:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made


def checked_ca(text: str) -> str:
    """The certificates of a PEM text, and nothing else of it.

    Raises:
        BadValue: It holds none, a private key, too much, or what OpenSSL cannot read. The text is not shown.
    """
    if len(text) > LONGEST_CA:
        raise BadValue(f"A CA of more than {LONGEST_CA} characters is not kept.", hint="Give the hub's own CA only.")
    if "PRIVATE KEY" in text:
        raise BadValue("This holds a private key, which stays with the hub.", hint="Give the certificate alone.")
    found = "\n".join(_BLOCK.findall(text)) + "\n"
    try:
        _context.__wrapped__(found)  # checked, not kept
    except (ssl.SSLError, ValueError):
        pass  # raised below, outside: what could not be read is nobody's business
    else:
        if found.strip():
            return found
    raise BadValue("This is no certificate in PEM.", hint="It begins with -----BEGIN CERTIFICATE-----.")


def checked_pin(text: str) -> str:
    """A pin as hex, from hex (colons are fine) or from curl's ``sha256//BASE64``.

    Raises:
        BadValue: It is no SHA-256.
    """
    given = text.strip()
    if given.startswith("sha256//"):
        try:
            given = base64.b64decode(given[8:], validate=True).hex()
        except binascii.Error:
            given = ""
    given = given.lower().removeprefix("sha256:").replace(":", "")
    if not re.fullmatch(r"[0-9a-f]{64}", given):
        raise BadValue(
            f"{text[:100]!r} is no pin.",
            hint="64 hex digits or sha256//BASE64: SHA-256 of the certificate's public key.",
        )
    return given
