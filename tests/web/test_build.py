"""The page's own tests, and what its build must keep."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys

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
