"""A thread that reads whole models in the background takes only the time of the disk that nobody else wants."""

from __future__ import annotations

import ctypes
import platform
import sys

_IDLE = 3 << 13
"""Linux's class of reads that wait for everybody else (linux/ioprio.h, IOPRIO_CLASS_IDLE)."""
_SET = {"x86_64": 251, "aarch64": 30, "riscv64": 30, "i686": 289, "armv7l": 314}
"""The number of `ioprio_set`, which C libraries have no function for."""
_THIS = 1
_DISK, _THREAD, _THROTTLE = 0, 1, 3
"""macOS: IOPOL_TYPE_DISK, IOPOL_SCOPE_THREAD, IOPOL_THROTTLE (sys/resource.h)."""
_BACKGROUND = 0x00010000
"""Windows: THREAD_MODE_BACKGROUND_BEGIN."""


def as_always() -> None:
    """Undo it in a process that such a thread started: on Linux that inherits it."""
    if sys.platform.startswith("linux") and (number := _SET.get(platform.machine())) is not None:
        ctypes.CDLL(None).syscall(number, _THIS, 0, 0)


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
