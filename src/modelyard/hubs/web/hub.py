"""Plain web servers: any http(s) URL is a file, and a Metalink describes one or more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from modelyard.errors import NotAModel, YardError
from modelyard.hubs.refusals import page_instead, refusal
from modelyard.hubs.web import addresses
from modelyard.hubs.web.metalink import Described, is_private, read_metalink
from modelyard.keys.realm import Realm
from modelyard.net.api import Answer, Api
from modelyard.net.url import parse, without_query
from modelyard.values.offers import Address, Finding, KeyReport, Listing, Offer, Source

TITLE = "The web server"


def make(api: Api, env: Mapping[str, str]) -> Web:  # noqa: ARG001  # the shape of every hub's factory
    """The hub of plain URLs; nothing in the environment changes it."""
    return Web(api)


class Web:
    """Implements `Hub`. It has no key, no search and no endpoint."""

    name = addresses.NAME
    title = "Web"
    prefixes = ()
    examples = addresses.EXAMPLES
    realm = Realm(addresses.NAME, "Web", frozenset())

    def __init__(self, api: Api) -> None:
        self._api = api

    def read(self, text: str) -> Address | None:
        return addresses.read(text)

    def show(self, address: Address) -> str:
        return address.model

    def link(self, address: Address) -> str:
        return address.model

    def resolve(self, address: Address) -> Listing:
        """One offer without size or hash, and no request: the first answer to a download tells the rest."""
        url = address.model
        if addresses.is_metalink(url):
            return self._metalink(address)
        offer = Offer(address, addresses.name_of(url), None, {}, (Source(url),), page=url, name_is_guess=True)
        return Listing(address, offer.path, (offer,), page=url)

    def search(self, text: str, *, limit: int, kind: str | None = None) -> list[Finding]:  # noqa: ARG002  # there is none
        return []

    def by_hash(self, digests: Sequence[str]) -> dict[str, list[Offer]]:  # noqa: ARG002  # there is none
        return {}

    def check_key(self, gated: Address | None = None) -> KeyReport:  # noqa: ARG002  # there is none
        return KeyReport(self.name, False, note="Plain web servers have no keys here.")

    def explain(self, answer: Answer, source: Source) -> YardError | None:
        where = parse(source.url).host
        if answer.status < 400:
            if not page_instead(answer, addresses.name_of(source.url)):
                return None
            return NotAModel(f"{where} sent a page of HTML instead of a file.", link=without_query(source.url))
        return refusal(answer, where, what="file at this address", page=without_query(source.url))

    def _metalink(self, address: Address) -> Listing:
        answer = self._api.get(address.model)
        if answer.status != 200:
            raise refusal(answer, parse(address.model).host, what="Metalink at this address")
        described = read_metalink(answer.body, answer.url)
        public = not is_private(answer.url)
        offers = tuple(_offer(address, each, public) for each in described)
        return Listing(address, addresses.name_of(address.model), offers, page=address.model)


def _offer(address: Address, given: Described, public: bool) -> Offer:
    return Offer(
        Address(address.hub, given.urls[0]),
        given.name,
        given.size,
        given.claimed,
        tuple(Source(url, told_by_public=public) for url in given.urls),
        page=address.model,
        pieces=given.pieces,
    )
