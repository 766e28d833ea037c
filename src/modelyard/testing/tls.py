"""A certificate authority of the hub's own, made at start by the openssl program."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

_NAMES = "subjectAltName=IP:127.0.0.1,IP:127.0.0.2,DNS:localhost,DNS:civitai.com,DNS:civitai.red,DNS:civitai.green"
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def make_authority(folder: Path) -> Path:
    """Write ``ca.pem``, and ``leaf.pem`` with ``leaf.key`` signed by it; returns the first's path."""
    ca, ca_key, leaf, leaf_key = (folder / name for name in ("ca.pem", "ca.key", "leaf.pem", "leaf.key"))
    usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
    _openssl("req", "-x509", *_KEY, "-days", "30", "-subj", "/CN=Practice CA", *usage, "-keyout", ca_key, "-out", ca)
    signed = ("-CA", ca, "-CAkey", ca_key, "-days", "30", "-subj", "/CN=practice", "-addext", _NAMES)
    roles = ("-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth")
    _openssl("req", "-x509", *_KEY, *signed, *roles, "-keyout", leaf_key, "-out", leaf)
    return ca


def server_context(folder: Path) -> ssl.SSLContext:
    """A context that shows the leaf of `make_authority`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "leaf.pem", folder / "leaf.key")
    return context


def _openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
