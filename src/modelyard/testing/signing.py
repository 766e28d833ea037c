"""Signed CDN links in the styles of the real hubs, and what each says when it is too late or tampered with."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Literal
from urllib.parse import quote, urlencode

from modelyard.testing.clock import Clock
from modelyard.testing.wire import Answer, Request, text

Style = Literal["hf", "r2", "b2", "oss", "github"]

TTL: Mapping[Style, float] = {"hf": 3600, "r2": 86400, "b2": 3600, "oss": 3600, "github": 300}
"""Seconds that a link of each style lives, as the real hubs have it (GitHub's and OSS's are believed)."""


class Signer:
    """Signs links and judges them.

    Attributes:
        ttl: Seconds per style; a test may change it.
        issued: How many links were signed: a test sees whether the client asked the hub again.
    """

    def __init__(self, clock: Clock, seed: int = 1) -> None:
        self._clock = clock
        self._secret = hashlib.sha256(f"practice {seed}".encode()).digest()
        self.reset()

    def reset(self) -> None:
        """Forget changed lives and revocations."""
        self.ttl = dict(TTL)
        self.issued = 0
        self._revoked = -1

    def expire_all(self) -> None:
        """Let every link signed so far be refused as expired, without moving the clock."""
        self._revoked = self.issued

    def query(self, style: Style, path: str, name: str) -> str:
        """The query of a fresh link to ``path`` that offers to save as ``name``."""
        self.issued += 1
        expires = self._clock.now() + self.ttl[style]
        mark = f"{expires:.3f}.{self.issued}"
        return _WRITERS[style](mark, self._sign(path, mark), name, int(self.ttl[style]))

    def refusal(self, request: Request) -> Answer | None:
        """Why this link may not be used; None when it may.

        An Authorization header beside the signature is 400, like S3; a wrong signature and an expired link are 403.
        """
        if "authorization" in request.headers:
            return xml(400, "InvalidArgument", "Only one auth mechanism allowed")
        mark, _, signature = _signature(request.query).partition("~")
        if not hmac.compare_digest(signature, self._sign(request.path, mark)):
            return xml(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.")
        expires, _, number = mark.rpartition(".")
        if float(expires) <= self._clock.now() or int(number) <= self._revoked:
            return xml(403, "AccessDenied", "Request has expired")
        return None

    def _sign(self, path: str, mark: str) -> str:
        return hmac.new(self._secret, f"{path} {mark}".encode(), hashlib.sha256).hexdigest()[:40]


def xml(status: int, code: str, message: str) -> Answer:
    """An error in the S3 and CloudFront way."""
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return text(status, body, kind="application/xml")


def attachment(name: str, kind: str = "attachment") -> str:
    """A Content-Disposition with both forms of the name."""
    plain = name.encode("ascii", "replace").decode().replace('"', "")
    return f"{kind}; filename*=UTF-8''{quote(name, safe='')}; filename=\"{plain}\";"


def _signature(query: Mapping[str, str]) -> str:
    return next((query[key] for key in ("Signature", "X-Amz-Signature", "Authorization", "sig") if key in query), "")


def _second(mark: str) -> str:
    return mark.partition(".")[0]


def _hf(mark: str, signature: str, name: str, ttl: int) -> str:
    policy = base64.b64encode(f'{{"Expires":{_second(mark)}}}'.encode()).decode()
    facts = {"response-content-disposition": attachment(name, "inline"), "Expires": _second(mark), "Policy": policy}
    return urlencode({**facts, "Signature": f"{mark}~{signature}", "Key-Pair-Id": "K2L8F4GPSG1IFC"})


def _r2(mark: str, signature: str, name: str, ttl: int) -> str:
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(float(_second(mark)) - ttl))
    offer = f'attachment; filename="{name}"'
    facts = {"X-Amz-Expires": str(ttl), "response-content-disposition": offer, "X-Amz-Date": date}
    return urlencode({**facts, "X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Signature": f"{mark}~{signature}"})


def _b2(mark: str, signature: str, name: str, ttl: int) -> str:
    return urlencode({"Authorization": f"{mark}~{signature}", "b2ContentDisposition": f'attachment; filename="{name}"'})


def _oss(mark: str, signature: str, name: str, ttl: int) -> str:
    return urlencode({"Expires": _second(mark), "OSSAccessKeyId": "practice", "Signature": f"{mark}~{signature}"})


def _github(mark: str, signature: str, name: str, ttl: int) -> str:
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(float(_second(mark))))
    facts = {"sp": "r", "sv": "2018-11-09", "sr": "b", "se": until, "rscd": f"attachment; filename={name}"}
    return urlencode({**facts, "sig": f"{mark}~{signature}"})


_WRITERS: Mapping[Style, Callable[[str, str, str, int], str]] = {
    "hf": _hf,
    "r2": _r2,
    "b2": _b2,
    "oss": _oss,
    "github": _github,
}
