"""Which files CivitAI has with given hashes (facts 3.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from modelyard.errors import BadAnswer
from modelyard.hubs.answers import number, records, text
from modelyard.hubs.civitai.addresses import NAME
from modelyard.hubs.civitai.files import access_of, offers_of
from modelyard.hubs.civitai.refusals import explain_lookup
from modelyard.net.api import Api
from modelyard.values.offers import Address, Offer
from modelyard.values.untrusted import record

VERSIONS_AT_ONCE = 100
IDS_AT_ONCE = 10_000
_SHA256 = 64


class HashSearch:
    """Looks hashes up at one endpoint.

    Many SHA-256 are first reduced by ``by-hash/ids``, which takes 10,000 in one request, to those that
    the site has.
    """

    def __init__(self, api: Api, endpoint: str) -> None:
        self._api = api
        self._root = f"{endpoint}/api/v1/model-versions/by-hash"
        self._endpoint = endpoint

    def find(self, digests: Sequence[str]) -> dict[str, list[Offer]]:
        """See `Hub.by_hash`."""
        wanted = {each.strip().lower() for each in digests}
        usable = {each for each in wanted if each and all(char in "0123456789abcdef" for char in each)}
        long = sorted(each for each in usable if len(each) == _SHA256)
        found: dict[str, list[Offer]] = {}
        for version in self.versions(long):
            self._sort_in(version, set(long), found)
        for short in sorted(usable - set(long)):
            self._sort_in(self.single(short), {short}, found)
        return {given: found[low] for given in digests if (low := given.strip().lower()) in found}

    def versions(self, long: list[str]) -> Iterator[Mapping[str, Any]]:
        """The versions that have files with these SHA-256, each once."""
        if len(long) == 1:
            yield self.single(long[0])
            return
        known = long if len(long) <= VERSIONS_AT_ONCE else self._known(long)
        seen = set()
        for part in _parts(known, VERSIONS_AT_ONCE):
            for version in records(self._post(self._root, part)):  # nulls and duplicates occur
                if (version_id := number(version.get("id"))) not in seen:
                    seen.add(version_id)
                    yield version

    def _known(self, long: list[str]) -> list[str]:
        return sorted(self.places(long).keys() & set(long))

    def places(self, long: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
        """Model and version of every file with these SHA-256, the oldest version first; 10,000 in one request."""
        found: dict[str, list[tuple[str, str]]] = {}
        rows = (row for part in _parts(long, IDS_AT_ONCE) for row in records(self._post(f"{self._root}/ids", part)))
        for row in rows:
            model, version = number(row.get("modelId")), number(row.get("modelVersionId"))
            if model and version:
                found.setdefault((text(row.get("hash")) or "").lower(), []).append((model, version))
        return {value: sorted(set(places), key=lambda one: int(one[1])) for value, places in found.items()}

    def single(self, value: str) -> Mapping[str, Any]:
        """The version that has a file with this hash of any kind, empty when there is none."""
        answer = self._api.get(f"{self._root}/{value.upper()}")
        if answer.status == 404:
            return {}
        if answer.status != 200:
            raise explain_lookup(answer, f"file with hash {value}")
        return record(answer.json())

    def _post(self, url: str, values: list[str]) -> list[Any]:
        answer = self._api.post(url, [value.upper() for value in values])
        if answer.status != 200:
            raise explain_lookup(answer, "files with these hashes")
        told = answer.json()
        if not isinstance(told, list):
            raise BadAnswer("CivitAI answered a search by hash with no list.")
        return told

    def _sort_in(self, version: Mapping[str, Any], wanted: set[str], found: dict[str, list[Offer]]) -> None:
        model = record(version.get("model"))
        number_of_model = number(version.get("modelId")) or ""
        address = Address(NAME, number_of_model, number(version.get("id")))
        if address.revision is None:
            return
        for offer in offers_of(version, address, self._endpoint, model, access_of(version)):
            for value in set(offer.claimed.values()) & wanted:
                found.setdefault(value, []).append(offer)


def _parts(values: Sequence[str], size: int) -> Iterable[list[str]]:
    return (list(values[start : start + size]) for start in range(0, len(values), size))
