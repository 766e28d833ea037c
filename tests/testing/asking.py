"""Asking the hub with curl, one process and connection per question.

What curl shows of an answer only after it has judged it (half heads, bytes behind the end, several questions on
one connection) is asked over http.client or a bare socket where it is tested.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import subprocess
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urljoin, urlsplit

from modelyard.testing import PracticeHub

_CUT_SHORT = 18
"""curl's exit status for a body that ended before its length."""


@dataclass
class Reply:
    status: int
    headers: Message
    body: bytes
    url: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def __getitem__(self, name: str) -> str | None:
        return self.headers[name]


def ask(
    hub: PracticeHub,
    path: str,
    *,
    method: str = "GET",
    token: str = "",
    body: Any = None,
    follow: bool = False,
    **headers: str,
) -> Reply:
    """Ask a path or URL; keyword names are headers with ``_`` for ``-``."""
    url = path if "://" in path else hub.url + path
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    if body is not None and not isinstance(body, bytes):
        body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
    reply = _once(hub, url, method, sent, body)
    for _ in range(10):
        if not follow or reply.status not in (301, 302, 307):
            break
        target = urljoin(reply.url, reply["Location"])
        if urlsplit(target).netloc != urlsplit(reply.url).netloc:
            sent.pop("Authorization", None)
        reply = _once(hub, target, method, sent, body)
    return reply


def _once(hub: PracticeHub, url: str, method: str, headers: dict[str, str], body: bytes | None) -> Reply:
    words = ["curl", "-q", "-sS", "-i", "--http1.1", "--path-as-is", "--globoff", "--noproxy", "*", "--max-time", "20"]
    words += ["--head"] if method == "HEAD" else ["-X", method]
    words += ["--cacert", str(hub.ca_file)] if url.startswith("https:") else []
    words += ["--data-binary", "@-", "-H", "Expect:"] if body is not None else []
    plain = {"Content-Type": "", **headers} if body is not None else headers
    words += [word for name, value in plain.items() for word in ("-H", f"{name}: {value}".rstrip())]
    ran = subprocess.run([*words, url], input=body, capture_output=True)
    if ran.returncode == _CUT_SHORT:
        raise http.client.IncompleteRead(ran.stdout)
    if ran.returncode:
        said = ran.stderr.decode(errors="replace")
        raise (ConnectionResetError if "reset by peer" in said else ConnectionError)(said)
    head, _, rest = ran.stdout.partition(b"\r\n\r\n")
    first, _, fields = head.partition(b"\r\n")
    return Reply(int(first.split()[1]), http.client.parse_headers(io.BytesIO(fields + b"\r\n\r\n")), rest, url)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def git_hash(data: bytes) -> str:
    """What git itself says."""
    ran = subprocess.run(["git", "hash-object", "--stdin"], input=data, capture_output=True, check=True)
    return ran.stdout.decode().strip()
