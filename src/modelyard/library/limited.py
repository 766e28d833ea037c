"""Child processes that read what strangers made: none of our keys, nothing of the current folder, bounded.

A folder that somebody cloned may hold a `msgspec.py`; a child that looked there for its modules would run it.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

from modelyard.library.idle_disk import as_always

_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from importlib import import_module; import_module(sys.argv[2]).serve()"
)
_KEPT = ("SYSTEMROOT", "PATH", "TEMP", "TMP")  # Windows cannot start without; nothing else goes there, no keys
_OPEN_FILES = 64


def started(module: str) -> subprocess.Popen[bytes]:
    """A child that calls `serve` of a module of ours; it is asked and answers over its pipes.

    Raises:
        OSError: No process can be started.
    """
    ours = [path for path in sys.path if Path(path).is_absolute()]  # "" would be the current folder
    return subprocess.Popen(  # noqa: S603  # our own interpreter and module
        [sys.executable, "-I", "-B", "-c", _START, json.dumps(ours), module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
        start_new_session=True,
    )


def limit(memory: int) -> None:
    """Bound this process: bytes of address space, no file written, few open, no core left behind.

    Windows has no such limits; there the parent's clock and the readers' own counts hold.
    """
    if sys.platform == "win32":
        return
    as_always()
    import resource

    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS knows some of them by name only
            resource.setrlimit(what, (most, most))
