"""An Api that answers from a table and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from modelyard.net.api import Answer, Follow
from modelyard.net.headers import Headers


def answer(status: int = 200, body: object = b"", url: str = "https://hub.example/x", **headers: str) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Answer(status, url, Headers(pairs), data)


class ToldApi:
    """Answers are found by the end of the URL, the query included; a list is used up one by one."""

    def __init__(self, told: Mapping[str, Answer | list[Answer]]) -> None:
        self.told = dict(told)
        self.asked: list[str] = []

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        follow: Follow = Follow.ALL,
        cache: bool = True,
    ) -> Answer:
        return self._find("GET", url + (f"?{urlencode(params, doseq=True)}" if params else ""))

    def head(self, url: str, *, headers: Mapping[str, str] | None = None, follow: Follow = Follow.ALL) -> Answer:
        return self._find("HEAD", url)

    def post(self, url: str, data: object, *, headers: Mapping[str, str] | None = None) -> Answer:
        return self._find("POST", url)

    def _find(self, method: str, url: str) -> Answer:
        self.asked.append(f"{method} {url}")
        for ending, found in self.told.items():
            if f"{method} {url}".endswith(ending):
                one = found.pop(0) if isinstance(found, list) else found
                return Answer(one.status, url, one.headers, one.body)
        return Answer(404, url, Headers([]), b"")
