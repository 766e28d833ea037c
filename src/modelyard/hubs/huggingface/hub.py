"""The Hugging Face hub: its port, with search and key check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modelyard.errors import AccessError, KeyWrong, ServerFailed, YardError
from modelyard.hubs.answers import records, text, texts
from modelyard.hubs.base import Keyed, never_keyed
from modelyard.hubs.endpoints import endpoint, with_endpoint
from modelyard.hubs.huggingface import addresses
from modelyard.hubs.huggingface.describing import Describer
from modelyard.hubs.huggingface.history import Historian
from modelyard.hubs.huggingface.listing import Lister, next_page
from modelyard.hubs.huggingface.refusals import TITLE, explain
from modelyard.hubs.links import home
from modelyard.hubs.refusals import page_instead
from modelyard.hubs.selection import one_file
from modelyard.keys.realm import Realm
from modelyard.net.api import Answer, Api
from modelyard.net.url import parse
from modelyard.values.about import About, Change, Version
from modelyard.values.offers import Access, Address, Finding, KeyReport, Listing, Offer, Source
from modelyard.values.untrusted import record, whole

_KINDS = ("model", "dataset", "space")
_REALM = Realm(
    addresses.NAME,
    TITLE,
    frozenset({addresses.ENDPOINT}),
    ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH"),
    "https://huggingface.co/settings/tokens",
)


def realm(env: Mapping[str, str]) -> Realm:
    """Where the key may go under this environment."""
    return with_endpoint(_REALM, endpoint(env, "HF_ENDPOINT"))


def make(api: Api, env: Mapping[str, str], keyed: Keyed = never_keyed) -> HuggingFace:
    """The hub under this environment (``HF_ENDPOINT``)."""
    return HuggingFace(api, endpoint(env, "HF_ENDPOINT"), keyed)


class HuggingFace:
    """Implements `Hub`.

    Args:
        chosen: Endpoint that a person set instead of the hub's own; all its links go there.
        keyed: Whether requests to an origin carry a key.
    """

    name = addresses.NAME
    title = TITLE
    prefixes = ("hf", "huggingface")
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
        return addresses.file_url(address, site, address.revision or "main", path) if path else ""

    def resolve(self, address: Address) -> Listing:
        return self._lister(address).resolve(address)

    def accompanied(self, address: Address) -> Listing:
        return self._lister(address).accompanied(address)

    def _lister(self, address: Address) -> Lister:
        return Lister(self._api, address.endpoint or self.endpoint, self._explain)

    def search(self, text: str, *, limit: int, kind: str | None = None) -> list[Finding]:
        kept = kind if kind in _KINDS else "model"
        params: dict[str, str | int | list[str]] = {"search": text, "limit": min(limit, 100)}
        params |= {"sort": "downloads", "direction": "-1"}
        if kind and kind not in _KINDS:
            params["filter"] = kind.lower()
        answer = self._api.get(f"{self.endpoint}/api/{kept}s", params=params)
        found: list[Finding] = []
        while True:
            if answer.status != 200:
                raise explain(answer, Address(self.name, f"search for {text!r}"))
            page = records(answer.json())
            found += [finding for each in page if (finding := self._finding(each, kept))]
            following = next_page(answer)
            if not page or not following or len(found) >= limit:
                return found[:limit]
            answer = self._api.get(following)

    def by_hash(self, digests: Sequence[str]) -> dict[str, list[Offer]]:  # noqa: ARG002  # the hub has no such search
        return {}

    def about_by_hash(self, digests: Sequence[str]) -> dict[str, About]:  # noqa: ARG002  # as `by_hash`
        return {}

    def about(self, address: Address) -> About:
        return Describer(self._api, address.endpoint or self.endpoint, self._explain).of(address)

    def versions(self, address: Address) -> list[Version]:
        return Describer(self._api, address.endpoint or self.endpoint, self._explain).versions(address)

    def changes(self, address: Address, paths: Sequence[str]) -> dict[str, Change]:
        return Historian(self._api, address.endpoint or self.endpoint, self._explain).changes(address, paths)

    def in_history(self, address: Address, commit: str) -> bool | None:
        return Historian(self._api, address.endpoint or self.endpoint, self._explain).in_history(address, commit)

    def check_key(self, gated: Address | None = None) -> KeyReport:
        answer = self._whoami()
        if answer.status == 401:
            kept = self._keyed(parse(self.endpoint).origin)
            return KeyReport(self.name, False, note="The hub does not know this key." if kept else "No key is kept.")
        if answer.status != 200:
            raise explain(answer, Address(self.name, "whoami"))
        return _report(record(answer.json()), self._opens(gated) if gated else None)

    def explain(self, answer: Answer, source: Source) -> YardError | None:
        if parse(answer.url).origin != parse(source.url).origin:
            return None  # the CDN speaks: an expired link, not the hub's opinion
        address = self.read(source.url) or Address(self.name, "the file")
        if page_instead(answer, address.path):
            return ServerFailed(f"{TITLE} sent a page instead of {address.path or 'the file'}.")
        return None if answer.status < 400 else self._explain(answer, address)

    def _explain(self, answer: Answer, address: Address) -> YardError:
        if answer.status == 401 and self._keyed(parse(answer.url).origin) and self._whoami().status == 401:
            return KeyWrong(f"{TITLE} does not know the key that is kept for it.", link=_REALM.settings_page)
        return explain(answer, address)

    def _whoami(self) -> Answer:
        return self._api.get(f"{self.endpoint}/api/whoami-v2", cache=False)

    def gate(self, offer: Offer) -> AccessError | None:
        if offer.access is not Access.GATED:
            return None
        answer = self._auth_check(offer.address)
        error = self._explain(answer, offer.address) if answer.status in (401, 403) else None
        return error if isinstance(error, AccessError) else None

    def _opens(self, gated: Address) -> bool | None:
        return {200: True, 401: False, 403: False}.get(self._auth_check(gated).status)

    def _auth_check(self, gated: Address) -> Answer:
        base = gated.endpoint or self.endpoint
        return self._api.get(f"{base}/api/{gated.kind}s/{gated.model}/auth-check", cache=False)

    def _finding(self, given: Mapping[str, Any], kind: str) -> Finding | None:
        model = text(given.get("id")) or text(given.get("modelId"))
        if not model or not addresses.is_id(model):
            return None
        address = Address(self.name, model, kind=kind)
        return Finding(
            self.name,
            self.show(address),
            model,
            kind=text(given.get("pipeline_tag")) or kind,
            downloads=whole(given.get("downloads")),
            likes=whole(given.get("likes")),
            updated=text(given.get("lastModified")) or text(given.get("createdAt")),
            page=addresses.page_url(address, self.endpoint),
            gated=given.get("gated") in ("auto", "manual", True),
        )


def _report(who: Mapping[str, Any], opens: bool | None) -> KeyReport:
    token = record(record(who.get("auth")).get("accessToken"))
    fine = record(token.get("fineGrained"))
    scopes = texts(fine.get("global"))
    for scoped in records(fine.get("scoped")):
        scopes += texts(scoped.get("permissions"))
    if fine.get("canReadGatedRepos") is True:
        scopes.append("canReadGatedRepos")
    role = {"fineGrained": "fine-grained"}.get(text(token.get("role")) or "", text(token.get("role")))
    return KeyReport(
        addresses.NAME, True, text(who.get("name")), role, tuple(dict.fromkeys(scopes)), opens, _note(fine, opens)
    )


def _note(fine: Mapping[str, Any], opens: bool | None) -> str | None:
    if fine and fine.get("canReadGatedRepos") is False and opens is False:
        return "This fine-grained key may not read gated models; allow it on the settings page."
    return None if opens is not False else "Open the model's page and accept its terms with this account."
