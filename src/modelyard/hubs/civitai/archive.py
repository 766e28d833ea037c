"""CivArchive: what it keeps of models that CivitAI no longer shows (facts 3.8).

It lists mirrors on other hosts. What they send counts only when it has the SHA-256 that the archive claims, so a
file without one is not offered. Its answers were never seen live from here: read with every shape that its clients
describe, a missing one means "not there".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from modelyard.errors import BadAddress, Stopped, YardError
from modelyard.hubs.answers import claim, number, records, some, text, texts
from modelyard.hubs.civitai.addresses import NAME, page_url
from modelyard.hubs.civitai.files import size_of
from modelyard.hubs.refusals import refusal
from modelyard.hubs.selection import chosen
from modelyard.hubs.web.metalink import is_private
from modelyard.net.api import Api
from modelyard.net.url import parse
from modelyard.values.offers import Access, Address, Listing, Offer, Source
from modelyard.values.untrusted import record

ENDPOINT = "https://civarchive.com"
TITLE = "CivArchive"
MOST_AT_ONCE = 16
"""Hashes that are asked for in one go: the archive takes one a request, and its limits are not known."""

_MOST_SOURCES = 8
_NOTE = f"{TITLE} keeps it; CivitAI no longer shows it."


class Archive:
    """Asks the archive at one endpoint. Whatever goes wrong there means that it has nothing, except a wish to stop."""

    def __init__(self, api: Api, endpoint: str) -> None:
        self._api = api
        self._endpoint = endpoint

    def listing(self, address: Address) -> Listing | None:
        """What is kept of a model of this number, and of the version when one is named; None for nothing."""
        if not address.model:
            return None
        version = {"modelVersionId": address.revision} if address.revision else {}
        try:
            kept = self._ask(f"models/{address.model}", version)
        except Stopped:
            raise
        except YardError:
            return None
        if kept is None or address.revision not in (None, kept.address.revision) or address.model != kept.address.model:
            return None
        offers = kept.offers
        if wanted := dict(address.options).get("fileId"):
            offers = [one for one in offers if ("fileId", wanted) in one.address.options]
        try:
            picked = chosen(offers, address.path, title=kept.title) if address.path and offers else tuple(offers)
        except YardError:
            return None
        pinned = replace(kept.address, path=address.path, options=address.options)
        return kept.listing(pinned, picked) if picked else None

    def by_hash(self, digests: Sequence[str]) -> dict[str, list[Offer]]:
        """Offers of files with these SHA-256 (64 lower-case hex digits); only the first `MOST_AT_ONCE` are asked.

        An archive that cannot be reached is not asked again for the next one.
        """
        found: dict[str, list[Offer]] = {}
        for value in digests[:MOST_AT_ONCE]:
            try:
                kept = self._ask(f"sha256/{value}", {})
            except Stopped:
                raise
            except YardError:
                break
            offers = [one for one in kept.offers if one.claimed["sha256"] == value] if kept else []
            if offers:
                found[value] = offers
        return found

    def _ask(self, route: str, params: Mapping[str, str]) -> Kept | None:
        answer = self._api.get(f"{self._endpoint}/api/{route}", params=params)
        if answer.status not in (200, 404):
            raise refusal(answer, TITLE, what=route)
        told = record(answer.json()) if answer.status == 200 else {}
        return Kept(told, self._endpoint, public=not is_private(answer.url)) if told else None


class Kept:
    """One answer of the archive.

    Attributes:
        address: Model and version by CivitAI's numbers.
        offers: The files of that version, the main one first.
    """

    def __init__(self, told: Mapping[str, Any], endpoint: str, *, public: bool) -> None:
        data = record(told.get("data")) or told
        model = record(data.get("model")) or data
        version = record(data.get("version")) or record(model.get("version"))
        files = records(version.get("files")) or records(data.get("files")) or records(model.get("files"))
        first = files[0] if files else {}
        self._model, self._version, self._endpoint, self._public = model, version, endpoint, public
        self.address = Address(
            NAME,
            number(version.get("modelId")) or number(model.get("id")) or _number(first, "modelId", "model_id") or "",
            number(version.get("id")) or _number(first, "modelVersionId", "model_version_id"),
        )
        self.title = " ".join(filter(None, (text(model.get("name")), text(version.get("name"))))) or "model"
        models = [file for file in files if file.get("type") in (None, "Model", "Pruned Model")]
        main = next(iter(models or files), None)
        self.offers = [offer for file in files if (offer := self._offer(file, file is main))]
        self.offers.sort(key=lambda offer: not offer.primary)

    def listing(self, pinned: Address, offers: Sequence[Offer]) -> Listing:
        """The listing with these of its offers."""
        facts = some(
            type=text(self._model.get("type")),
            creator=text(self._model.get("creator_username")) or text(self._model.get("username")),
            tags=texts(self._model.get("tags")),
            version=text(self._version.get("name")),
            version_id=self.address.revision,
            base_model=text(self._version.get("baseModel")),
            trigger_words=texts(self._version.get("trigger")),
            kept_by=TITLE,
        )
        return Listing(pinned, self.title, tuple(offers), page=self._page, access=Access.OPEN, facts=facts)

    @property
    def _page(self) -> str:
        return page_url(self.address, self._endpoint)

    def _offer(self, file: Mapping[str, Any], main: bool) -> Offer | None:
        claimed: dict[str, str] = {}
        claim(claimed, "sha256", file.get("sha256") or record(file.get("hashes")).get("SHA256"))
        name = text(file.get("name")) or next(filter(None, (text(one.get("filename")) for one in _open(file))), None)
        sources = tuple(Source(url, told_by_public=self._public) for url in self._urls(file, main))
        if not claimed or not name or not sources:
            return None
        file_id = number(file.get("id"))
        address = replace(self.address, options=(("fileId", file_id),) if file_id else ())
        kind = text(file.get("type")) or "Model"
        return Offer(
            address,
            name,
            size_of(file),
            claimed,
            sources,
            kind=(text(self._model.get("type")) or kind) if kind in ("Model", "Pruned Model") else kind,
            access=Access.OPEN,
            page=self._page,
            primary=main,
            note=_NOTE,
        )

    def _urls(self, file: Mapping[str, Any], main: bool) -> list[str]:
        """Mirrors elsewhere first, then the archive's own link, then CivitAI, which had it once."""
        ranked = [
            ((one.get("source") == NAME, one.get("is_gated") is True), text(one.get("url"))) for one in _open(file)
        ]
        if main:
            ranked.append(((False, False), f"{self._endpoint}/api/download/models/{self.address.revision}"))
        urls = [url for _, url in sorted(ranked, key=lambda pair: pair[0]) if url and _fetchable(url)]
        return list(dict.fromkeys(urls))[:_MOST_SOURCES]


def _open(file: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The mirrors that still have it, for nothing."""
    return (one for one in records(file.get("mirrors")) if not one.get("deletedAt") and one.get("is_paid") is not True)


def _number(file: Mapping[str, Any], *names: str) -> str | None:
    return next(filter(None, (number(file.get(name)) for name in names)), None)


def _fetchable(url: str) -> bool:
    try:
        return bool(parse(url).text)
    except BadAddress:
        return False
