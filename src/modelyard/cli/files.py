"""`modelyard files`: what a model consists of."""

from __future__ import annotations

import click

from modelyard.cli.options import json_option, offline_option, opened
from modelyard.hubs.selection import pick
from modelyard.values.digests import strongest
from modelyard.values.offers import Offer
from modelyard.values.sizes import show_size


@click.command()
@click.argument("address")
@click.option("--include", multiple=True, metavar="GLOB", help="Only files that match.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="No files that match.")
@offline_option
@json_option
def command(address: str, include: tuple[str, ...], exclude: tuple[str, ...], offline: bool, as_json: bool) -> None:
    """List the files of the model at ADDRESS with size and claimed hash."""
    with opened(as_json=as_json, offline=offline) as (app, teller):
        hub, listing = app.resolve(address)
        listing = pick(listing, include, exclude)
        for offer in listing.offers:
            teller.data(offer_data(offer) | {"address": hub.show(offer.address)})
            best = strongest(offer.claimed)
            size = show_size(offer.size) if offer.size is not None else "?"
            shown = f"{best} {offer.claimed[best][:12]}" if best else "no hash"
            teller.result(
                f"{size:>9}  {shown:20}  {offer.path}" + (f"  ({offer.kind})" if offer.kind != "file" else "")
            )
        known = [offer.size for offer in listing.offers if offer.size is not None]
        teller.note(f"{len(listing.offers)} files, {show_size(sum(known))}.")


def offer_data(offer: Offer) -> dict[str, object]:
    """An offer as JSON-able data."""
    return {
        "path": offer.path,
        "size": offer.size,
        "claimed": dict(offer.claimed),
        "kind": offer.kind,
        "access": offer.access.value,
        "licence": offer.licence,
        "primary": offer.primary,
        "role": offer.role,
        "page": offer.page,
    }
