"""The page's own tests, and what its build must keep."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from modelyard.server.pages import FOLDER
from web.pages import WEB


@pytest.mark.slow
def test_the_pages_own_tests_pass() -> None:
    done = subprocess.run([sys.executable, str(WEB / "build.py"), "test"], capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_the_lock_file_has_every_platform_and_names_no_registry() -> None:
    """npm leaves out platform packages that its registry lacks; `npm ci` then fails everywhere else."""
    packages = json.loads((WEB / "package-lock.json").read_text())["packages"]
    names = {path.rpartition("node_modules/")[2] for path in packages}
    lacking = [name for told in packages.values() for name in told.get("optionalDependencies", {}) if name not in names]
    assert lacking == []
    assert not any("resolved" in told for told in packages.values())


def test_the_built_page_is_made_of_these_sources() -> None:
    asked = [sys.executable, "-c", "import sys; from web.build import fresh; sys.exit(not fresh())"]
    assert subprocess.call(asked, cwd=WEB.parent) == 0, "run: python3 web/build.py"


TOLD = """npm error code EAI_AGAIN
npm error syscall getaddrinfo
npm error request to https://registry.npmjs.org/vue failed, reason: getaddrinfo EAI_AGAIN registry.npmjs.org
npm error A complete log of this run can be found in: /home/me/.npm/_logs/1.log"""


def test_a_build_that_fails_says_why_in_one_line(tmp_path: Path) -> None:
    for name, says, code in (("node", "v24.0.0", 0), ("npm", TOLD, 1)):
        script = tmp_path / name
        script.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\nexit {code}\n")
        script.chmod(0o755)
    asked = [sys.executable, "-c", "from web.build import build; build(keep=True)"]
    env = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(asked, cwd=WEB.parent, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "`npm ci` failed: request to https://registry.npmjs.org/vue failed, reason: getaddrinfo EAI_AGAIN" in line


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("> build\nsrc/a.vue(3,1): error TS2304: Cannot find name 'x'.\nnpm error Lifecycle failed", "src/a.vue(3,1)"),
        ("npm error code E404\nnpm error 404 Not Found\nnpm error A complete log of this run", "404 Not Found."),
        ("first\nlast words", "last words."),
        ("", "it said nothing."),
    ],
)
def test_the_line_that_says_most_is_told(output: str, line: str) -> None:
    spec = importlib.util.spec_from_file_location("page_build", WEB / "build.py")
    assert spec and spec.loader
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    assert build.why(output).startswith(line)


@pytest.mark.slow
def test_a_wheel_brings_the_page_and_no_sources_of_it(tmp_path: Path) -> None:
    asked = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(asked, cwd=WEB.parent, check=True, capture_output=True, timeout=60)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        assert opened.read("modelyard/server/page/index.html") == (FOLDER / "index.html").read_bytes()
    assert any(re.match(r"modelyard/server/page/assets/begin-.*\.js", name) for name in names)
    assert not [name for name in names if name.endswith((".vue", ".ts")) or "node_modules" in name]


def test_first_paint_is_below_its_budget() -> None:
    index = (FOLDER / "index.html").read_text()
    first = set(re.findall(r"assets/([\w.-]+\.(?:js|css))", index))
    (words,) = FOLDER.glob("assets/en-*.js")
    (frame,) = FOLDER.glob("assets/begin-*.js")
    pages = [name.name for name in FOLDER.glob("assets/downloads-*.js")]
    files = needed({*first, words.name, frame.name, *pages})
    size = sum(len(gzip.compress((FOLDER / "assets" / name).read_bytes())) for name in files)
    assert 150_000 < size <= 250_000, (size, files)


def needed(files: set[str]) -> set[str]:
    """Files with all that they import, and so on."""
    reads = [(FOLDER / "assets" / name).read_text() for name in files if name.endswith(".js")]
    more = {name for text in reads for name in re.findall(r"""(?:from|import)\s*["'`]\./([\w.-]+\.js)""", text)} - files
    return needed(files | more) if more else files


def test_nothing_is_inline_and_nothing_comes_from_elsewhere() -> None:
    index = (FOLDER / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=", index)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", index)
