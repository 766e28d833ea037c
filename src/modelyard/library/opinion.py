"""What picklescan says of a pickle, for a person to read beside our own verdict; with `modelyard[picklescan]`.

It decides nothing here: of 73 hostile pickles it called 14 clean. It runs in a limited child, as our own readers do.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

from modelyard.library.limited import limit, started

_MOST_MEMORY = 1 << 30
_SECONDS = 60.0
_LONGEST = 10_000


def opinion(path: Path, suffix: str) -> str:
    """One sentence; empty where picklescan is not installed.

    Args:
        suffix: The file's own, whatever it is called now.
    """
    if importlib.util.find_spec("picklescan") is None:
        return ""
    name = f"picklescan {importlib.metadata.version('picklescan')}"
    asked = json.dumps([str(path.absolute()), suffix]).encode()
    with started(__name__) as child:
        try:
            told, _ = child.communicate(asked, _SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            return f"{name} did not finish within {_SECONDS:.0f} seconds."
    return f"{name} {_sentence(told)}"


def _sentence(told: bytes) -> str:
    try:
        dangerous, suspicious, failed = json.loads(told[:_LONGEST])
    except ValueError:  # it ended without a word, or with too many
        return "could not read it."
    if dangerous or suspicious:
        return f"finds {int(dangerous)} dangerous and {int(suspicious)} suspicious names."
    return "could not read it." if failed else "finds nothing, which proves nothing."


def serve() -> None:
    """In the child: scan the file that the input names, and say what was found."""
    limit(_MOST_MEMORY)
    from picklescan.scanner import scan_bytes

    path, suffix = json.load(sys.stdin)
    with open(path, "rb") as file:
        found = scan_bytes(file, path, suffix)
    json.dump([found.issues_count, found.suspicious_count, found.scan_err], sys.stdout)
