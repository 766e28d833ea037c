"""A library of many sparse models: the first scan, the next one, pages with counts, and what the service weighs.

Headers are made by each architecture's own rules (`tests/library/identify`), with metadata of their own, so
that no two are alike; LoRAs of several ranks are most of them, as on people's disks. Weights are holes.
"""

from __future__ import annotations

import contextlib
import http.server
import itertools
import json
import os
import random
import statistics
import struct
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from yard import Yard, running

from modelyard.values.categories import CATEGORIES

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

MODELS = 100_000
_BYTES = {"F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1}
_QUESTIONS: list[dict[str, Any]] = [
    {},
    {"kind": "lora"},
    {"kind": "lora", "family": "sdxl", "sort": "size", "descending": "true"},
    {"family": ["flux1", "sd15"], "sort": "added", "descending": "true"},
    {"text": "style"},
    {"text": "flux portrait", "kind": "lora", "sort": "modified"},
    {"text": "s"},
    {"kind": "vae", "sort": "size"},
    {"health": "unverified", "dtype": "BF16"},
    {"tag": "style", "kind": "lora"},
    {"exclude": ["tag:style", "kind:vae"]},
    {"place": "d007"},
    {"without": "preview", "sort": "added", "descending": "true"},
]
_TAGS = 2000
_COMMON = list(itertools.accumulate(1 / (place + 8) for place in range(_TAGS)))
"""The tenth tag is six times as common as the hundredth: few are on many models, most on few."""


def make(folder: Path, count: int) -> int:
    """Write the library; gives the bytes of all headers."""
    dice, shapes = random.Random(11), list(_shapes())
    words = [
        "style",
        "portrait",
        "anime",
        "photo",
        "detail",
        "light",
        "hero",
        "forest",
        "city",
        "dream",
        "retro",
        "ink",
    ]
    weights = [weight for weight, _, _ in shapes]
    written = 0
    for number in range(count):
        _, text, size = dice.choices(shapes, weights)[0]
        name = f"{dice.choice(words)}_{dice.choice(words)}_v{number}"
        head = ('{"__metadata__":' + json.dumps({"ss_output_name": name, "id": str(number)}) + "," + text).encode()
        head += b" " * (-len(head) % 8)
        path = folder / f"d{number % 400:03}" / f"{name}.safetensors"
        if number < 400:
            path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(struct.pack("<Q", len(head)) + head)
            file.truncate(8 + len(head) + size)
        written += len(head)
    return written


def describe(folder: Path) -> None:
    """Lay a hub's facts beside each model: a name, and up to twenty tags."""
    dice = random.Random(12)
    tags = [*sorted(CATEGORIES), *(f"tag {number}" for number in range(len(CATEGORIES), _TAGS))]
    for number, path in enumerate(sorted(folder.rglob("*.safetensors"))):
        chosen = list(dict.fromkeys(dice.choices(tags, cum_weights=_COMMON, k=dice.randrange(21))))
        told = {"id": number, "modelId": number, "model": {"name": path.stem.replace("_", " "), "tags": chosen}}
        path.with_suffix(".civitai.info").write_text(json.dumps(told))


def _shapes() -> Iterator[tuple[int, str, int]]:
    """How common a structure is, its header without the first brace, and the bytes of its weights."""
    from library.identify import cases, made

    for _, header in cases.MODELS.values():
        yield 1, *_text({name: (tensor.dtype, tensor.shape) for name, tensor in header.tensors.items()})
    modules = {
        "sdxl": [
            (f"lora_unet_output_blocks_{a}_1_transformer_blocks_{b}_{c}", 1280, 1280)
            for a in range(6)
            for b in range(10)
            for c in ("attn1_to_q", "attn1_to_k", "attn2_to_q", "ff_net_2")
        ],
        "flux1": [(f"lora_unet_double_blocks_{a}_img_attn_{b}", 3072, 3072) for a in range(19) for b in ("qkv", "proj")]
        + [(f"lora_unet_single_blocks_{a}_linear1", 3072, 12288) for a in range(38)],
        "wan": [
            (f"diffusion_model.blocks.{a}.{b}_attn.{c}", 5120, 5120)
            for a in range(40)
            for b in ("self", "cross")
            for c in "qkvo"
        ],
    }
    for family in modules.values():
        for rank in (4, 8, 16, 32, 64, 128):
            pairs = made.lora(family, rank)
            yield 8, *_text({name: ("F16", shape) for name, shape in pairs})


def _text(tensors: dict[str, tuple[str, tuple[int, ...]]]) -> tuple[str, int]:
    told, at = {}, 0
    for name, (dtype, shape) in tensors.items():
        size = _BYTES.get(dtype, 2)
        for edge in shape:
            size *= edge
        told[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    return json.dumps(told, separators=(",", ":"))[1:], at


def bench(disk: Path, count: int = MODELS) -> int:
    """Run it and print a table; 1 when a bar is missed."""
    root = disk / "models"
    root.mkdir()
    begun = time.perf_counter()
    heads = make(root, count)
    made = time.perf_counter() - begun
    print(f"{count:,} models made in {made:.0f} s, {heads / count / 1000:.0f} kB a header")
    _warm(root)
    with running(disk / "yard", **{"library.watch": False, "library.measure": False}) as yard:
        yard.ask("PUT", "/roots", {"path": str(root), "folder": "loras"})
        first = scanned(yard)
        alone = min(scanned(yard)["seconds"] for _ in range(3))
        describe(root)
        print(f"{count / scanned(yard)['seconds']:,.0f} models/s when each got tags beside it")
        again = min(scanned(yard)["seconds"] for _ in range(3))
        pages = [_page(yard, question) for _ in range(25) for question in _QUESTIONS]
        changed = [_page(yard, _QUESTIONS[turn % 3]) for turn, _ in enumerate(_changes(yard))]
        landed = [_page(yard, _QUESTIONS[turn % 3]) for turn in _landed(yard, root)]
        while_scanning = _while_scanning(yard)
        rows = [
            ("making the sparse library (s)", made, 60.0 * count / MODELS, -1),
            ("first scan (files/s)", count / first["seconds"], 2000.0, 1),
            ("scan of the unchanged library (s)", alone, 3.0 * count / MODELS, -1),
            ("the same with as many sidecars (s)", again, 3.0 * count / MODELS, -1),
            ("page with counts (ms, median)", 1000 * statistics.median(pages), 50.0, -1),
            ("page with counts (ms, p99)", _p99(pages), 50.0, -1),
            ("the same right after a change (ms, p99)", _p99(changed), 50.0, -1),
            ("the same when a download has landed (ms, p99)", _p99(landed), 50.0, -1),
            ("the same while a scan writes (ms, median)", 1000 * statistics.median(while_scanning), 50.0, -1),
            ("memory of the service (MB)", yard.peak, 300.0, -1),
        ]
    return table(rows)


def _p99(seconds: list[float]) -> float:
    """Milliseconds."""
    return 1000 * statistics.quantiles(seconds, n=100)[98]


def table(rows: list[tuple[str, float, float, int]]) -> int:
    """Print name, value and bar; 1 when a bar is missed. The sign says whether more (1) or less is better."""
    missed = 0
    for name, value, bar, sign in rows:
        held = value >= bar if sign > 0 else value <= bar
        missed += not held
        print(f"{name:42} {value:10.1f}   bar {bar:8.1f}   {'held' if held else 'MISSED'}")
    return 1 if missed else 0


def _warm(root: Path) -> None:
    """Read every header once; what is read ahead behind them would push the first ones out again."""
    for path in root.rglob("*.safetensors"):
        fd = os.open(path, os.O_RDONLY)
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
        os.pread(fd, int.from_bytes(os.pread(fd, 8, 0), "little"), 8)
        os.close(fd)


def scanned(yard: Yard) -> dict[str, Any]:
    """Scan all roots; gives what the task tells."""
    return dict(_ended(yard, yard.ask("POST", "/library/scan", {})["id"], 0.05)["result"])


def _changes(yard: Yard, rounds: int = 30) -> Iterator[int]:
    """Change one model after the other; gives its number as soon as that is done."""
    ids = [model["id"] for model in yard.ask("GET", f"/models?limit={2 * rounds}&sort=added")["models"]]
    for turn, (liked, renamed) in enumerate(zip(ids[:rounds], ids[rounds:], strict=True)):
        yard.ask("PATCH", f"/models/{liked}", {"favourite": True, "tags": [f"mine {turn}"]})
        yield liked
        yard.ask("POST", f"/models/{renamed}/rename", {"name": f"renamed {turn}"})
        yield renamed


class _Source(http.server.BaseHTTPRequestHandler):
    """A small model of its own for each name."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        tensor = {"dtype": "F16", "shape": [1], "data_offsets": [0, 2]}
        head = json.dumps({"__metadata__": {"name": self.path}, "a": tensor})
        body = struct.pack("<Q", len(head)) + head.encode() + b"xx"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def _landed(yard: Yard, root: Path, rounds: int = 30) -> Iterator[int]:
    """Fetch one model after the other into the library; gives its turn as soon as its task is done."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Source)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with contextlib.closing(server.socket):
        for turn in range(rounds):
            address = f"http://127.0.0.1:{server.server_port}/landed-{turn}.safetensors"
            added = yard.ask("POST", "/tasks", {"addresses": [address], "shared": {"to": f"{root}/d000/"}})
            _ended(yard, added["ids"][0], 0.005)
            yield turn
        server.shutdown()


def _ended(yard: Yard, number: int, pause: float) -> dict[str, Any]:
    """Wait for a task; gives it."""
    while True:
        task = dict(yard.ask("GET", f"/tasks/{number}"))
        if task["state"] in ("done", "failed", "cancelled"):
            assert task["state"] == "done", task
            return task
        time.sleep(pause)


def _page(yard: Yard, question: dict[str, Any]) -> float:
    """Seconds for a page and its counts, as the page of a browser asks for them (`web/src/models/queries.ts`)."""
    counted = {name: value for name, value in question.items() if name not in ("sort", "descending")} | {"tags": "true"}
    asked = {"sort": "title", "descending": "false"} | question | {"offset": 0, "limit": 200}
    begun = time.perf_counter()
    yard.ask("GET", f"/models?{urlencode(asked, doseq=True)}")
    yard.ask("GET", f"/models/facets?{urlencode(counted, doseq=True)}")
    return time.perf_counter() - begun


def _while_scanning(yard: Yard) -> list[float]:
    """The same, once in a tenth of a second, while every head is read and written again."""
    number, pages = yard.ask("POST", "/library/scan", {"deep": True})["id"], []
    while len(pages) < 200 and yard.ask("GET", f"/tasks/{number}")["state"] not in ("done", "failed", "cancelled"):
        pages.append(_page(yard, _QUESTIONS[len(pages) % len(_QUESTIONS)]))
        time.sleep(0.1)
    yard.ask("POST", "/tasks/actions", {"do": "cancel", "ids": [number]})
    return pages
