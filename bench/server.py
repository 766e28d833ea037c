"""nginx on loopback, serving files made from a seed: plain, over TLS, with a limit per connection, from far."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

from relay import relay

FAR = 0.05
"""Seconds each way to the port `far`."""

COMMIT = "c0ffee" + "0" * 34

_CONFIG = """
worker_processes 2; daemon off; pid {run}/nginx.pid; error_log {run}/error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; default_type application/octet-stream;
  client_body_temp_path {run}/b; proxy_temp_path {run}/p; fastcgi_temp_path {run}/f;
  uwsgi_temp_path {run}/u; scgi_temp_path {run}/s;
  server {{ listen 127.0.0.1:{plain}; {places} }}
  server {{ listen 127.0.0.1:{limited}; limit_rate 20m; {places} }}
  server {{ listen 127.0.0.1:{tls} ssl; ssl_certificate {run}/cert.pem; ssl_certificate_key {run}/key.pem; {places} }}
}}
"""
_PLACES = """root {files};
    location ~ ^/api/models/bench/([a-z]+)/tree/ {{ default_type application/json; alias {files}/$1.tree.json; }}
    location ~ ^/api/models/bench/([a-z]+) {{ default_type application/json; alias {files}/$1.info.json; }}
    location ~ ^/bench/([a-z]+)/resolve/[^/]+/(.*)$ {{ alias {files}/$1/$2; add_header X-Repo-Commit {commit}; }}
"""


class Server:
    """The server and its files; use as a context manager.

    Args:
        folder: Where files and nginx's own things go; best on tmpfs.
    """

    def __init__(self, folder: Path) -> None:
        self.files = folder / "files"
        self._run = folder / "nginx"
        self.files.mkdir(parents=True, exist_ok=True)
        self._run.mkdir(parents=True, exist_ok=True)
        self.plain, self.limited, self.tls, self.far = (_free_port() for _ in range(4))
        self.certificate = self._run / "cert.pem"
        self.digests: dict[str, str] = {}

    def __enter__(self) -> Server:
        self._stack = ExitStack()
        _make_certificate(self._run)
        places = _PLACES.format(files=self.files, commit=COMMIT)
        config = _CONFIG.format(run=self._run, plain=self.plain, limited=self.limited, tls=self.tls, places=places)
        (self._run / "nginx.conf").write_text(config)
        self._process = subprocess.Popen(["nginx", "-c", str(self._run / "nginx.conf"), "-p", str(self._run)])
        _await(self.plain)
        self._stack.enter_context(relay(self.far, self.plain, FAR))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._process.terminate()
        self._process.wait()

    def url(self, name: str, port: int | None = None) -> str:
        """Where a file is served."""
        scheme = "https" if port == self.tls else "http"
        return f"{scheme}://127.0.0.1:{port or self.plain}/{name}"

    def add(self, name: str, size: int, seed: int = 1) -> str:
        """A file of noise; its SHA-256. Noise repeats every 16 MiB with a running mark, which no hash can shorten."""
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        block = bytearray(hashlib.shake_256(seed.to_bytes(4, "big")).digest(min(size, 16 * 2**20)))
        digest = hashlib.sha256()
        with path.open("wb") as file:
            left = size
            while left:
                block[:8] = left.to_bytes(8, "big")
                part = memoryview(block)[: min(left, len(block))]
                file.write(part)
                digest.update(part)
                left -= len(part)
        self.digests[name] = digest.hexdigest()
        return self.digests[name]

    def empty(self) -> None:
        """Take all files away."""
        shutil.rmtree(self.files)
        self.files.mkdir()
        self.digests.clear()

    def as_repository(self, name: str) -> None:
        """Describe the folder `name` as the model ``bench/name``, so that Hugging Face clients can fetch it."""
        found = sorted((self.files / name).iterdir())
        entries = [{"type": "file", "path": one.name, "size": one.stat().st_size, "oid": "0" * 40} for one in found]
        info = {
            "_id": "1",
            "id": f"bench/{name}",
            "sha": COMMIT,
            "siblings": [{"rfilename": e["path"]} for e in entries],
        }
        for entry in entries:
            sha256 = self.digests[f"{name}/{entry['path']}"]
            entry["lfs"] = {"oid": sha256, "size": entry["size"], "pointerSize": 130}
        (self.files / f"{name}.tree.json").write_text(json.dumps(entries))
        (self.files / f"{name}.info.json").write_text(json.dumps(info))


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _await(port: int) -> None:
    for _ in range(200):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise SystemExit("nginx did not start; is it installed?")


def _make_certificate(folder: Path) -> None:
    if not (folder / "cert.pem").exists():
        command = (
            "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
        )
        subprocess.run(
            [*command.split(), "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
            check=True,
            capture_output=True,
            env={**os.environ},
        )
