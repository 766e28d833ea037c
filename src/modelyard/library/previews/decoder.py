"""The parent's side of decoding: a few limited children that live on, killed when one takes too long.

Callers are threads. Starting a child takes 0.15 s, a thumbnail 10 ms; so children are kept.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from modelyard.errors import PreviewRefused
from modelyard.library.limited import started
from modelyard.library.previews.child import FRAME, SECONDS

_MOST_REQUESTS = 500
_MOST_FACTS, _MOST_BYTES = 1 << 16, 64 << 20


class Decoder:
    """Decodes, shrinks and draws pictures in limited processes.

    Every method may raise `PreviewRefused`: the picture is none, broken, too large or takes too long.
    """

    def __init__(self, children: int = 2, *, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._slots: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(children):
            self._slots.put(None)
        self._children = children

    def __enter__(self) -> Decoder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def recode(self, data: bytes, form: str = "png") -> bytes:
        """See `pictures.recoded`."""
        return self._ask({"do": "recode", "form": form}, data)

    def thumbnail(self, data: bytes, width: int, form: str = "webp") -> bytes:
        """See `pictures.thumbnail`."""
        return self._ask({"do": "thumbnail", "width": width, "form": form}, data)

    def still(self, video: Path, width: int, form: str = "webp") -> bytes:
        """See `stills.still`."""
        return self._ask({"do": "still", "path": str(video.absolute()), "width": width, "form": form}, b"")

    def cover(self, model: Path, width: int = 0, form: str = "webp") -> bytes:
        """The picture in a model's header, of at most this width; 0 is as large as previews are."""
        return self._ask({"do": "cover", "path": str(model.absolute()), "width": width, "form": form}, b"")

    def placeholder(self, name: str, kind: str, width: int, form: str = "webp") -> bytes:
        """See `placeholder.drawn`; the same name and kind give the same bytes."""
        return self._ask(
            {"do": "placeholder", "name": name[:200], "kind": kind[:40], "width": width, "form": form}, b""
        )

    def close(self) -> None:
        """End the children, once those at work are done."""
        for _ in range(self._children):
            child = self._slots.get()
            if child is not None:
                child.end()
        for _ in range(self._children):
            self._slots.put(None)

    def _ask(self, request: dict[str, Any], data: bytes) -> bytes:
        child = self._slots.get()
        try:
            if child is not None and child.worn_out():
                child.end()
                child = None
            child = child or _Child()
            told, out = child.ask(request, data, self._seconds)
        except (OSError, EOFError, ValueError) as error:
            _end(child)
            child = None
            raise PreviewRefused("The picture cannot be decoded: it takes too long or too much memory.") from error
        except BaseException:  # interrupted between question and answer: it must not answer the next one
            _end(child)
            child = None
            raise
        finally:
            self._slots.put(child)
        if told.get("ok") is not True:
            raise PreviewRefused(f"The picture cannot be used: {str(told.get('why'))[:200]}.")
        return out


def _end(child: _Child | None) -> None:
    if child is not None:
        child.end()


class _Child:
    """One limited process; asked by one thread at a time."""

    def __init__(self) -> None:
        self._process = started("modelyard.library.previews.child")
        self._asked = 0
        self._killed = False

    def worn_out(self) -> bool:
        """Whether it is better replaced: dead, or asked often enough for leaks to matter."""
        return self._killed or self._process.poll() is not None or self._asked >= _MOST_REQUESTS

    def ask(self, request: dict[str, Any], data: bytes, seconds: float) -> tuple[dict[str, Any], bytes]:
        """One answer.

        Raises:
            OSError: It died.
            EOFError: It died or was killed for taking too long.
            ValueError: Its answer makes no sense.
        """
        self._asked += 1
        clock = threading.Timer(seconds, self._kill)
        clock.daemon = True
        clock.start()
        try:
            return self._talk(json.dumps(request).encode(), data)
        finally:
            clock.cancel()

    def _talk(self, told: bytes, data: bytes) -> tuple[dict[str, Any], bytes]:
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(FRAME.pack(len(told), len(data)) + told)
        stdin.write(data)
        stdin.flush()
        facts_length, length = FRAME.unpack(self._exactly(FRAME.size))
        if facts_length > _MOST_FACTS or length > _MOST_BYTES:
            raise ValueError("an answer that is too long")
        facts = json.loads(self._exactly(facts_length))
        return facts if isinstance(facts, dict) else {}, self._exactly(length)

    def _exactly(self, size: int) -> bytes:
        stdout = self._process.stdout
        assert stdout is not None
        data = stdout.read(size)
        if len(data) != size:
            raise EOFError
        return data

    def end(self) -> None:
        """Kill it, with what it started, and let go of its pipes."""
        self._kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what was not written yet has no reader
                    pipe.close()

    def _kill(self) -> None:
        self._killed = True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform != "win32" and self._process.returncode is None:
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
