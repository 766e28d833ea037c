"""`modelyard search`: one search over all hubs."""

from __future__ import annotations

import re

import click

from modelyard.cli.options import json_option, offline_option, opened
from modelyard.errors import NotFound, UsageError, YardError
from modelyard.values.offers import Finding


@click.command()
@click.argument("text", nargs=-1, required=True)
@click.option("--hub", "hubs", multiple=True, metavar="NAME", help="Only this hub; may be given several times.")
@click.option("--kind", metavar="KIND", help="The hub's word for a kind of model: LORA, Checkpoint, text-to-image.")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="Findings per hub.")
@offline_option
@json_option
def command(
    text: tuple[str, ...], hubs: tuple[str, ...], kind: str | None, limit: int, offline: bool, as_json: bool
) -> int:
    """Search TEXT on all hubs; a hash finds the very file."""
    query = " ".join(text)
    with opened(as_json=as_json, offline=offline) as (app, teller):
        unknown = set(hubs) - {hub.name for hub in app.hubs}
        if unknown:
            raise UsageError(
                f"There is no hub {', '.join(sorted(unknown))}.",
                hint="Hubs are: " + ", ".join(hub.name for hub in app.hubs) + ".",
            )
        if re.fullmatch(r"[0-9a-fA-F]{8}|[0-9a-fA-F]{10}|[0-9a-fA-F]{12}|[0-9a-fA-F]{64}", query):
            return _by_hash(app.find_hash(query.lower()), teller, query)
        found, failed = 0, []
        for hub, answer in app.hubs.search_all(query, limit=limit, kind=kind, only=hubs):
            if isinstance(answer, YardError):
                failed.append(answer)
                teller.error(answer, hub.title)
                continue
            found += len(answer)
            for finding in answer:
                teller.data(_data(finding))
                teller.result(_line(finding))
        teller.note(f"{found} found.")
        return failed[0].exit_code if failed and not found else 0


def _by_hash(found: list[tuple[str, str, str]], teller: object, query: str) -> int:
    from modelyard.cli.telling import Teller

    assert isinstance(teller, Teller)
    if not found:
        raise NotFound(f"No hub knows a file with the hash {query}.", hint="Hubs may need hours to learn new files.")
    for hub, address, path in found:
        teller.data({"hub": hub, "address": address, "path": path})
        teller.result(f"{address:50}  {path}")
    return 0


def _data(finding: Finding) -> dict[str, object]:
    return {
        "hub": finding.hub,
        "address": finding.address,
        "title": finding.title,
        "kind": finding.kind,
        "downloads": finding.downloads,
        "likes": finding.likes,
        "updated": finding.updated,
        "page": finding.page,
        "gated": finding.gated,
    }


def _line(finding: Finding) -> str:
    count = f"{finding.downloads:,} downloads" if finding.downloads is not None else ""
    gated = "gated" if finding.gated else ""
    more = ", ".join(part for part in (finding.kind, count, gated) if part)
    title = f"  {finding.title}" if finding.title not in finding.address else ""
    return f"{finding.address:50}{title}  {more}"
