"""A small Ollama: blobs, create, tags and delete, as its API document has them. It keeps a store like the true one."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HOME = "manifests/registry.ollama.ai/library"


class FakeOllama(ThreadingHTTPServer):
    """The server; `store` is its folder of models, `uploads` the digests that came through the API."""

    daemon_threads = True

    def __init__(self, store: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.store = store
        self.uploads: list[str] = []
        self.refuses = ""

    @property
    def host(self) -> str:
        """For OLLAMA_HOST."""
        return f"127.0.0.1:{self.server_address[1]}"

    def blob(self, digest: str) -> Path:
        return self.store / "blobs" / digest.replace(":", "-")

    def manifest(self, name: str) -> Path:
        model, _, tag = name.partition(":")
        return self.store / HOME / model / (tag or "latest")


class _Handler(BaseHTTPRequestHandler):
    server: FakeOllama

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""

    def _answer(self, status: int, told: Any = None) -> None:
        data = json.dumps(told).encode() if told is not None else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def do_HEAD(self) -> None:
        self._answer(200 if self.server.blob(self.path.rpartition("/")[2]).exists() else 404)

    def do_GET(self) -> None:
        if self.path == "/api/version":
            return self._answer(200, {"version": "0.12.0"})
        models = []
        for path in (self.server.store / HOME).rglob("*"):
            if path.is_file():
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                models.append({"name": f"{path.parent.name}:{path.name}", "digest": digest})
        return self._answer(200, {"models": models})

    def do_POST(self) -> None:
        body = self._body()
        if self.path.startswith("/api/blobs/"):
            digest = self.path.rpartition("/")[2]
            if hashlib.sha256(body).hexdigest() != digest.removeprefix("sha256:"):
                return self._answer(400, {"error": "digest does not match"})
            self.server.blob(digest).write_bytes(body)
            self.server.uploads.append(digest)
            return self._answer(201)
        said = json.loads(body)
        if self.server.refuses:
            return self._answer(500, {"error": self.server.refuses})
        (digest,) = said["files"].values()
        if not self.server.blob(digest).exists():
            return self._answer(400, {"error": "blob not found"})
        manifest = self.server.manifest(said["model"])
        manifest.parent.mkdir(parents=True, exist_ok=True)
        layers = [{"mediaType": "application/vnd.ollama.image.model", "digest": digest, "size": 1}]
        manifest.write_text(json.dumps({"schemaVersion": 2, "layers": layers}))
        return self._answer(200, {"status": "success"})

    def do_DELETE(self) -> None:
        manifest = self.server.manifest(json.loads(self._body())["model"])
        digests = [layer["digest"] for layer in json.loads(manifest.read_text())["layers"]]
        manifest.unlink()
        others = "".join(path.read_text() for path in self.server.store.rglob("manifests/**/*") if path.is_file())
        for digest in digests:
            if digest not in others:
                self.server.blob(digest).unlink()
        self._answer(200)


@contextmanager
def running(store: Path) -> Iterator[FakeOllama]:
    """A fake Ollama on a free port."""
    server = FakeOllama(store)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
