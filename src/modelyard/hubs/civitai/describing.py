"""What CivitAI says about models (facts 3.2 to 3.4): many hashes are few requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from modelyard.errors import NotFound, RevisionNotFound
from modelyard.hubs.answers import body_record, number, records, text
from modelyard.hubs.civitai.files import claimed_of, licence_of, size_of
from modelyard.hubs.civitai.hashes import HashSearch
from modelyard.hubs.civitai.refusals import TITLE, explain_lookup
from modelyard.net.api import Api
from modelyard.values.about import About, Version, VersionFile
from modelyard.values.civitai_about import about_of_model, about_of_version, page_of
from modelyard.values.offers import Address
from modelyard.values.untrusted import record

MODELS_AT_ONCE = 100
"""Most models that one answer of ``/models`` holds (3.2)."""

_SHA256 = 64
_HEX = frozenset("0123456789abcdef")

Record = Mapping[str, Any]


class Describer:
    """Asks one endpoint. Implements `Describing`."""

    def __init__(self, api: Api, endpoint: str) -> None:
        self._api = api
        self._root = f"{endpoint}/api/v1"
        self._hashes = HashSearch(api, endpoint)

    def by_hash(self, digests: Sequence[str]) -> dict[str, About]:
        """See `Describing.about_by_hash`.

        One request tells models and versions of 10,000 SHA-256, another one 100 models with all their words.
        """
        low = {each: each.strip().lower() for each in digests}
        usable = {each for each in low.values() if each and set(each) <= _HEX}
        found = self._by_sha256(sorted(each for each in usable if len(each) == _SHA256))
        for short in sorted(each for each in usable if len(each) != _SHA256):
            if version := self._hashes.single(short):
                found |= self._whole(short, version)
        return {given: found[each] for given, each in low.items() if each in found}

    def of(self, address: Address) -> About:
        """See `Describing.about`."""
        if address.model:
            return self._about(self._model(address.model), address.revision or "")
        version = self._ask(f"model-versions/{address.revision}", f"version {address.revision}")
        model = number(version.get("modelId"))
        return self._about(self._model(model), address.revision or "") if model else about_of_version(version)

    def versions(self, model: str) -> list[Version]:
        """See `Describing.versions`."""
        return [_version(each, model) for each in records(self._model(model).get("modelVersions"))]

    def _by_sha256(self, long: list[str]) -> dict[str, About]:
        if not long:
            return {}
        places = self._hashes.places(long)
        models = self._models({model for each in places.values() for model, _ in each})
        found: dict[str, About] = {}
        for value in places.keys() & set(long):
            for model, version in places[value]:
                held = _held(models.get(model, {}), version)
                if value not in found and held:
                    found[value] = _of_file(models[model], held, value)
        for version_record in self._left(sorted(places.keys() & set(long) - found.keys())):
            for file in records(version_record.get("files")):
                if (value := claimed_of(file).get("sha256", "")) in places and value not in found:
                    found[value] = replace(about_of_version(version_record), claimed=claimed_of(file))
        return found

    def _left(self, values: list[str]) -> Iterable[Record]:
        """Versions whose models the site does not show whole."""
        return self._hashes.versions(values) if values else ()

    def _whole(self, value: str, version: Record) -> dict[str, About]:
        """A version found by a short hash, with what its model says, where that is shown."""
        try:
            model = self._model(number(version.get("modelId")) or "")
        except NotFound:
            return {value: about_of_version(version)}
        held = _held(model, number(version.get("id")) or "") or version
        return {value: _of_file(model, held, value)}

    def _models(self, wanted: Iterable[str]) -> dict[str, Record]:
        """Models by their ids; those that a list leaves out (archived ones) are asked for one by one."""
        ids = sorted(wanted, key=int)
        found: dict[str, Record] = {}
        for first in range(0, len(ids), MODELS_AT_ONCE):
            part = ids[first : first + MODELS_AT_ONCE]
            params: dict[str, str | int | list[str]] = {"ids": ",".join(part), "limit": len(part), "nsfw": "true"}
            answer = self._api.get(f"{self._root}/models", params=params)
            if answer.status != 200:
                raise explain_lookup(answer, "models with these numbers")
            found |= {number(each.get("id")) or "": each for each in records(body_record(answer).get("items"))}
        for each in ids:
            if each not in found:
                try:
                    found[each] = self._model(each)
                except NotFound:
                    continue
        return found

    def _model(self, model: str) -> Record:
        return self._ask(f"models/{model}", f"model {model}")

    def _ask(self, route: str, what: str) -> Record:
        answer = self._api.get(f"{self._root}/{route}")
        if answer.status != 200:
            raise explain_lookup(answer, what)
        return body_record(answer)

    def _about(self, model: Record, version: str) -> About:
        if version and not _held(model, version):
            raise RevisionNotFound(f"{TITLE} shows no version {version} of model {number(model.get('id'))}.")
        return replace(about_of_model(model, version_id=version), licence=licence_of(model) or "")


def _held(model: Record, version: str) -> Record:
    """The version of this number inside its model, empty when it is not shown."""
    return next((each for each in records(model.get("modelVersions")) if number(each.get("id")) == version), {})


def _of_file(model: Record, version: Record, value: str) -> About:
    """What is said of one version, with the digests of the file that has this one."""
    about = about_of_version({**version, "modelId": model.get("id"), "model": model})
    files = (claimed_of(file) for file in records(version.get("files")))
    claimed = next((each for each in files if value in each.values()), about.claimed)
    return replace(about, claimed=claimed, licence=licence_of(model) or "")


def _version(version: Record, model: str) -> Version:
    own = number(version.get("id")) or ""
    files = tuple(
        VersionFile(text(file.get("name")) or "", size_of(file), claimed_of(file))
        for file in records(version.get("files"))
    )
    return Version(
        id=own,
        name=text(version.get("name")) or "",
        base_model=text(version.get("baseModel")) or "",
        published=text(version.get("publishedAt")) or text(record(version).get("createdAt")) or "",
        page=page_of(model, own),
        files=files,
    )
