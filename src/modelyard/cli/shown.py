"""Tasks as lines of text."""

from __future__ import annotations

import time
from typing import Any

from modelyard.values.sizes import show_size, show_time


def line(task: dict[str, Any]) -> str:
    """One task: number, state, how far, what, why."""
    return f"{task['id']:>6}  {task['state']:9}  {_far(task):>22}  {task['title']}{_why(task)}"


def _far(task: dict[str, Any]) -> str:
    live = task.get("live") or {}
    if task["state"] in {"running", "verifying"} and task["size"]:
        percent = f"{100 * task['done'] / task['size']:.0f} % of {show_size(task['size'])}"
        return percent + (f", {show_time(live['eta'])}" if live.get("eta") else "")
    if task["size"] is not None:
        return show_size(task["size"])
    return show_size(task["done"]) if task["done"] else ""


def _why(task: dict[str, Any]) -> str:
    live = task.get("live") or {}
    words = [task["reason"]] if task["state"] in {"waiting", "failed"} else []
    words += [f"{show_size(live['speed'])}/s"] if live.get("speed") else []
    words += [live["note"]] if live.get("note") else []
    words += ["high priority" if task["priority"] == "high" else "low priority"] if task["priority"] != "normal" else []
    if task["state"] == "waiting" and task["until"]:
        words.append(f"goes on in {show_time(max(0.0, task['until'] - time.time()))}")
    return "".join(f"  ({word})" for word in words if word)


def entry_line(entry: dict[str, Any]) -> str:
    """What one line of a batch became."""
    words = {
        "task": f"queued as {entry.get('id')}",
        "duplicate": f"as line {entry.get('first')}",
        "nothing": "no address",
    }
    said = entry["error"]["message"] if entry.get("error") else words.get(entry["became"], entry["became"])
    return f"{entry['line']:>6}  {said:20}  {entry['text']}"


def ended(task: dict[str, Any]) -> str:
    """One ended task: when, number, state, size, what, why."""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(task["ended"]))
    star = "*" if task["favourite"] else " "
    why = f"  ({task['error']['code']}: {task['error']['message']})" if task["error"] else ""
    size = show_size(task["size"]) if task["size"] is not None else ""
    return f"{when} {star}{task['id']:>6}  {task['state']:9}  {size:>10}  {task['title']}{why}"
