"""The files of the page, held in memory: no path of a caller ever reaches the disk."""

from __future__ import annotations

import hashlib
from pathlib import Path

from modelyard.server.messages import Asked, Reply

FOLDER = Path(__file__).parent / "page"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
"""What is served; SVG is not: it can hold scripts."""


class Pages:
    """Static files, by path.

    Args:
        folder: Read once, with its subfolders; ``index.html`` is also ``/``.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files: dict[str, Reply] = {}
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.suffix in _TYPES:
                self._files["/" + file.relative_to(folder).as_posix()] = _reply(file)
        if "/index.html" in self._files:
            self._files["/"] = self._files["/index.html"]

    def find(self, asked: Asked) -> Reply | None:
        """The file under this path, None when it is no page's."""
        found = self._files.get(asked.path) if asked.method in ("GET", "HEAD") else None
        if found and asked.headers.get("if-none-match") == found.headers["ETag"]:
            return Reply(304, b"", "", found.headers)
        return found


def _reply(file: Path) -> Reply:
    body = file.read_bytes()
    headers = {"ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"', "Cache-Control": "no-cache"}
    return Reply(200, body, _TYPES[file.suffix], headers)
