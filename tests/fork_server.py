"""A process that has imported the command line and forks itself for each command: importing costs more than most do.

Started by `running.py`, which it serves on a Unix socket until its standard input ends. A command gets its own
standard streams, environment, folder and arguments, runs from its first line, and ends as it always does.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import select
import shutil
import signal
import socket
import sys
from typing import Any

OFTEN = ("app", "cli.get", "cli.serve", "jobs.download", "jobs.stock", "server.inside", "server.service")
"""What most commands and the service import, besides the topics of the API; the rest they import themselves."""


def main(path: str) -> None:
    """Serve until standard input ends."""
    for name in OFTEN:
        importlib.import_module(f"modelyard.{name}")
    for topic in pkgutil.iter_modules(importlib.import_module("modelyard.server.api").__path__):
        importlib.import_module(f"modelyard.server.api.{topic.name}")
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        os.write(1, b"ready\n")
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            with connection:
                if os.fork() == 0:
                    listener.close()
                    watch(connection)
                    return
    shutil.rmtree(os.path.dirname(path))


def watch(connection: socket.socket) -> None:
    """Read one request, run it in a child, and tell its number and its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    text, streams, _, _ = socket.recv_fds(connection, 1 << 20, 3)
    while not text.endswith(b"\n"):
        text += connection.recv(1 << 20)
    pid = os.fork()
    if pid == 0:
        connection.close()
        become(json.loads(text), streams)
        return
    connection.sendall(b"%d\n" % pid)
    _, status = os.waitpid(pid, 0)
    connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def become(asked: dict[str, Any], streams: list[int]) -> None:
    """Be the command."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.argv = ["modelyard", *asked["arguments"]]
    if asked["script"]:
        exec(asked["script"], {"__name__": "__main__"})
        return
    from modelyard.cli.starting import run

    run()


if __name__ == "__main__":
    main(sys.argv[1])
