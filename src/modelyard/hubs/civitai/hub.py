"""The CivitAI hub: its port, with search and key check."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from modelyard.errors import (
    AccessError,
    KeyScope,
    KeyWrong,
    LoginNeeded,
    ModelNotFound,
    Removed,
    RevisionNotFound,
    YardError,
)
from modelyard.hubs.answers import body_record, number, records, text
from modelyard.hubs.base import Keyed, never_keyed
from modelyard.hubs.civitai import addresses, archive
from modelyard.hubs.civitai.describing import Describer
from modelyard.hubs.civitai.hashes import HashSearch
from modelyard.hubs.civitai.lookup import Lookup
from modelyard.hubs.civitai.refusals import TITLE, explain_download, explain_lookup
from modelyard.hubs.endpoints import endpoint, with_endpoint
from modelyard.hubs.gates import early
from modelyard.hubs.links import home
from modelyard.hubs.refusals import is_page, key_hint
from modelyard.keys.realm import Realm
from modelyard.net.api import Answer, Api
from modelyard.net.url import parse
from modelyard.values.about import About, Version
from modelyard.values.offers import Access, Address, Finding, KeyReport, Listing, Offer, Source
from modelyard.values.untrusted import record, whole

MOST_AT_ONCE = 100
SCOPES = (
    "UserRead",
    "UserWrite",
    "ModelsRead",
    "ModelsWrite",
    "ModelsDelete",
    "MediaRead",
    "MediaWrite",
    "MediaDelete",
)
"""Names of the low bits of ``tokenScope`` (the site's ``token-scope.ts``)."""

_SHA256 = re.compile("[0-9a-f]{64}")
_FULL = 2**25 - 1
_MODELS_READ = 1 << SCOPES.index("ModelsRead")
_TYPES = (
    "Checkpoint", "TextualInversion", "Hypernetwork", "AestheticGradient", "LORA", "LoCon", "DoRA", "Controlnet",
    "Upscaler", "MotionModule", "VAE", "TextEncoder", "UNet", "CLIPVision", "Poses", "Wildcards", "Workflows",
    "ComfyWorkflows", "Detection", "VisionLanguage", "CLIP", "LLM", "Other",
)  # fmt: skip
_KINDS = {name.lower(): name for name in _TYPES} | {"embedding": "TextualInversion", "lycoris": "LoCon"}
_REALM = Realm(
    addresses.NAME,
    TITLE,
    frozenset({addresses.ENDPOINT, "https://civitai.red"}),
    ("CIVITAI_TOKEN", "CIVITAI_API_KEY", "CIVITAI_API_TOKEN"),
    "https://civitai.com/user/account",
)


def realm(env: Mapping[str, str]) -> Realm:
    """Where the key may go under this environment."""
    return with_endpoint(_REALM, endpoint(env, "CIVITAI_ENDPOINT"))


def make(api: Api, env: Mapping[str, str], keyed: Keyed = never_keyed) -> Civitai:
    """The hub under this environment (``CIVITAI_ENDPOINT``, ``CIVARCHIVE_ENDPOINT``)."""
    return Civitai(api, endpoint(env, "CIVITAI_ENDPOINT"), keyed, endpoint(env, "CIVARCHIVE_ENDPOINT"))


class Civitai:
    """Implements `Hub`.

    Args:
        chosen: Endpoint that a person set instead of the hub's own; all its links go there.
        keyed: Whether requests to an origin carry a key.
        archived: Endpoint of the archive that is asked for what the site no longer shows; None means the public one,
            or none where a person chose another site.
    """

    name = addresses.NAME
    title = TITLE
    prefixes = ("civitai", "urn", "air")
    examples = addresses.EXAMPLES
    finds_hashes = True
    lists_versions = True

    def __init__(
        self, api: Api, chosen: str | None = None, keyed: Keyed = never_keyed, archived: str | None = None
    ) -> None:
        archived = archived or (None if chosen else archive.ENDPOINT)
        self._archive = archive.Archive(api, archived) if archived else None
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
        if not address.revision or address.path is not None:
            return ""
        chosen = dict(address.options).get("fileId")
        return addresses.file_url(address.endpoint or addresses.ENDPOINT, address.revision, chosen)

    def resolve(self, address: Address) -> Listing:
        try:
            return Lookup(self._api, address.endpoint or self.endpoint, self._keyed).resolve(address)
        except (ModelNotFound, RevisionNotFound, Removed):
            kept = self._archive.listing(address) if self._archive else None
            if kept is None:
                raise
            return kept

    def search(self, text: str, *, limit: int, kind: str | None = None) -> list[Finding]:
        params: dict[str, str | int | list[str]] = {"query": text, "limit": min(limit, MOST_AT_ONCE)}
        if kind:
            params["types"] = _KINDS.get(kind.lower(), kind)
        found: list[Finding] = []
        while True:
            answer = self._api.get(f"{self.endpoint}/api/v1/models", params=params)
            if answer.status != 200:
                raise explain_lookup(answer, f"models like {text!r}")
            body = body_record(answer)
            page = [finding for each in records(body.get("items")) if (finding := self._finding(each))]
            found += page
            cursor = number(record(body.get("metadata")).get("nextCursor")) or _cursor(body)
            if not page or not cursor or len(found) >= limit or cursor == params.get("cursor"):
                return found[:limit]
            params["cursor"] = cursor

    def by_hash(self, digests: Sequence[str]) -> dict[str, list[Offer]]:
        found = HashSearch(self._api, self.endpoint).find(digests)
        unknown = {low: one for one in digests if one not in found and _SHA256.fullmatch(low := one.strip().lower())}
        if self._archive and unknown:
            found |= {unknown[low]: offers for low, offers in self._archive.by_hash(list(unknown)).items()}
        return found

    def about_by_hash(self, digests: Sequence[str]) -> dict[str, About]:
        return Describer(self._api, self.endpoint).by_hash(digests)

    def about(self, address: Address) -> About:
        return Describer(self._api, address.endpoint or self.endpoint).of(address)

    def versions(self, address: Address) -> list[Version]:
        return Describer(self._api, address.endpoint or self.endpoint).versions(address.model)

    def check_key(self, gated: Address | None = None) -> KeyReport:  # noqa: ARG002  # access shows at download only
        answer = self._me()
        if answer.status == 401:
            kept = self._keyed(parse(self.endpoint).origin)
            return KeyReport(self.name, False, note="The site does not know this key." if kept else "No key is kept.")
        if answer.status != 200:
            raise explain_lookup(answer, "account behind this key")
        return _report(record(answer.json()))

    def explain(self, answer: Answer, source: Source) -> YardError | None:
        if source.hub != self.name:
            return None  # a mirror that the archive named
        if answer.status < 400 and not is_page(answer):
            return None
        if answer.status >= 400 and parse(answer.url).origin != parse(source.url).origin:
            return None  # the storage behind speaks: an expired link, not the site's opinion
        address = self.read(source.url)
        what = f"version {address.revision}" if address else "the file"
        page = addresses.page_url(Address(self.name, "", address.revision), self.endpoint) if address else None
        error = explain_download(answer, what, page)
        return self._about_key(error, what) if isinstance(error, LoginNeeded) else error

    def gate(self, offer: Offer) -> AccessError | None:
        """Nothing is asked: whether an account has early access only a download tells, and each one counts."""
        if offer.access is Access.LOGIN:
            what = f"{TITLE} hands out {offer.name} to accounts only."
            return LoginNeeded(what, hint=key_hint(self.name), link=offer.page)
        if offer.access is Access.EARLY and not self._keyed(parse(self.endpoint).origin):
            return early(offer, offer.page)
        return None

    def _about_key(self, error: LoginNeeded, what: str) -> YardError:
        """A login was wanted: if a key was sent, it is wrong or may not read models."""
        if not self._keyed(parse(self.endpoint).origin):
            return error
        answer = self._me()
        if answer.status == 401:
            return KeyWrong(f"{TITLE} does not know the key that is kept for it.", link=_REALM.settings_page)
        scope = whole(record(answer.json()).get("tokenScope")) if answer.status == 200 else None
        if scope is not None and not scope & _MODELS_READ:
            return KeyScope(f"The key may not download models, {what} among them.", link=_REALM.settings_page)
        return error

    def _me(self) -> Answer:
        return self._api.get(f"{self.endpoint}/api/v1/me", cache=False)

    def _finding(self, given: Mapping[str, Any]) -> Finding | None:
        model, stats = number(given.get("id")), record(given.get("stats"))
        if not model:
            return None
        address = Address(self.name, model)
        newest = next(iter(records(given.get("modelVersions"))), {})
        return Finding(
            self.name,
            self.show(address),
            text(given.get("name")) or f"model {model}",
            kind=text(given.get("type")) or "",
            downloads=whole(stats.get("downloadCount")),
            likes=whole(stats.get("thumbsUpCount")),
            updated=text(newest.get("publishedAt")),
            page=addresses.page_url(address, self.endpoint),
            gated=given.get("availability") == "EarlyAccess",
        )


def _cursor(body: Mapping[str, Any]) -> str | None:
    return text(record(body.get("metadata")).get("nextCursor"))


def _report(me: Mapping[str, Any]) -> KeyReport:
    bits = whole(me.get("tokenScope"))
    scopes = tuple(name for place, name in enumerate(SCOPES) if bits is not None and bits & 1 << place)
    note = None
    if bits is not None and not bits & _MODELS_READ:
        note = "This key may not download models; give it ModelsRead on the settings page."
    elif text(me.get("status")) not in (None, "active"):
        note = f"The account is {me.get('status')}."
    whole_key = bits is not None and bits & _FULL == _FULL
    return KeyReport(
        addresses.NAME, True, text(me.get("username")), "api-key", ("Full",) if whole_key else scopes, None, note
    )
