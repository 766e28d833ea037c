"""The process that decodes: limited in memory, processor time and files, and asked over a pipe.

A request is two lengths, JSON and bytes; so is an answer. It ends when its parent does.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from typing import Any

from modelyard.library.limited import limit

MEMORY = 1 << 30
SECONDS = 10
FRAME = struct.Struct(">II")


def serve() -> None:
    """Answer requests until the parent closes the pipe."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no answer
    limit(MEMORY)
    from modelyard.library.previews import pictures

    requests = sys.stdin.buffer
    facts: dict[str, object]
    while head := requests.read(FRAME.size):
        told, data = (requests.read(length) for length in FRAME.unpack(head))
        _more_time()
        try:
            facts, out = {"ok": True}, _answer(json.loads(told), data)
        except pictures.Refused as error:
            facts, out = {"ok": False, "why": str(error)}, b""
        except Exception as error:  # noqa: BLE001  # one hostile picture must not cost the next one a new child
            facts, out = {"ok": False, "why": f"it cannot be made smaller ({type(error).__name__})"}, b""
        shown = json.dumps(facts).encode()
        answers.write(FRAME.pack(len(shown), len(out)) + shown + out)
        answers.flush()


def _answer(request: dict[str, Any], data: bytes) -> bytes:
    from modelyard.library.previews import pictures

    match request["do"]:
        case "recode":
            return pictures.recoded(data, request["form"])
        case "thumbnail":
            return pictures.thumbnail(data, request["width"], request["form"])
        case "still":
            from modelyard.library.previews import stills

            return stills.still(request["path"], request["width"], request["form"])
        case "cover":
            from modelyard.library.previews import embedded

            picture = embedded.of_file(request["path"])
            if picture is None:
                raise pictures.Refused("it holds no picture")
            if request["width"]:
                return pictures.thumbnail(picture, request["width"], request["form"])
            return pictures.recoded(picture, request["form"])
        case "placeholder":
            from modelyard.library.previews import placeholder

            drawn = placeholder.drawn(request["name"], request["kind"], request["width"])
            return pictures.encoded(drawn, request["form"])
    raise pictures.Refused("nobody knows how to do that")


def _more_time() -> None:
    """Let the next request have its own seconds of the processor."""
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    most = int(used.ru_utime + used.ru_stime) + SECONDS + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
