"""Asking CivitAI what a model or version holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from modelyard.errors import FileNotInModel, Removed, RevisionNotFound, YardError
from modelyard.hubs.answers import body_record, number, records, some, text
from modelyard.hubs.base import Keyed
from modelyard.hubs.civitai.addresses import page_url
from modelyard.hubs.civitai.files import access_of, choose, licence_of, model_facts, offers_of, primary, version_facts
from modelyard.hubs.civitai.refusals import TITLE, explain_lookup
from modelyard.hubs.selection import chosen
from modelyard.net.api import Api
from modelyard.net.url import parse
from modelyard.values.offers import Access, Address, Listing, Offer
from modelyard.values.untrusted import record


class Lookup:
    """Resolves addresses against one endpoint."""

    def __init__(self, api: Api, endpoint: str, keyed: Keyed) -> None:
        self._api = api
        self._endpoint = endpoint
        self._keyed = keyed

    def resolve(self, address: Address) -> Listing:
        """See `Hub.resolve`. A model without a version means its newest one."""
        if address.revision:
            version, model = self._version(address, address.revision)
        else:
            model = self._ask(f"models/{address.model}", f"model {address.model}")
            version = _newest(model, address)
        return self._listing(address, version, model)

    def _version(self, address: Address, wanted: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        try:
            version = self._ask(f"model-versions/{wanted}", f"version {wanted}")
        except FileNotInModel:
            raise
        except YardError as error:
            if error.code != "model-not-found" or not address.model:
                raise
            known = self._ask(f"models/{address.model}", f"model {address.model}")
            raise _no_version(known, address.model, wanted) from error
        belongs = number(version.get("modelId")) or number(record(version.get("model")).get("id"))
        if address.model and belongs and belongs != address.model:
            raise RevisionNotFound(
                f"Version {wanted} belongs to model {belongs}, not to {address.model}.",
                hint=f"Ask for civitai:@{wanted}.",
            )
        return version, record(version.get("model"))

    def _ask(self, route: str, what: str) -> Mapping[str, Any]:
        answer = self._api.get(f"{self._endpoint}/api/v1/{route}")
        if answer.status != 200:
            raise explain_lookup(answer, what)
        return body_record(answer)

    def _listing(self, address: Address, version: Mapping[str, Any], model: Mapping[str, Any]) -> Listing:
        found = number(version.get("modelId")) or number(model.get("id")) or address.model
        revision = number(version.get("id")) or address.revision
        pinned = replace(address, model=found, revision=revision, path=None, options=())
        title = " ".join(filter(None, (text(model.get("name")), text(version.get("name"))))) or f"model {found}"
        page = page_url(pinned, self._endpoint)
        if model.get("mode") == "Archived":
            raise Removed(f"Its creator archived {title}; {TITLE} no longer hands it out.", link=page)
        access = self._access(version, revision or "")
        return Listing(
            replace(pinned, path=address.path, options=address.options),
            title,
            *_selected(offers_of(version, pinned, self._endpoint, model, access), version, address, title),
            page=page,
            licence=licence_of(model),
            access=access,
            facts=model_facts(model) | version_facts(version),
        )

    def _access(self, version: Mapping[str, Any], revision: str) -> Access:
        """Only `mini` says in advance whether a login is needed (3.4); with a key the answer changes nothing."""
        access = access_of(version)
        if access is not Access.UNKNOWN or self._keyed(parse(self._endpoint).origin):
            return access
        try:
            mini = self._ask(f"model-versions/mini/{revision}", f"version {revision}")
        except YardError:
            return access
        if mini.get("requireAuth") is True:
            return Access.LOGIN
        return Access.OPEN if mini.get("requireAuth") is False else access


def _newest(model: Mapping[str, Any], address: Address) -> Mapping[str, Any]:
    for version in records(model.get("modelVersions")):
        if records(version.get("files")):
            return version
    if model.get("mode") in ("Archived", "TakenDown"):
        raise Removed(f"{text(model.get('name')) or address.model} was {str(model.get('mode')).lower()}.")
    raise FileNotInModel(f"Model {address.model} has no public file.")


def _no_version(model: Mapping[str, Any], name: str, wanted: str) -> RevisionNotFound:
    known = [f"{number(each.get('id'))} ({each.get('name')})" for each in records(model.get("modelVersions"))[:5]]
    return RevisionNotFound(
        f"Model {name} has no public version {wanted}.", hint=f"There is {', '.join(known)}." if known else None
    )


def _selected(
    offers: list[Offer], version: Mapping[str, Any], address: Address, title: str
) -> tuple[tuple[Offer, ...], tuple[Offer, ...]]:
    """The offers that the address chooses, and the version's companions among the rest."""
    picked = tuple(offer for offer in offers if offer.role == "main") or tuple(offers)
    if address.options:
        picked = (_by_options(offers, version, dict(address.options), title),)
    elif address.path:
        picked = chosen(offers, address.path, title=title)
    if address.options or address.path:
        picked = tuple(replace(offer, primary=True, role="main") for offer in picked)
    taken = {offer.address for offer in picked}
    return picked, tuple(offer for offer in offers if offer.role == "companion" and offer.address not in taken)


def _by_options(offers: list[Offer], version: Mapping[str, Any], options: dict[str, str], title: str) -> Offer:
    best = primary(choose(records(version.get("files")), options))
    wanted = number(best.get("id")) if best else None
    found = next((offer for offer in offers if dict(offer.address.options).get("fileId") == wanted), None)
    if best is None or found is None:
        asked = ", ".join(f"{name}={value}" for name, value in some(**options).items())
        raise FileNotInModel(f"{title} has no file with {asked}.")
    return found
