"""Workflows by REST: the body is the file."""

from __future__ import annotations

import json
import struct
import zlib

from server.serving import API, Served

PROMPT = {"1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "inkwash.safetensors"}}}


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture(prompt: str) -> bytes:
    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    told = b"prompt\0" + prompt.encode()
    parts = [(b"IHDR", head), (b"tEXt", told), (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


def test_a_picture_and_its_workflow_need_the_same(service: Served) -> None:
    told = [
        service.ask("POST", f"{API}/workflows/plan", body, Content_Type=kind)
        for body, kind in [
            (picture(json.dumps(PROMPT)), "application/octet-stream"),
            (json.dumps(PROMPT).encode(), "application/json"),
        ]
    ]
    assert [got.status for got in told] == [200, 200]
    assert [[row["name"] for row in got.json["needed"]] for got in told] == [["inkwash.safetensors"]] * 2
    assert [got.json["container"] for got in told] == ["png", "json"]
    assert told[0].json["needed"][0]["directory"] == "checkpoints"


def test_a_file_without_one_is_refused_in_words(service: Served) -> None:
    for body in (b"", b"\x89PNG\r\n\x1a\n", b"{}", b"\0" * 1000, b"[" * 100_000):
        got = service.ask("POST", f"{API}/workflows/plan", body, Content_Type="application/octet-stream")
        assert (got.status, got.code) == (422, "no-workflow")


def test_no_form_can_send_one(service: Served) -> None:
    for kind in ("application/octet-stream", "text/plain"):
        got = service.ask("POST", f"{API}/workflows/plan", b"{}", token=None, Content_Type=kind)
        assert got.code in ("token-needed", "wrong-media-type")
