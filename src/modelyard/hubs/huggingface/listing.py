"""Asking Hugging Face what a model holds: one HEAD for one file, else the model info and its tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from msgspec.structs import replace

from modelyard.errors import BadAnswer, YardError
from modelyard.hubs.answers import body_record, records, some, text, texts
from modelyard.hubs.companions import companions, is_one_of_several
from modelyard.hubs.huggingface.addresses import NAME, file_url, is_id, page_url
from modelyard.hubs.huggingface.entries import Entry, Told, head_told, is_commit, sibling_entry, tree_entry
from modelyard.hubs.huggingface.refusals import error_code
from modelyard.hubs.selection import is_glob, narrow
from modelyard.hubs.web.digest_fields import link_fields
from modelyard.net.api import Answer, Api, Follow
from modelyard.net.url import parse
from modelyard.values.offers import Access, Address, Listing, Offer, Source, Xet
from modelyard.values.untrusted import whole

MOST_PAGES = 2_000
"""Tree pages of 1,000 entries that we read of one model."""

_UNKNOWN_HERE = frozenset({400, 404, 405, 501})
"""Statuses by which a plain file server says that it does not know a route."""

Explain = Callable[[Answer, Address], YardError]


class Lister:
    """Resolves addresses against one endpoint."""

    def __init__(self, api: Api, endpoint: str, explain: Explain) -> None:
        self._api = api
        self._endpoint = endpoint
        self._explain = explain

    def resolve(self, address: Address) -> Listing:
        """See `Hub.resolve`."""
        path = address.path
        if path is None or is_glob(path) or is_one_of_several(path):
            return narrow(self._whole(address), path, companions)
        return self._one(address, path)

    def accompanied(self, address: Address) -> Listing:
        """See `Accompanying.accompanied`; a mirror that knows no model as a whole tells of the file alone."""
        try:
            return narrow(self._whole(address), address.path, companions)
        except YardError as error:
            if error.retryable or address.path is None:
                raise
            return self.resolve(address)

    def _one(self, address: Address, path: str) -> Listing:
        asked = file_url(address, self._endpoint, address.revision or "main", path)
        answer = self._api.head(asked, follow=Follow.SAME_ORIGIN)
        if answer.status < 400:
            told = head_told(answer.status, answer.headers)
            return _single(address, path, told, self._endpoint) if told.enough else self._by_tree(address, path, told)
        missing = error_code(answer) == "EntryNotFound"
        if not missing and (error_code(answer) or answer.status not in _UNKNOWN_HERE):
            raise self._explain(answer, address)
        # A folder, a mirror without HEAD, or a misspelt name whose neighbours the tree knows.
        return narrow(self._whole(address), path, companions)

    def _by_tree(self, address: Address, path: str, told: Told) -> Listing:
        """The tree knows hash and size that HEAD did not tell; a mirror may have no tree at all."""
        try:
            return narrow(self._whole(address), path, companions)
        except YardError as error:
            if error.retryable:
                raise
            return _single(address, path, told, self._endpoint)

    def _whole(self, address: Address) -> Listing:
        info = self._info(address)
        model, sha = text(info.get("id")) or "", text(info.get("sha")) or ""
        pinned = replace(
            address,
            model=model if is_id(model) else address.model,
            revision=sha if is_commit(sha) else address.revision,
            path=None,
        )
        offers = tuple(
            _offer(pinned, entry, info, self._endpoint)
            for entry in self._entries(pinned, records(info.get("siblings")))
        )
        return Listing(
            pinned,
            pinned.model,
            offers,
            page=page_url(pinned, self._endpoint),
            licence=_licence(info),
            access=_access(info),
            facts=_facts(info),
        )

    def _info(self, address: Address) -> Mapping[str, Any]:
        base = self._api_url(address)
        answer = self._api.get(f"{base}/revision/{quote(address.revision or 'main', safe='')}")
        if answer.status == 404 and not error_code(answer) and address.revision is None:
            answer = self._api.get(base)  # a minimal mirror may know only this
        if answer.status != 200:
            raise self._explain(answer, address)
        return body_record(answer)

    def _entries(self, pinned: Address, siblings: list[Mapping[str, Any]]) -> Iterator[Entry]:
        url = f"{self._api_url(pinned)}/tree/{quote(pinned.revision or 'main', safe='')}?recursive=true"
        answer = self._api.get(url)
        if answer.status in _UNKNOWN_HERE and not error_code(answer) and siblings:
            yield from filter(None, map(sibling_entry, siblings))
            return
        for page in self._pages(answer, pinned):
            yield from filter(None, map(tree_entry, page))

    def _pages(self, answer: Answer, pinned: Address) -> Iterator[list[Mapping[str, Any]]]:
        seen = {answer.url}
        for _ in range(MOST_PAGES):
            if answer.status != 200:
                raise self._explain(answer, pinned)
            page = answer.json()
            if not isinstance(page, list):
                raise BadAnswer(f"The file list of {pinned.model} is no list.")
            yield records(page)
            following = next_page(answer)
            if following is None:
                return
            if following in seen:
                raise BadAnswer(f"The file list of {pinned.model} leads back to itself.")
            seen.add(following)
            answer = self._api.get(following)
        raise BadAnswer(f"The file list of {pinned.model} has more than {MOST_PAGES} pages.")

    def _api_url(self, address: Address) -> str:
        return f"{self._endpoint}/api/{address.kind}s/{address.model}"


def next_page(answer: Answer) -> str | None:
    """The next page that a Link field names (facts 2.3), None on the last one.

    Raises:
        BadAnswer: It leads to another server.
    """
    for field in link_fields(answer.headers.get("link"), answer.url):
        if field.has("next"):
            if parse(field.url).origin != parse(answer.url).origin:
                raise BadAnswer(f"{urlsplit(answer.url).netloc} sends us to another server for the rest of its list.")
            return field.url
    return None


def _single(address: Address, path: str, told: Told, endpoint: str) -> Listing:
    pinned = replace(address, revision=told.commit or address.revision, path=None)
    offer = _offer(pinned, Entry(path, told.size, told.claimed, told.xet), {}, endpoint)
    return Listing(offer.address, pinned.model, (offer,), page=page_url(pinned, endpoint))


def _offer(pinned: Address, entry: Entry, info: Mapping[str, Any], endpoint: str) -> Offer:
    return Offer(
        address=replace(pinned, path=entry.path),
        path=entry.path,
        size=entry.size,
        claimed=entry.claimed,
        sources=(Source(file_url(pinned, endpoint, pinned.revision or "main", entry.path), NAME),),
        licence=_licence(info),
        access=_access(info),
        page=f"{page_url(pinned, endpoint)}/blob/{quote(pinned.revision or 'main', safe='')}/{quote(entry.path)}",
        xet=Xet(entry.xet, _token_url(pinned, endpoint)) if entry.xet else None,
    )


def _token_url(pinned: Address, endpoint: str) -> str:
    return f"{endpoint}/api/{pinned.kind}s/{pinned.model}/xet-read-token/{quote(pinned.revision or 'main', safe='')}"


def _licence(info: Mapping[str, Any]) -> str | None:
    card = info.get("cardData")
    named = texts(card.get("license_name") or card.get("license")) if isinstance(card, dict) else []
    tagged = [tag.removeprefix("license:") for tag in texts(info.get("tags")) if tag.startswith("license:")]
    return ", ".join(named or tagged) or None


def _access(info: Mapping[str, Any]) -> Access:
    if info.get("disabled") is True:
        return Access.DISABLED
    if info.get("gated") in ("auto", "manual", True):
        return Access.GATED
    if info.get("private") is True:
        return Access.LOGIN
    return Access.OPEN if info.get("gated") is False else Access.UNKNOWN


def _facts(info: Mapping[str, Any]) -> dict[str, object]:
    card = info.get("cardData")
    return some(
        id=text(info.get("_id")),
        author=text(info.get("author")),
        task=text(info.get("pipeline_tag")),
        library=text(info.get("library_name")),
        base_model=texts(card.get("base_model")) if isinstance(card, dict) else None,
        tags=texts(info.get("tags")),
        downloads=whole(info.get("downloads")),
        likes=whole(info.get("likes")),
        updated=text(info.get("lastModified")),
        gated=text(info.get("gated")),
        used_storage=whole(info.get("usedStorage")),
    )
