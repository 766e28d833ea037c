"""A thread that reads whole models in the background takes only the time of the disk that nobody else wants."""

from __future__ import annotations

import contextlib
import ctypes
import platform
import sys
from collections.abc import Iterator

_IDLE = 3 << 13
"""Linux's class of reads that wait for everybody else (linux/ioprio.h, IOPRIO_CLASS_IDLE)."""
_SET = {"x86_64": 251, "aarch64": 30, "riscv64": 30, "i686": 289, "armv7l": 314}
"""The number of `ioprio_set`, which C libraries have no function for."""
_THIS = 1
_DISK, _THREAD, _DEFAULT, _THROTTLE = 0, 1, 0, 3
"""macOS: IOPOL_TYPE_DISK, IOPOL_SCOPE_THREAD, IOPOL_DEFAULT, IOPOL_THROTTLE (sys/resource.h)."""
_BACKGROUND, _FOREGROUND = 0x00010000, 0x00020000
"""Windows: THREAD_MODE_BACKGROUND_BEGIN and _END."""


def as_always() -> None:
    """Undo it in the calling thread, or in a process that such a thread started: on Linux that inherits it."""
    if sys.platform == "win32":
        ctypes.windll.kernel32.SetThreadPriority(ctypes.windll.kernel32.GetCurrentThread(), _FOREGROUND)
    elif sys.platform == "darwin":
        ctypes.CDLL(None).setiopolicy_np(_DISK, _THREAD, _DEFAULT)
    elif (number := _SET.get(platform.machine())) is not None:
        ctypes.CDLL(None).syscall(number, _THIS, 0, 0)


@contextlib.contextmanager
def yielding(wanted: bool) -> Iterator[None]:
    """Yield the disk for as long as whole models are read, and no longer: whoever writes then may hold others up."""
    if wanted:
        yield_disk()
    try:
        yield
    finally:
        if wanted:
            as_always()


def yield_disk() -> bool:
    """Put the reads of the calling thread behind everybody else's; whether the system knows how."""
    if sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        return bool(kernel.SetThreadPriority(kernel.GetCurrentThread(), _BACKGROUND))
    elif sys.platform == "darwin":  # noqa: RET505  # mypy reads one of them, by the system it is asked for
        return ctypes.CDLL(None).setiopolicy_np(_DISK, _THREAD, _THROTTLE) == 0  # type: ignore[no-any-return]
    else:
        number = _SET.get(platform.machine())
        return number is not None and ctypes.CDLL(None).syscall(number, _THIS, 0, _IDLE) == 0
