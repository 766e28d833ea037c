"""`modelyard keys`: keep, list, check and remove hub keys. A key is never shown and never an argument."""

from __future__ import annotations

import sys

import click

from modelyard.cli.options import json_option, opened
from modelyard.errors import BadValue, KeyWrong
from modelyard.values.offers import KeyReport


@click.group(name="keys")
def command() -> None:
    """Keep, check and remove the keys of hubs."""


@command.command(name="set")
@click.argument("hub")
def set_(hub: str) -> None:
    """Keep a key for HUB, or for a registered one such as https://nas.lan:8443.

    It is asked for without echo, or read from stdin.
    """
    with opened() as (app, teller):
        realm = app.keys.realm(app.key_owner(hub))
        if sys.stdin.isatty():
            if realm.settings_page:
                teller.note(f"Make a key at {realm.settings_page}")
            value = click.prompt(f"Key for {realm.title}", hide_input=True, err=True)
        else:
            value = sys.stdin.readline()
        place = app.keys.set(realm.hub, value)
        teller.result(f"The key for {realm.title} is kept in {place}.")


@command.command(name="list")
@json_option
def list_(as_json: bool) -> None:
    """List which hubs have a key and where it is kept."""
    with opened(as_json=as_json) as (app, teller):
        kept = app.keys.list()
        for key in kept:
            teller.data(
                {"hub": key.hub, "place": key.place, "shown": key.shown, "used": key.used, "trouble": key.trouble}
            )
            more = key.trouble or ("" if key.used else "not used: another place comes first")
            teller.result(f"{key.hub:14} {key.shown:14} {key.place}  {more}".rstrip())
        if not kept:
            teller.note("No keys. Keep one with `modelyard keys set HUB`.")


@command.command()
@click.argument("hub")
@click.option("--opens", metavar="ADDRESS", help="A gated model: does the key open it?")
@json_option
def check(hub: str, opens: str | None, as_json: bool) -> int:
    """Ask HUB whose key it is, of which kind, and what it may do."""
    if "://" in hub:
        raise BadValue(
            f"{hub} has no account to ask about.", hint=f"Does it take its token? `modelyard lan check {hub}`"
        )
    with opened(as_json=as_json) as (app, teller):
        name = app.hub_name(hub)
        chosen = app.hubs.named(name)
        gated = chosen.read(opens) if opens else None
        if opens and gated is None:
            raise BadValue(f"{opens!r} is no address of {chosen.title}.")
        report = chosen.check_key(gated)
        teller.data(_data(report))
        teller.result(_words(report, chosen.title))
        return KeyWrong.exit_code if not report.valid or report.opens is False else 0


@command.command()
@click.argument("hub")
def remove(hub: str) -> None:
    """Forget the key of HUB."""
    with opened() as (app, teller):
        name = app.key_owner(hub)
        places = app.keys.remove(name)
        teller.result(f"Removed from {', '.join(places)}." if places else f"There was no kept key for {name}.")


def _data(report: KeyReport) -> dict[str, object]:
    return {
        "hub": report.hub,
        "valid": report.valid,
        "owner": report.owner,
        "kind": report.kind,
        "scopes": list(report.scopes),
        "opens": report.opens,
        "note": report.note,
    }


def _words(report: KeyReport, title: str) -> str:
    if not report.valid:
        return f"{title} does not know this key. {report.note or ''}".strip()
    words = [f"{title}: the key of {report.owner or 'an unnamed account'}"]
    words += [f"kind {report.kind}"] if report.kind else []
    words += [f"may {', '.join(report.scopes)}"] if report.scopes else []
    if report.opens is not None:
        words.append("opens the model" if report.opens else "does not open the model")
    return ", ".join(words) + (f". {report.note}" if report.note else ".")
