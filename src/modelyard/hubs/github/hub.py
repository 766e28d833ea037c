"""Releases on GitHub: a release is the model, its assets are the files (facts 5.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from modelyard.errors import (
    FileNotInModel,
    ModelNotFound,
    NotFound,
    RateLimited,
    RevisionNotFound,
    ServerFailed,
    YardError,
)
from modelyard.hubs.answers import body_record, claim, number, records, some, text
from modelyard.hubs.base import Keyed, never_keyed
from modelyard.hubs.endpoints import endpoint, with_endpoint
from modelyard.hubs.github import addresses
from modelyard.hubs.github.refusals import SETTINGS, TITLE, explain
from modelyard.hubs.links import home
from modelyard.hubs.refusals import page_instead
from modelyard.hubs.selection import is_glob, narrow, one_file
from modelyard.keys.realm import Realm
from modelyard.net.api import Answer, Api
from modelyard.net.url import parse
from modelyard.values.offers import Access, Address, Finding, KeyReport, Listing, Offer, Source
from modelyard.values.untrusted import record, whole

_REALM = Realm(addresses.NAME, TITLE, frozenset({addresses.API}), ("GITHUB_TOKEN", "GH_TOKEN"), SETTINGS)
_RAW = (("Accept", "application/octet-stream"),)
"""With this the API serves an asset's bytes, also of a private repository."""


def _endpoints(env: Mapping[str, str]) -> tuple[str | None, str | None]:
    site, api = endpoint(env, "GITHUB_ENDPOINT"), endpoint(env, "GITHUB_API_ENDPOINT")
    return site, api or site  # a GitHub Enterprise server has its API elsewhere and needs the second variable


def realm(env: Mapping[str, str]) -> Realm:
    """Where the key may go under this environment."""
    return with_endpoint(_REALM, _endpoints(env)[1])


def make(api: Api, env: Mapping[str, str], keyed: Keyed = never_keyed) -> GitHub:
    """The hub under this environment (``GITHUB_ENDPOINT``, ``GITHUB_API_ENDPOINT``)."""
    return GitHub(api, *_endpoints(env), keyed)


class GitHub:
    """Implements `Hub`.

    Args:
        chosen: Site that a person set instead of the hub's own.
        chosen_api: Root of its API.
        keyed: Whether requests to an origin carry a key.
    """

    name = addresses.NAME
    title = TITLE
    prefixes = ("gh", "github")
    examples = addresses.EXAMPLES

    def __init__(
        self, api: Api, chosen: str | None = None, chosen_api: str | None = None, keyed: Keyed = never_keyed
    ) -> None:
        self._api = api
        self._keyed = keyed
        self.endpoint = chosen or addresses.ENDPOINT
        self._root = chosen_api or addresses.API
        self._home = home(addresses.ENDPOINT, addresses.ORIGINS, {}, chosen)
        self.realm = with_endpoint(_REALM, chosen_api)

    def read(self, text: str) -> Address | None:
        return addresses.read(text, self._home)

    def show(self, address: Address) -> str:
        return addresses.show(address)

    def link(self, address: Address) -> str:
        path = one_file(address)
        return addresses.file_url(addresses.ENDPOINT, address.model, address.revision, path) if path else ""

    def resolve(self, address: Address) -> Listing:
        try:
            release = self._release(address)
        except RateLimited:
            # The link itself needs no API; only size and hash stay unknown until the bytes come.
            if address.path is None or is_glob(address.path):
                raise
            return self._unasked(address, address.path)
        return narrow(self._listing(address, release), address.path, lambda _chosen, _others: ())

    def search(self, text: str, *, limit: int, kind: str | None = None) -> list[Finding]:  # noqa: ARG002  # as below
        return []  # its search finds code, not models

    def by_hash(self, digests: Sequence[str]) -> dict[str, list[Offer]]:  # noqa: ARG002  # the hub has no such search
        return {}

    def check_key(self, gated: Address | None = None) -> KeyReport:
        if not self._keyed(parse(self._root).origin):
            return KeyReport(self.name, False, note="No key is kept.")
        answer = self._api.get(f"{self._root}/user", cache=False)
        if answer.status == 401:
            return KeyReport(self.name, False, note="GitHub does not know this key.")
        if answer.status != 200:
            raise explain(answer, "account behind this key")
        scopes = tuple(word.strip() for word in answer.headers.get("x-oauth-scopes").split(",") if word.strip())
        opens = self._releases(gated).status == 200 if gated else None
        return KeyReport(self.name, True, text(record(answer.json()).get("login")), None, scopes, opens)

    def explain(self, answer: Answer, source: Source) -> YardError | None:
        if parse(answer.url).origin != parse(source.url).origin:
            return None  # the storage behind speaks: an expired link, not the site's opinion
        address = self.read(source.url)
        what = f"{address.path or 'the release'} of {address.model}" if address else "the file"
        if answer.status == 404:
            return FileNotInModel(f"{TITLE} has no {what}.", hint="Its author may have replaced or removed it.")
        if page_instead(answer, address.path if address else None):
            return ServerFailed(f"{TITLE} sent a page instead of {what}.")
        return None if answer.status < 400 else explain(answer, what)

    def _release(self, address: Address) -> Mapping[str, Any]:
        which = f"tags/{quote(address.revision, safe='')}" if address.revision else "latest"
        answer = self._api.get(f"{self._root}/repos/{address.model}/releases/{which}")
        if answer.status == 404:
            raise self._missing(address)
        if answer.status != 200:
            raise explain(answer, f"release of {address.model}")
        return body_record(answer)

    def _missing(self, address: Address) -> NotFound:
        answer = self._releases(address)
        if answer.status != 200:
            return ModelNotFound(f"{TITLE} shows no repository {address.model} with releases.")
        tags = [tag for each in records(answer.json()) if (tag := text(each.get("tag_name")))]
        asked = f"release {address.revision!r}" if address.revision else "release"
        return RevisionNotFound(
            f"{address.model} has no {asked}.",
            hint=f"There is {', '.join(tags[:5])}." if tags else None,
            link=f"{self.endpoint}/{address.model}/releases",
        )

    def _releases(self, address: Address) -> Answer:
        return self._api.get(f"{self._root}/repos/{address.model}/releases", params={"per_page": 30})

    def _listing(self, address: Address, release: Mapping[str, Any]) -> Listing:
        tag = text(release.get("tag_name")) or address.revision
        pinned = replace(address, revision=tag if tag and addresses.is_tag(tag) else address.revision, path=None)
        assets = records(release.get("assets"))
        return Listing(
            pinned,
            f"{address.model} {text(release.get('name')) or tag or ''}".strip(),
            tuple(offer for asset in assets if (offer := self._offer(pinned, asset))),
            page=addresses.page_url(self.endpoint, pinned.model, pinned.revision),
            facts=some(
                tag=tag,
                published=text(release.get("published_at")),
                prerelease=release.get("prerelease") is True or None,
                author=text(record(release.get("author")).get("login")),
            ),
        )

    def _offer(self, pinned: Address, asset: Mapping[str, Any]) -> Offer | None:
        name, claimed = text(asset.get("name")), dict[str, str]()
        if not name or "/" in name or asset.get("state") not in ("uploaded", None):
            return None
        algorithm, _, value = (text(asset.get("digest")) or "").partition(":")
        claim(claimed, algorithm if algorithm in ("sha256", "sha512") else "", value)
        sources = [Source(addresses.file_url(self.endpoint, pinned.model, pinned.revision, name), self.name)]
        if asset_id := number(asset.get("id")):
            raw = f"{self._root}/repos/{pinned.model}/releases/assets/{asset_id}"
            sources.append(Source(raw, self.name, _RAW))
        return Offer(
            address=replace(pinned, path=name),
            path=name,
            size=whole(asset.get("size")),
            claimed=claimed,
            sources=tuple(sources),
            access=Access.UNKNOWN,
            page=addresses.page_url(self.endpoint, pinned.model, pinned.revision),
        )

    def _unasked(self, address: Address, path: str) -> Listing:
        source = Source(addresses.file_url(self.endpoint, address.model, address.revision, path), self.name)
        page = addresses.page_url(self.endpoint, address.model, address.revision)
        note = f"{TITLE} allowed no question about it: size and hash are not known in advance."
        offer = Offer(address, path, None, {}, (source,), page=page, note=note)
        return Listing(address, address.model, (offer,), page=page)
