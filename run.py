#!/usr/bin/env python3
"""Set up and start Modelyard with nothing but Python 3.11 or newer.

python3 run.py              make .venv and install when needed, then start the service and open its page
python3 run.py ...          the same, then run `modelyard ...`
python3 run.py test ...     run every test (arguments go to pytest)
python3 run.py check        ruff, mypy and the import rule
python3 run.py pictures     draw every page into docs/pictures (needs Chromium); `pictures comfyui`: our sidebar there
python3 run.py bench NAME   measure ourselves against others (see bench/)

MODELYARD_EXTRAS=xet,notify python3 run.py ...   installs these extras of pyproject.toml too, and from then on
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from pathlib import Path

from web.build import digest

HERE = Path(__file__).resolve().parent
VENV = Path(os.environ.get("MODELYARD_VENV", HERE / ".venv"))
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
EXTRAS = ("keyring", "socks", "zstd")
"""What everybody gets: keys in a safe place, proxies, archives. docs/using.md says why not the others."""
NEEDED = (3, 11)
FRONT_ENDS = ("1.49.6", "1.58.1")
"""Versions of ComfyUI's front end that the tests of our extension click in; 50 MB, fetched once."""
TOOLS = {"test": ("test",), "check": ("check", "test"), "bench": ("test",), "pictures": ("test",)}


def main() -> int:
    """Run what the command line says; the exit code is the program's own."""
    if sys.version_info < NEEDED:
        print(f"Python {NEEDED[0]}.{NEEDED[1]} or newer is needed, this is {sys.version.split()[0]}.", file=sys.stderr)
        return 1
    if sys.argv[1:2] in (["--help"], ["-h"]):
        print(__doc__)
        return 0
    command, rest = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("serve", ["--open"])
    groups = TOOLS.get(command, ())
    install(groups)
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    if command == "test" or rest[:1] == ["comfyui"]:
        fetch_front_ends()
    if command in ("test", "bench"):
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # thousands of processes would compile all of it anew
    if command == "test":
        return become([str(PYTHON), "-m", "pytest", *(rest or ["-n", "3", "--dist", "worksteal"])])
    if command == "check":
        return check()
    if command == "bench":
        return become([str(PYTHON), str(HERE / "bench" / "run.py"), *rest])
    if command == "pictures" and rest == ["comfyui"]:
        return become([str(PYTHON), str(HERE / "tests" / "comfyui" / "picture.py")])
    if command == "pictures":
        return become([str(PYTHON), str(HERE / "tests" / "web" / "pictures.py"), *rest])
    hold_back()
    return become([str(PYTHON), "-m", "modelyard", command, *rest])


def check() -> int:
    """Every check, all of them even when one fails."""
    import subprocess

    lint = subprocess.call([str(BIN / "ruff"), "check", "."], cwd=HERE)
    form = subprocess.call([str(BIN / "ruff"), "format", "--check", "."], cwd=HERE)
    types = subprocess.call([str(BIN / "mypy")], cwd=HERE)
    layers = subprocess.call([str(BIN / "lint-imports")], cwd=HERE)
    return max(lint, form, types, layers)


def install(groups: tuple[str, ...]) -> None:
    """Make the environment and install into it, unless the last time was for the same files."""
    chosen = extras()
    wanted = stamp(groups, chosen)
    kept = VENV / f"installed-{'-'.join(groups) or 'app'}"
    if kept.is_file() and kept.read_text() == wanted and PYTHON.exists():
        return
    if not PYTHON.exists():
        print("Making .venv and installing Modelyard; this happens once and takes a minute or two.", file=sys.stderr)
        make_environment()
    pip("install", "--upgrade", "pip>=25.1")
    pip(
        "install",
        "--editable",
        f"{HERE}[{','.join((*EXTRAS, *chosen))}]",
        *(part for group in groups for part in ("--group", group)),
    )
    (VENV / "extras").write_text(",".join(chosen))
    kept.write_text(wanted)


def extras() -> tuple[str, ...]:
    """What is installed besides `EXTRAS`: what MODELYARD_EXTRAS says, else what it said when it was there last."""
    said, kept = os.environ.get("MODELYARD_EXTRAS"), VENV / "extras"
    if said is None:
        said = kept.read_text() if kept.is_file() else ""
    chosen = sorted(set(said.replace(",", " ").split()) - set(EXTRAS))
    if chosen and not (kept.is_file() and kept.read_text() == ",".join(chosen)):
        import tomllib  # only to look at names that are new: a second start is quick

        known = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
        if strange := [name for name in chosen if name not in known]:
            print(f"There is no extra {strange[0]!r} in pyproject.toml, only {', '.join(known)}.", file=sys.stderr)
            raise SystemExit(2)
    return tuple(chosen)


def fetch_front_ends() -> None:
    """Have the wheels of ComfyUI's front end beside the environment; they are unpacked, never installed."""
    folder = VENV / "front-ends"
    for version in FRONT_ENDS:
        if not list(folder.glob(f"*-{version}-*.whl")):
            print(f"Fetching ComfyUI's front end {version}, which tests click in; this happens once.", file=sys.stderr)
            pip("download", "--no-deps", "--dest", str(folder), f"comfyui-frontend-package=={version}")


def stamp(groups: tuple[str, ...], chosen: tuple[str, ...]) -> str:
    """What an installation depends on."""
    page = digest().encode()
    asked = repr((groups, EXTRAS, chosen, sys.version_info[:2], str(HERE))).encode()
    parts = [(HERE / "pyproject.toml").read_bytes(), page, asked]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def make_environment() -> None:
    """A virtual environment; some systems split off what `venv` needs to bring pip along."""
    import subprocess

    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        print((error.stdout + error.stderr).strip(), file=sys.stderr)
        print("On Debian and Ubuntu: sudo apt install python3-venv. Then run the same line again.", file=sys.stderr)
        raise SystemExit(1) from error


def pip(*arguments: str) -> None:
    """Run pip in the environment, quietly; a failure ends the program with pip's own words."""
    import subprocess

    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    if subprocess.call(command, cwd=HERE) != 0:
        print("The installation failed; the lines above say why. Run the same line again to retry.", file=sys.stderr)
        raise SystemExit(1)


def hold_back() -> None:
    """Keep signals waiting until `modelyard.cli.starting` can answer: while it starts, Python has tracebacks only."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})


def become(command: list[str]) -> int:
    """Replace this process, so that signals and exit codes are the program's own."""
    if os.name != "nt":
        os.execv(command[0], command)
    import subprocess

    return subprocess.call(command)


if __name__ == "__main__":
    raise SystemExit(main())
