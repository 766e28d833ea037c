"""Asking the hub with http.client, one connection per question, so that nothing between hides a byte."""

from __future__ import annotations

import hashlib
import http.client
import json
import ssl
import subprocess
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urljoin, urlsplit

from modelyard.testing import PracticeHub


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
    parts = urlsplit(url)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=hub.ca_file)
        connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=20, context=context)
    else:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
        answer = connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read(), url)
    finally:
        connection.close()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def git_hash(data: bytes) -> str:
    """What git itself says."""
    ran = subprocess.run(["git", "hash-object", "--stdin"], input=data, capture_output=True, check=True)
    return ran.stdout.decode().strip()
