"""``python -m modelyard.testing``: a practice hub for other programs, until Ctrl-C."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import threading

from modelyard.testing.hub import PracticeHub


def main() -> None:
    """Serve, and print the lines that lead a shell's programs here."""
    parser = argparse.ArgumentParser(prog="python -m modelyard.testing", description=__doc__)
    parser.add_argument("--tls", action="store_true", help="speak HTTPS with a certificate of its own")
    parser.add_argument("--port", type=int, default=0, help="port of the hub origin (default: a free one)")
    parser.add_argument("--seed", type=int, default=1, help="makes all content")
    chosen = parser.parse_args()
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    with PracticeHub(chosen.tls, chosen.seed, port=chosen.port) as hub:
        lines = [f"export {name}={shlex.quote(value)}" for name, value in hub.env().items()]
        lines.append(f"# control: {hub.control_url}/__hub/state")
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()
