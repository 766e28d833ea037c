"""The files of the page, held in memory: no path of a caller ever reaches the disk."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from msgspec.structs import replace

from modelyard.server.messages import Asked, Reply
from modelyard.server.packing import accepts, tagged

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
_PACKED = {"br": ".br", "gzip": ".gz"}
"""Encodings that the build lays beside a file, the best first."""
_ROUTES = ("/api/", "/model-manager/", "/assets/", "/healthz", "/metrics")
_BASE = b'<base href="/" />'
_PREFIX = re.compile(r"(/[A-Za-z0-9_.~-]{1,64}){1,8}")
_UNBUILT = b"""<!doctype html><html lang="en"><title>Modelyard</title><h1>Modelyard</h1>
<p>The service runs; its page is not built. In the project's folder: <code>python3 run.py</code></p></html>"""


class Pages:
    """Static files, by path; a person who opens any other address gets the page, which knows its own.

    Args:
        folder: Read once, with its subfolders; ``index.html`` is also ``/``.
        prefixed: A trusted proxy stands before us, and tells by X-Forwarded-Prefix below which path it shows us.
    """

    def __init__(self, folder: Path = FOLDER, *, prefixed: bool = False) -> None:
        self._prefixed = prefixed
        self._files: dict[str, Reply] = {}
        self._packed: dict[str, dict[str, Reply]] = {}
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file.suffix in _TYPES:
                path = "/" + file.relative_to(folder).as_posix()
                plain = _reply(file.suffix, file.read_bytes(), lasts=path.startswith("/assets/"))
                self._packed[path] = _forms(plain, file)
                vary = {"Vary": "Accept-Encoding"} if self._packed[path] else {}
                self._files[path] = replace(plain, headers={**plain.headers, **vary})
        self._files.setdefault("/index.html", _reply(".html", _UNBUILT))
        self._files["/"] = self._files["/index.html"]

    def find(self, asked: Asked) -> Reply | None:
        """The file under this path, None when it is no page's."""
        if asked.method not in ("GET", "HEAD"):
            return None
        found = self._files.get(asked.path)
        if found:
            found = self._smallest(asked, found)
        if found is None and _opened(asked):
            found = self._files["/"]
        if found is self._files["/"] and self._prefixed:
            found = _below(found, asked.headers.get("x-forwarded-prefix", ""))
        if found and asked.headers.get("if-none-match") == found.headers["ETag"]:
            return Reply(304, b"", "", found.headers)
        return found

    def _smallest(self, asked: Asked, plain: Reply) -> Reply:
        """The best form of a file that the caller can read."""
        header = asked.headers.get("accept-encoding", "")
        forms = self._packed.get(asked.path, {})
        return next((reply for encoding, reply in forms.items() if accepts(header, encoding)), plain)


def _forms(plain: Reply, file: Path) -> dict[str, Reply]:
    """The compressed forms of a file that the build made, by encoding."""
    found = {}
    for encoding, suffix in _PACKED.items():
        beside = file.with_name(file.name + suffix)
        if beside.is_file():
            tag = tagged(plain.headers["ETag"], encoding)
            headers = {**plain.headers, "ETag": tag, "Content-Encoding": encoding, "Vary": "Accept-Encoding"}
            found[encoding] = Reply(200, beside.read_bytes(), plain.media_type, headers)
    return found


def _below(index: Reply, prefix: str) -> Reply:
    """The page as it is below a path: everything that it loads and asks is relative to its base."""
    prefix = prefix.rstrip("/")
    if not _PREFIX.fullmatch(prefix):
        return index
    return _reply(".html", index.body.replace(_BASE, f'<base href="{prefix}/" />'.encode()))


def _opened(asked: Asked) -> bool:
    """Whether a browser opens this as a page, and no route of ours is meant."""
    return "text/html" in asked.headers.get("accept", "") and not asked.path.startswith(_ROUTES)


def _reply(suffix: str, body: bytes, *, lasts: bool = False) -> Reply:
    """A file as an answer; what `lasts` has its hash in its name."""
    keep = "public, max-age=31536000, immutable" if lasts else "no-cache"
    headers = {"ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"', "Cache-Control": keep}
    return Reply(200, body, _TYPES[suffix], headers)
