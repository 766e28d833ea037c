"""`modelyard top`: the queue, live."""

from __future__ import annotations

import sys
import time
from typing import Any

import click

from modelyard.cli.options import interruptible
from modelyard.cli.shown import line
from modelyard.cli.yard import Yard, reached
from modelyard.values.sizes import show_size

_SHOWN = 200


@click.command()
@click.option("--once", is_flag=True, help="Print one picture and end.")
def command(once: bool) -> None:
    """Watch the queue; Ctrl-C ends it, the downloads go on. Without a service it prints one picture and ends."""
    with reached() as (yard, teller):
        if once or not yard.lasts or not sys.stdout.isatty():  # without a service nothing moves
            teller.result("\n".join(picture(yard)))
            return
        _watch(yard)


def _watch(yard: Yard) -> None:
    from rich.live import Live
    from rich.text import Text

    newest = yard("GET", "/events")["newest"]
    with interruptible() as check, Live(auto_refresh=False, screen=True) as live:
        while True:
            check()
            live.update(Text("\n".join(picture(yard, live.console.height)), no_wrap=True), refresh=True)
            begun = time.monotonic()
            newest = yard("GET", f"/events?since={newest}&wait=5")["newest"]
            time.sleep(max(0.0, 0.25 - (time.monotonic() - begun)))


def picture(yard: Yard, height: int = 50) -> list[str]:
    """The queue as lines: totals, then what runs, then what comes next."""
    page = yard("GET", f"/tasks?limit={_SHOWN}")
    running = [task for task in page["tasks"] if task["state"] in {"running", "verifying"}]
    others = [task for task in page["tasks"] if task not in running]
    counts = ", ".join(f"{number} {state}" for state, number in page["counts"].items() if number)
    head = f"{show_size(_speed(running))}/s    {counts or 'nothing queued'}"
    return [head, "", *map(line, running), *([""] if running else []), *map(line, others)][: max(3, height - 1)]


def _speed(running: list[dict[str, Any]]) -> int:
    return sum(int((task.get("live") or {}).get("speed") or 0) for task in running)
