"""A library for tests: small true safetensors files below a root of a fresh data folder."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modelyard.app import App
from modelyard.jobs.scan import Scan, Scanned
from modelyard.library.roots.entries import Entry
from modelyard.net.stop import Stop


def model(path: Path, seed: int = 0, **metadata: str) -> Path:
    """A small LoRA with the kind of names that SDXL's have."""
    path.parent.mkdir(parents=True, exist_ok=True)
    name = "lora_unet_output_blocks_5_1_transformer_blocks_0_ff_net_2"
    tensors = {f"{name}.lora_down.weight": ("F16", (8, 2560)), f"{name}.lora_up.weight": ("F16", (640, 8))}
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    at = 0
    for key, (dtype, shape) in tensors.items():
        size = 2 * shape[0] * shape[1]
        header[key] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes([seed % 256]) * at)
    return path


@contextmanager
def library(folder: Path, **environ: str) -> Iterator[tuple[App, Path]]:
    """An App whose one root is `folder / loras`."""
    root = folder / "loras"
    root.mkdir(exist_ok=True)
    with App({"MODELYARD_HOME": str(folder / "yard"), **environ}) as app:
        app.stock.entries.keep(Entry(path=str(root), folder="loras"))
        yield app, root


def flip(path: Path, at: int = -1) -> None:
    """Change one byte, the last one, behind everybody's back: size and time stay."""
    before = path.stat()
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(raw)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def later(app: App, days: float) -> None:
    """It is so many days later than it was."""
    wall = app.stock.wall
    app.stock.wall = app.stock.catalogue.wall = lambda: wall() + days * 86400


def scanned(app: App, **how: bool) -> Scanned:
    """Scan everything."""
    return Scan(app.stock, Stop(), **how).run()
