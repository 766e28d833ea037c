"""The programs we are compared with, each told to do its best and, where it can, to check the hash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "modelyard-bench"
HUB_VERSION = "2.4.0"


@dataclass(frozen=True)
class File:
    """One file to fetch: where it is, what it is called and what it hashes to."""

    url: str
    name: str
    sha256: str


def ours(files: Sequence[File], out: Path, *, hashes: Path) -> list[str]:
    """Modelyard; for one file its hash is given, for many the list is enough: it measures each."""
    base = [sys.executable, "-m", "modelyard", "get", "--quiet"]
    if len(files) == 1:
        return [*base, files[0].url, "--to", str(out / files[0].name), "--sha256", files[0].sha256]
    return [*base, "--from-file", str(hashes), "--to", f"{out}/"]


def aria2(files: Sequence[File], out: Path, *, lists: Path, connections: int = 16) -> list[str]:
    """aria2c with sixteen connections a file, or sixteen files at once, and its checksum option."""
    lines = []
    for file in files:
        lines += [file.url, f"  out={file.name}", f"  checksum=sha-256={file.sha256}"]
    lists.write_text("\n".join(lines) + "\n")
    many = ["-j16"] if len(files) > 16 else [f"-j{len(files)}"]
    wide = [f"-x{connections}", f"-s{connections}"] if len(files) == 1 else []
    return [
        "aria2c",
        "-q",
        "--check-certificate=false",
        "--allow-overwrite=true",
        *many,
        *wide,
        "-d",
        str(out),
        "-i",
        str(lists),
    ]


def curl(files: Sequence[File], out: Path, *, lists: Path) -> list[str]:
    """curl, sixteen files at once where there are many, then sha256sum."""
    lists.write_text("".join(f'url = "{file.url}"\noutput = "{out / file.name}"\n' for file in files))
    many = "-Z --parallel-max 16" if len(files) > 1 else ""
    return _then_hashed(f"curl -sSkf {many} -K '{lists}'", files, out, lists)


def wget(files: Sequence[File], out: Path, *, lists: Path) -> list[str]:
    """wget, one file after the other, then sha256sum."""
    lists.write_text("".join(f"{file.url}\n" for file in files))
    return _then_hashed(f"wget -q --no-check-certificate -P '{out}' -i '{lists}'", files, out, lists)


def _then_hashed(command: str, files: Sequence[File], out: Path, lists: Path) -> list[str]:
    sums = lists.with_suffix(".sha256")
    sums.write_text("".join(f"{file.sha256}  {out / file.name}\n" for file in files))
    return ["sh", "-c", f"{command} && sha256sum -c --quiet '{sums}'"]


def hub_client() -> Path | None:
    """`hf` of huggingface_hub in an environment of its own; None when it cannot be installed."""
    place = CACHE / f"hf-{HUB_VERSION}"
    program = place / "bin" / "hf"
    if not program.exists():
        venv.create(place, with_pip=True, clear=True)
        install = [str(place / "bin" / "pip"), "install", "-q", f"huggingface_hub=={HUB_VERSION}"]
        if subprocess.run(install, capture_output=True).returncode != 0:
            shutil.rmtree(place, ignore_errors=True)
            return None
    return program


def hub_environment(endpoint: str, home: Path) -> dict[str, str]:
    """What keeps `hf` at our server and its telemetry at home."""
    return {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "no_proxy": "*",
    }
