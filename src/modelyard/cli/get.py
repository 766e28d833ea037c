"""`modelyard get`: from links to proven files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from modelyard.cli.detached import queue_all
from modelyard.cli.options import json_option, offline_option, opened, stopping
from modelyard.cli.paths import absolute
from modelyard.cli.progress import shown
from modelyard.cli.telling import Teller
from modelyard.errors import NoSuchFile, Stopped, UsageError, YardError
from modelyard.jobs.download import Download
from modelyard.jobs.gates import gates_of, told
from modelyard.jobs.logbook import write_down
from modelyard.jobs.preflight import Step
from modelyard.jobs.wish import Outcome, Planned, Wish
from modelyard.values.sizes import parse_rate, show_size


@click.command()
@click.argument("addresses", nargs=-1)
@click.option("--to", metavar="PATH", help="A file for one address, else a folder. Default: the current folder.")
@click.option("--from-file", "-i", "lists", multiple=True, metavar="FILE", help="Addresses, one a line; - is stdin.")
@click.option("--sha256", metavar="HEX", help="The hash that the file must have.")
@click.option("--include", multiple=True, metavar="GLOB", help="Only files that match, like '*.safetensors'.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="No files that match.")
@click.option("--with-companions", is_flag=True, help="Also what belongs with them: VAE, config, encoders.")
@click.option("--dry-run", is_flag=True, help="Show what would be done; move nothing.")
@click.option("--force", is_flag=True, help="Replace another file, once the new one is proven.")
@click.option("--unpack", is_flag=True, help="Unpack a zip, tar, gz or zst as it arrives.")
@click.option("--limit", metavar="RATE", help="Speed limit, like 50MB/s.")
@click.option("--detach", "-d", is_flag=True, help="Queue it for the service and come back at once.")
@click.option("--priority", type=click.Choice(["low", "normal", "high"]), default="normal", help="With --detach.")
@click.option("--profile", metavar="NAME", default="", help="With --detach: a named set of options.")
@click.option("--hook", "hooks", multiple=True, metavar="NAME", help="With --detach: a hook for this task.")
@click.option("--quiet", "-q", is_flag=True, help="Only results and errors.")
@offline_option
@json_option
def command(
    addresses: tuple[str, ...],
    to: str | None,
    lists: tuple[str, ...],
    sha256: str | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    with_companions: bool,
    dry_run: bool,
    force: bool,
    unpack: bool,
    limit: str | None,
    detach: bool,
    priority: str,
    profile: str,
    hooks: tuple[str, ...],
    quiet: bool,
    offline: bool,
    as_json: bool,
) -> int:
    """Fetch models and prove them.

    An ADDRESS is a model page, a file link, hf:owner/repo[@rev][/path or glob], civitai:MODEL[@VERSION],
    ms:owner/repo, gh:owner/repo@tag, an AIR URN or any URL. Run the same line again to go on after a break.
    """
    asked = [*addresses, *_listed(lists, alone=not addresses)]
    if not asked:
        raise UsageError("No address was given.", hint="Paste a link: `modelyard get hf:owner/repo/file`.")
    if detach and dry_run:
        raise UsageError("--detach queues, --dry-run only looks.", hint="Choose one of them.")
    if detach:
        shared: dict[str, object] = {
            "include": include,
            "exclude": exclude,
            "sha256": sha256,
            "replace": force,
            "companions": with_companions,
            "unpack": unpack,
            "limit": limit or "",
            "priority": priority,
            "profile": profile,
            "hooks": hooks,
        }
        with opened(as_json=as_json, quiet=quiet) as (app, teller):
            if to or not profile:
                shared["to"] = absolute(to or app.settings["folder"] or "./")
            return queue_all(app, teller, asked, shared)
    wish = Wish(
        asked, to, include, exclude, sha256, force, with_companions, parse_rate(limit) if limit else None, unpack
    )
    with opened(as_json=as_json, quiet=quiet, offline=offline) as (app, teller):
        download = app.download(wish)
        planned = download.plan(ask=dry_run)
        if dry_run:
            _show_plan(download, planned, teller)
            return show_outcomes(download, teller, dry_run=True) or _show_gates(planned, teller)
        begun = app.clock.now()
        _run(download, planned, teller)
        write_down(app.folder, download, app.clock.now() - begun)
        return show_outcomes(download, teller)


def _listed(lists: tuple[str, ...], *, alone: bool) -> list[str]:
    """Addresses from files and stdin; blank lines and those that begin with # are left out."""
    if alone and not lists and not sys.stdin.isatty():
        lists = ("-",)
    lines: list[str] = []
    for name in lists:
        try:
            text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
        except OSError as error:
            raise NoSuchFile(f"{name} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise UsageError(f"{name} is no text in UTF-8.") from error
        lines += [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    return lines


def _run(download: Download, planned: list[Planned], teller: Teller) -> None:
    with stopping(download.stop), shown(download, planned, teller) as on_tick:
        download.run(planned, on_tick)


def _show_plan(download: Download, planned: list[Planned], teller: Teller) -> None:
    fetch = [one for one in planned if one.verdict.step is not Step.HERE]
    total = sum((one.order.size or 0) - one.verdict.have for one in fetch)
    unknown = sum(one.order.size is None for one in fetch)
    teller.data(
        {
            "event": "plan",
            "files": [_planned_data(one) for one in planned],
            "bytes_to_fetch": total,
            "unknown_sizes": unknown,
            "free": {str(folder): free for folder, free in download.room(planned).items()},
            "refused": [{"what": one.what, "error": one.error.as_dict()} for one in download.refused],
        }
    )
    for one in planned:
        size = show_size(one.order.size) if one.order.size is not None else "size unknown"
        teller.result(f"{one.verdict.step.value:8} {size:>12}  {one.place.target}  ({told(one)})")
    more = f" and {unknown} of unknown size" if unknown else ""
    gated = sum(one.gate is not None for one in planned)
    less = f" {gated} of them would be refused." if gated else ""
    teller.result(f"{len(fetch)} of {len(planned)} files to fetch, {show_size(total)}{more}.{less}")
    for folder, free in download.room(planned).items():
        teller.result(
            f"{show_size(free)} free on the disk of {folder}." if free is not None else f"{folder}: room unknown."
        )


def _show_gates(planned: list[Planned], teller: Teller) -> int:
    """Print what must be done before the files are handed out; gives the exit code that the true run would end with."""
    gates = gates_of(planned)
    for gate in gates if not teller.as_json else ():
        teller.error(gate)
    return gates[0].exit_code if gates else 0


def _planned_data(one: Planned) -> dict[str, object]:
    return {
        "path": str(one.place.target),
        "name": one.offer.path,
        "hub": one.offer.hub,
        "size": one.order.size,
        "step": one.verdict.step.value,
        "how": one.verdict.how,
        "have": one.verdict.have,
        "claimed": dict(one.order.expected),
        "licence": one.offer.licence,
        "access": one.offer.access.value,
        "gate": one.gate.as_dict() if one.gate else None,
        "role": one.offer.role,
    }


def _show_outcome(outcome: Outcome, teller: Teller) -> None:
    teller.data({"event": "failed" if outcome.error else "done", **outcome.as_dict()})
    if outcome.error is None:
        teller.result(f"{outcome.target}  {show_size(outcome.size)}  {outcome.how}")
    elif not teller.as_json:
        teller.error(outcome.error, str(outcome.target))


def show_outcomes(download: Download, teller: Teller, *, dry_run: bool = False) -> int:
    """Print what became of each file; gives the exit code."""
    for outcome in download.outcomes:
        _show_outcome(outcome, teller)
    for refused in download.refused:
        if not (teller.as_json and dry_run):
            teller.error(refused.error, refused.what)
    errors: list[YardError] = [one.error for one in download.refused]
    errors += [outcome.error for outcome in download.outcomes if outcome.error]
    if not dry_run:
        good = [outcome for outcome in download.outcomes if outcome.error is None]
        teller.data(
            {
                "event": "summary",
                "files": len(download.outcomes) + len(download.refused),
                "done": len(good),
                "failed": len(errors),
                "bytes": sum(outcome.size for outcome in good),
                "received": sum(outcome.received for outcome in download.outcomes),
            }
        )
        if errors and len(download.outcomes) + len(download.refused) > 1:
            teller.note(f"{len(good)} done, {len(errors)} failed. Run the same line again to go on.")
    if any(isinstance(error, Stopped) for error in errors):
        return Stopped.exit_code
    return errors[0].exit_code if errors else 0
