"""Takes from Python what Windows has not, before anything of ours is imported: see test_lesser_systems.py.

The standard library has looked for what it needs by then, so that it goes on as it does here.
"""

import asyncio
import fcntl
import os
import select
import selectors
import shutil
import subprocess
import sys
import tempfile
import types

LOADED = (asyncio, shutil, subprocess, tempfile)
NAMES = (
    "pread preadv pwrite pwritev fdatasync fchmod fchown posix_fadvise posix_fallocate copy_file_range sendfile statvfs"
    " fstatvfs getxattr setxattr removexattr listxattr getuid geteuid getgid major minor mkfifo syncfs sync"
    " O_CLOEXEC O_NOFOLLOW O_NONBLOCK O_DIRECTORY O_DIRECT O_NOATIME O_PATH O_TMPFILE"
)
MODULES = "fcntl resource pwd grp termios pty tty"


def locking(descriptor: int, _mode: int, count: int) -> None:
    """A byte at the present place is this process's, or OSError."""
    fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, count, 0, os.SEEK_CUR)


def disk_usage(path: str) -> types.SimpleNamespace:
    """What `shutil.disk_usage` tells by other means there."""
    found = statvfs(path)
    return types.SimpleNamespace(free=found.f_bavail * found.f_frsize, total=found.f_blocks * found.f_frsize)


statvfs = os.statvfs
shutil.disk_usage = disk_usage
for name in NAMES.split():
    if hasattr(os, name):
        delattr(os, name)
os.supports_dir_fd.clear()
os.supports_fd.clear()
for name in MODULES.split():
    sys.modules[name] = None
del select.poll, selectors.PollSelector, selectors.EpollSelector
selectors.DefaultSelector = selectors.SelectSelector
sys.modules["msvcrt"] = types.ModuleType("msvcrt")
vars(sys.modules["msvcrt"]).update(locking=locking, LK_NBLCK=2, LK_LOCK=1, LK_UNLCK=0)
