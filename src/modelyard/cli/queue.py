"""`modelyard queue`: what is being fetched, what comes next, and changing it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import click

from modelyard.cli.options import json_option
from modelyard.cli.paths import absolute
from modelyard.cli.shown import entry_line, line
from modelyard.cli.telling import Teller
from modelyard.cli.yard import Yard, reached
from modelyard.errors import UsageError

_OPEN = ("queued", "waiting", "running", "verifying", "paused")
_PAGE = 1000

ids_argument = click.argument("ids", nargs=-1, type=click.IntRange(1, 2**53 - 1))


@click.group(invoke_without_command=True)
@click.option("--state", multiple=True, metavar="STATE", help="Only tasks in this state; several times for more.")
@click.option("--text", default="", metavar="WORDS", help="Only tasks that contain these words.")
@json_option
@click.pass_context
def command(ctx: click.Context, state: tuple[str, ...], text: str, as_json: bool) -> None:
    """Show the queue in the order it runs, or change it."""
    if ctx.invoked_subcommand is not None:
        return
    with reached(as_json=as_json) as (yard, teller):
        first = True
        for page in pages(yard, "/tasks", {"state": state, "text": text}):
            for task in page["tasks"]:
                teller.data(task)
                teller.result(line(task))
            counts, first = page["counts"], False
        if not first:
            said = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
            teller.note(said or "The queue is empty. Add to it with `modelyard get --detach ADDRESS`.")


@command.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--to", default="./", metavar="PATH", help="The folder.")
@click.option("--priority", type=click.Choice(["low", "normal", "high"]), default="normal")
@click.option("--dry-run", is_flag=True, help="Tell what each line would become; queue nothing.")
@json_option
def add(file: Any, to: str, priority: str, dry_run: bool, as_json: bool) -> int:
    """Queue every address in FILE (- is stdin): lines, prose with links, a JSON list, CSV. Each line is answered."""
    with reached(as_json=as_json) as (yard, teller):
        shared = {"to": absolute(to), "priority": priority}
        text = file.read().decode("utf-8", "replace")
        told = yard("POST", "/tasks/batch", {"text": text, "shared": shared, "try_only": dry_run})
        for entry in told["entries"]:
            teller.data(entry)
            teller.result(entry_line(entry))
        return 2 if any(entry["became"] == "refused" for entry in told["entries"]) else 0


@command.command()
@click.argument("number", metavar="ID", type=int)
@json_option
def show(number: int, as_json: bool) -> None:
    """Show one task and every state it was in."""
    with reached(as_json=as_json) as (yard, teller):
        task, steps = yard("GET", f"/tasks/{number}"), yard("GET", f"/tasks/{number}/steps")
        teller.data(task | {"steps": steps})
        teller.result(line(task))
        for step in steps:
            teller.result(f"        {_clock(step['at'])}  {step['after']:9}  {step['reason']}".rstrip())
        if task["error"]:
            teller.result(f"        [{task['error']['code']}] {task['error']['message']} → {task['error']['hint']}")


@command.command()
@ids_argument
@click.option("--all", "every", is_flag=True, help="Every open task.")
@json_option
def pause(ids: tuple[int, ...], every: bool, as_json: bool) -> int:
    """Pause tasks; what has arrived is kept."""
    return _act("pause", ids, every, as_json, [state for state in _OPEN if state != "paused"])


@command.command()
@ids_argument
@click.option("--all", "every", is_flag=True, help="Every paused task.")
@json_option
def resume(ids: tuple[int, ...], every: bool, as_json: bool) -> int:
    """Let paused or waiting tasks go on."""
    return _act("resume", ids, every, as_json, ["paused"])


@command.command()
@ids_argument
@click.option("--all", "every", is_flag=True, help="Every open task.")
@click.option("--discard", is_flag=True, help="Remove what had arrived, too.")
@json_option
def cancel(ids: tuple[int, ...], every: bool, discard: bool, as_json: bool) -> int:
    """Cancel tasks; what had arrived is kept unless you say otherwise."""
    return _act("cancel", ids, every, as_json, list(_OPEN), discard=discard)


@command.command()
@ids_argument
@json_option
def retry(ids: tuple[int, ...], as_json: bool) -> int:
    """Try failed or cancelled tasks again; without ID every failed one."""
    with reached(as_json=as_json) as (yard, teller):
        return _told(yard("POST", "/tasks/actions", {"do": "retry", "ids": ids}), teller)


@command.command()
@ids_argument
@click.option("--top", is_flag=True, help="To the top.")
@click.option("--end", is_flag=True, help="To the end.")
@click.option("--before", type=int, metavar="ID", help="Before this task.")
@click.option("--priority", type=click.Choice(["low", "normal", "high"]), help="Strict: high always goes first.")
def move(ids: tuple[int, ...], top: bool, end: bool, before: int | None, priority: str | None) -> None:
    """Change the order: the tasks go where you say, in the order you name them."""
    if not ids or top + end + (before is not None) + (priority is not None) != 1:
        raise UsageError("Name tasks, and one of --top, --end, --before or --priority.")
    with reached() as (yard, _):
        if priority:
            for number in ids:
                yard("PATCH", f"/tasks/{number}", {"priority": priority})
            return
        place = {"before": before} if before is not None else {"to": "top" if top else "end"}
        yard("POST", "/tasks/order", {"ids": ids, **place})


@command.command()
@click.option("--failed", is_flag=True, help="Failed ones, too.")
def clear(failed: bool) -> None:
    """Take ended tasks off the list; history keeps them."""
    with reached() as (yard, teller):
        states = ["done", "cancelled", *(["failed"] if failed else [])]
        teller.note(f"{yard('POST', '/tasks/clear', {'states': states})['count']} cleared.")


def pages(yard: Yard, path: str, query: dict[str, Any]) -> Any:
    """Every page of a list."""
    after: str | None = None
    while True:
        asked = {name: value for name, value in query.items() if value} | ({"after": after} if after else {})
        page = yard("GET", f"{path}?{urlencode({**asked, 'limit': _PAGE}, doseq=True)}")
        yield page
        after = page["next"]
        if after is None:
            return


def _act(do: str, ids: tuple[int, ...], every: bool, as_json: bool, states: list[str], *, discard: bool = False) -> int:
    if bool(ids) == every:
        raise UsageError("Name tasks by their numbers, or say --all.", hint="Numbers: `modelyard queue`.")
    with reached(as_json=as_json) as (yard, teller):
        if every:
            ids = tuple(task["id"] for page in pages(yard, "/tasks", {"state": states}) for task in page["tasks"])
        asked: dict[str, Any] = {"do": do, "ids": ids}
        return _told(yard("POST", "/tasks/actions", asked | ({"discard": True} if discard else {})), teller)


def _told(answers: list[dict[str, Any]], teller: Teller) -> int:
    """Print what became of each; 1 when one was refused."""
    refused = 0
    for answer in answers:
        teller.data(answer)
        if error := answer.get("error"):
            refused += 1
            if not teller.as_json:
                click.echo(f"{answer['id']}: {error['message']} → {error['hint']}", err=True)
        else:
            teller.result(line(answer["task"]))
    teller.note("" if answers else "There was nothing to do.")
    return 1 if refused else 0


def _clock(at: float) -> str:
    import time

    return time.strftime("%H:%M:%S", time.localtime(at))
