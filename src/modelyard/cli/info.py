"""`modelyard info`: what a hub says about a model."""

from __future__ import annotations

import click

from modelyard.cli.files import offer_data
from modelyard.cli.options import json_option, offline_option, opened
from modelyard.jobs.gates import known_gate, needs
from modelyard.values.sizes import show_size


@click.command()
@click.argument("address")
@offline_option
@json_option
def command(address: str, offline: bool, as_json: bool) -> None:
    """Show what the hub says about the model at ADDRESS: licence, access, versions, facts, files."""
    with opened(as_json=as_json, offline=offline) as (app, teller):
        hub, listing = app.resolve(address)
        gate = known_gate(hub, listing.offers[0]) if listing.offers else None
        teller.data(
            {
                "title": listing.title,
                "hub": hub.name,
                "address": hub.show(listing.address),
                "revision": listing.address.revision,
                "page": listing.page,
                "licence": listing.licence,
                "access": listing.access.value,
                "gate": gate.as_dict() if gate else None,
                "facts": dict(listing.facts),
                "files": [offer_data(offer) for offer in listing.offers],
                "companions": [offer_data(offer) for offer in listing.companions],
            }
        )
        rows: list[tuple[str, object]] = [
            ("hub", hub.title),
            ("address", hub.show(listing.address)),
            ("page", listing.page),
            ("licence", listing.licence),
            ("access", f"{listing.access.value}; {needs(gate)}" if gate else listing.access.value),
            *listing.facts.items(),
        ]
        teller.result(listing.title)
        for name, value in rows:
            if value not in (None, "", [], (), {}):
                teller.result(f"  {name:14} {_short(value)}")
        sizes = sum(offer.size or 0 for offer in listing.offers)
        teller.result(f"  {'files':14} {len(listing.offers)}, {show_size(sizes)}")
        if listing.companions:
            names = ", ".join(offer.path for offer in listing.companions[:8])
            teller.result(f"  {'companions':14} {names} (fetch them with --with-companions)")


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= 300 else text[:297] + "..."
