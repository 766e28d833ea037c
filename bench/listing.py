"""The same folder of LoRAs listed by us, by ComfyUI-Lora-Manager and by ComfyUI itself, each from its own checkout.

Lora-Manager hashes every file before it lists it, so the files are small; we measure hashes later, and are given the
same page of fifty that its own page asks for. ComfyUI has no pages: it tells every name at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

from shelves import _warm, scanned
from yard import running

MODELS = 10_000
_WORDS = ("style", "portrait", "anime", "photo", "detail", "light", "hero", "forest", "city", "dream")
_THEIRS = [
    {},
    {"sort_by": "name:desc"},
    {"sort_by": "size:desc"},
    {"search": "anime"},
    {"search": "hero_7"},
    {"base_model": "SDXL 1.0"},
    {"folder": "dream"},
    {"page": 100},
]
_OURS = [
    {},
    {"sort": "title", "descending": "true"},
    {"sort": "size", "descending": "true"},
    {"text": "anime"},
    {"text": "hero 7"},
    {"family": "sdxl"},
    {"text": "dream"},
    {"offset": 4950},
]
_COMFY = """
import sys, time, types, json
args = types.SimpleNamespace(base_directory=None, models_directory=None)
sys.modules["comfy"] = types.ModuleType("comfy")
sys.modules["comfy.cli_args"] = types.SimpleNamespace(args=args)
sys.path.insert(0, sys.argv[1])
import folder_paths
folder_paths.folder_names_and_paths["loras"] = ([sys.argv[2]], {".safetensors"})
def once():
    begun = time.perf_counter()
    names = folder_paths.get_filename_list("loras")
    json.dumps(names)
    return time.perf_counter() - begun, len(names)
print(json.dumps([once() for _ in range(20)]))
"""


def make(folder: Path, count: int) -> None:
    """Small true LoRAs, in ten folders."""
    dice = random.Random(5)
    for number in range(count):
        head: dict[str, object] = {}
        at = 0
        for block in range(6):
            for part, shape in (("lora_down", (4, 320)), ("lora_up", (320, 4))):
                name = f"lora_unet_down_blocks_{block}_attentions_0_proj_in.{part}.weight"
                head[name] = {"dtype": "F16", "shape": shape, "data_offsets": [at, at + 2560]}
                at += 2560
        base = dice.choice(("sdxl_base_v1-0", "sd_v1"))
        head["__metadata__"] = {"ss_base_model_version": base, "ss_output_name": f"m{number}"}
        text = json.dumps(head).encode()
        place = folder / dice.choice(_WORDS)
        place.mkdir(parents=True, exist_ok=True)
        body = struct.pack("<Q", len(text)) + text + dice.randbytes(at)
        (place / f"{dice.choice(_WORDS)}_{number}.safetensors").write_bytes(body)


def bench(disk: Path, lora_manager: Path | None, comfy: Path | None, count: int = MODELS) -> int:
    """Run it and print a table of medians and slowest hundredths; peers that are not given are left out."""
    root = disk / "models"
    make(root, count)
    _warm(root)
    rows = [("Modelyard", *_ours(disk, root))]
    if lora_manager:
        rows.append(("Lora-Manager", *_lora_manager(disk, root, lora_manager, count)))
    if comfy:
        rows.append(("ComfyUI", *_comfy(root, comfy, count)))
    first, second = rows[0][1], rows[0][2]
    print(f"{'':14} {'first list (s)':>15} {'page (ms)':>10} {'p99 (ms)':>10}   ratio of first list, of page")
    for name, begin, page, slow in rows:
        print(f"{name:14} {begin:15.1f} {page:10.1f} {slow:10.1f}   {begin / first:.2f}  {page / second:.2f}")
    return 0


def _ours(disk: Path, root: Path) -> tuple[float, float, float]:
    with running(disk / "yard", **{"library.watch": False, "library.measure": False}) as yard:
        yard.ask("PUT", "/roots", {"path": str(root), "folder": "loras"})
        begin = scanned(yard)["seconds"]
        asked = [f"/models?{urlencode(one | {'limit': 50})}" for one in _OURS]
        return begin, *_timed(lambda path: yard.ask("GET", path), asked)


def _timed(ask: Callable[[str], object], paths: list[str]) -> tuple[float, float]:
    """Median and slowest hundredth of twenty rounds, in milliseconds."""
    taken = []
    for path in paths * 20:
        begun = time.perf_counter()
        ask(path)
        taken.append(1000 * (time.perf_counter() - begun))
    return statistics.median(taken), statistics.quantiles(taken, n=100)[98]


def _lora_manager(disk: Path, root: Path, checkout: Path, count: int) -> tuple[float, float, float]:
    """Its stand-alone server, on a copy of the models, since it writes beside each of them.

    Args:
        checkout: With an environment `.venv` that has its requirements.
    """
    copy, program = disk / "copy", disk / "lora-manager"
    shutil.copytree(root, copy)
    shutil.copytree(checkout, program, ignore=shutil.ignore_patterns(".venv", ".git", "cache", "settings.json"))
    _warm(copy)
    places = {"loras": [str(copy)], "checkpoints": [str(disk / "none")], "embeddings": [str(disk / "none")]}
    (disk / "none").mkdir()
    settings = {"use_portable_settings": True, "civitai_api_key": "", "folder_paths": places}
    (program / "settings.json").write_text(json.dumps(settings))
    python = checkout / ".venv" / "bin" / "python"
    with _served([str(python), "standalone.py", "--host", "127.0.0.1", "--port"], program) as url:
        begun = time.perf_counter()
        while _asked(f"{url}/list?page_size=50").get("total") != count:
            time.sleep(0.1)
        begin = time.perf_counter() - begun
        asked = [f"{url}/list?{urlencode({'page': 1, 'page_size': 50} | one)}" for one in _THEIRS]
        return begin, *_timed(_asked, asked)


@contextlib.contextmanager
def _served(command: list[str], folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "HOME": str(folder)}
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([*command, str(port)], cwd=folder, env=environment, stdout=quiet, stderr=quiet)
    try:
        yield f"http://127.0.0.1:{port}/api/lm/loras"
    finally:
        process.terminate()
        process.wait()


def _asked(url: str) -> dict[str, object]:
    try:
        with urllib.request.urlopen(url) as answer:
            found: dict[str, object] = json.load(answer)
            return found
    except (urllib.error.URLError, ConnectionError):  # it is still starting
        return {}


def _comfy(root: Path, checkout: Path, count: int) -> tuple[float, float, float]:
    """Its own function for names: the first call walks, the next ones look at the folders' times."""
    out = subprocess.run(
        [sys.executable, "-c", _COMFY, str(checkout), str(root)], capture_output=True, text=True, check=True
    )
    taken = json.loads(out.stdout)
    assert taken[0][1] == count
    again = [1000 * seconds for seconds, _ in taken[1:]]
    return taken[0][0], statistics.median(again), max(again)
