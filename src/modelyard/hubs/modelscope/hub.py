"""The ModelScope hub: its port, with search and key check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelyard.errors import ServerFailed, YardError
from modelyard.hubs.answers import body_record, records, text, texts
from modelyard.hubs.base import Keyed, never_keyed
from modelyard.hubs.endpoints import endpoint, with_endpoint
from modelyard.hubs.links import home
from modelyard.hubs.modelscope import addresses
from modelyard.hubs.modelscope.describing import Describer
from modelyard.hubs.modelscope.listing import Lister
from modelyard.hubs.modelscope.refusals import SETTINGS, TITLE, explain
from modelyard.hubs.refusals import page_instead
from modelyard.hubs.selection import one_file
from modelyard.keys.realm import Realm, bearer_and_session
from modelyard.net.api import Answer, Api
from modelyard.net.url import parse
from modelyard.values.about import About, Change, Version
from modelyard.values.offers import Address, Finding, KeyReport, Listing, Offer, Source
from modelyard.values.untrusted import record, whole

_MOST = 3_000
"""``page_number`` times ``page_size`` may not exceed this (facts 4.2)."""

_PAGE = 50
_ENV = ("MODELSCOPE_ENDPOINT", "MODELSCOPE_DOMAIN")
_REALM = Realm(
    addresses.NAME,
    TITLE,
    frozenset(f"https://{host}" for host in ("modelscope.cn", "www.modelscope.cn", "www.modelscope.ai")),
    ("MODELSCOPE_API_TOKEN",),
    SETTINGS,
    bearer_and_session,
)


def realm(env: Mapping[str, str]) -> Realm:
    """Where the key may go under this environment."""
    return with_endpoint(_REALM, endpoint(env, *_ENV))


def make(api: Api, env: Mapping[str, str], keyed: Keyed = never_keyed) -> ModelScope:
    """The hub under this environment (``MODELSCOPE_ENDPOINT``, ``MODELSCOPE_DOMAIN``)."""
    return ModelScope(api, endpoint(env, *_ENV), keyed)


class ModelScope:
    """Implements `Hub`.

    Args:
        chosen: Endpoint that a person set instead of the hub's own; all its links go there.
        keyed: Whether requests to an origin carry a key.
    """

    name = addresses.NAME
    title = TITLE
    prefixes = ("ms", "modelscope")
    examples = addresses.EXAMPLES
    finds_hashes = False
    lists_versions = False

    def __init__(self, api: Api, chosen: str | None = None, keyed: Keyed = never_keyed) -> None:
        self._api = api
        self._keyed = keyed
        self.endpoint = chosen or addresses.ENDPOINT
        self._home = home(addresses.ENDPOINT, addresses.ORIGINS, addresses.ELSEWHERE, chosen)
        self.realm = with_endpoint(_REALM, chosen)

    def read(self, text: str) -> Address | None:
        return addresses.read(text, self._home)

    def show(self, address: Address) -> str:
        return addresses.show(address)

    def link(self, address: Address) -> str:
        path, site = one_file(address), address.endpoint or addresses.ENDPOINT
        return addresses.file_url(address, site, address.revision, path) if path else ""

    def resolve(self, address: Address) -> Listing:
        return Lister(self._api, address.endpoint or self.endpoint, self._explain).resolve(address)

    def search(self, text: str, *, limit: int, kind: str | None = None) -> list[Finding]:
        kept = "dataset" if kind == "dataset" else "model"
        found: list[Finding] = []
        for page in range(1, _MOST // _PAGE + 1):
            params: dict[str, str | int | list[str]] = {"search": text, "page_number": page, "page_size": _PAGE}
            answer = self._api.get(f"{self.endpoint}/openapi/v1/{kept}s", params=params)
            if answer.status != 200:
                raise self._explain(answer, Address(self.name, f"search for {text!r}"))
            data = record(body_record(answer).get("data"))
            rows = records(data.get(f"{kept}s"))
            found += [finding for row in rows if (finding := self._finding(row, kept))]
            if len(rows) < _PAGE or len(found) >= limit:
                break
        return found[:limit]

    def by_hash(self, digests: Sequence[str]) -> dict[str, list[Offer]]:  # noqa: ARG002  # the hub has no such search
        return {}

    def about_by_hash(self, digests: Sequence[str]) -> dict[str, About]:  # noqa: ARG002  # as `by_hash`
        return {}

    def about(self, address: Address) -> About:
        return Describer(self._api, address.endpoint or self.endpoint, self._explain).of(address)

    def versions(self, address: Address) -> list[Version]:
        return Describer(self._api, address.endpoint or self.endpoint, self._explain).versions(address)

    def changes(self, address: Address, paths: Sequence[str]) -> dict[str, Change]:
        return Lister(self._api, address.endpoint or self.endpoint, self._explain).changes(address, paths)

    def in_history(self, address: Address, commit: str) -> bool | None:  # noqa: ARG002  # only the last commit is told
        return None

    def check_key(self, gated: Address | None = None) -> KeyReport:
        if not self._keyed(parse(self.endpoint).origin):
            return KeyReport(self.name, False, note="No key is kept.")
        answer = self._api.get(f"{self.endpoint}/openapi/v1/users/me", cache=False)
        if answer.status == 401:
            return KeyReport(self.name, False, note="The hub does not know this key.")
        if answer.status != 200:
            raise self._explain(answer, Address(self.name, "account behind this key"))
        me = record(body_record(answer).get("data"))
        owner = text(me.get("username")) or text(me.get("name")) or text(me.get("nickname"))
        return KeyReport(self.name, True, owner, opens=self._opens(gated) if gated else None)

    def explain(self, answer: Answer, source: Source) -> YardError | None:
        if parse(answer.url).origin != parse(source.url).origin:
            return None  # the storage behind speaks: an expired link, not the hub's opinion
        address = self.read(source.url) or Address(self.name, "the file")
        if page_instead(answer, address.path):
            return ServerFailed(f"{TITLE} sent a page instead of {address.path or 'the file'}.")
        return None if answer.status < 400 else self._explain(answer, address)

    def _explain(self, answer: Answer, address: Address) -> YardError:
        return explain(answer, address, keyed=self._keyed(parse(answer.url).origin))

    def _opens(self, gated: Address) -> bool | None:
        """Only the files tell: a gated model's own page is public."""
        url = f"{addresses.api_url(gated, gated.endpoint or self.endpoint)}/repo/files"
        answer = self._api.get(url, params={"Revision": gated.revision or addresses.DEFAULT_REVISION}, cache=False)
        return {200: True, 401: False, 403: False, 404: False}.get(answer.status)

    def _finding(self, row: Mapping[str, Any], kind: str) -> Finding | None:
        model = text(row.get("id"))
        address = self.read(f"ms:{kind}s/{model}") if model and model.count("/") == 1 else None
        if not address:
            return None
        return Finding(
            self.name,
            self.show(address),
            text(row.get("display_name")) or address.model,
            kind=next(iter(texts(row.get("tasks"))), kind),
            downloads=whole(row.get("downloads")),
            likes=whole(row.get("likes")),
            updated=text(row.get("last_modified")),
            page=addresses.page_url(address, self.endpoint),
            gated=row.get("gated") is True or row.get("login_required") is True,
        )
