"""Hugging Face's lists and ``whoami-v2``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modelyard.testing.accounts import Account
from modelyard.testing.files import BIRTHDAY
from modelyard.testing.hf_api import describe, next_page, read_cursor
from modelyard.testing.repos import Repo, iso
from modelyard.testing.wire import Answer, Request, as_json

if TYPE_CHECKING:
    from modelyard.testing.huggingface import HuggingFace

_BIGGEST_PAGE = 1000
_SORTS = {"downloads": "downloads", "likes": "likes", "trendingScore": "likes", "likes30d": "likes"}


def listing(hf: HuggingFace, request: Request, kind: str) -> Answer:
    """One page of the public repositories that match."""
    found = [repo for repo in hf.repos.values() if repo.kind == kind and not repo.private and _matches(repo, request)]
    by = _SORTS.get(request.query.get("sort", ""))
    if by:
        found.sort(key=lambda repo: -int(str(repo.facts.get(by, 0))))
    size = min(int(request.query.get("limit") or _BIGGEST_PAGE), _BIGGEST_PAGE)
    start = read_cursor(request.query.get("cursor"))
    answer = as_json(200, [_row(repo, request) for repo in found[start : start + size]])
    if start + size < len(found):
        answer.headers.append(("Link", next_page(request, start + size)))
    return answer


def _matches(repo: Repo, request: Request) -> bool:
    query = request.query
    tags: Any = repo.facts.get("tags", [])
    named = query.get("search", "").lower() in repo.id.lower()
    by = query.get("author") in (None, repo.id.partition("/")[0])
    kind = query.get("pipeline_tag") in (None, repo.facts.get("pipeline_tag"))
    gated = "gated" not in query or request.flag("gated") == bool(repo.gated)
    wanted = [tag for value in request.all("filter") for tag in value.split(",")]
    return named and by and kind and gated and all(tag in tags for tag in wanted)


def _row(repo: Repo, request: Request) -> dict[str, Any]:
    row = describe(repo, repo.head)
    if not request.flag("full"):
        for key in ("siblings", "author", "lastModified", "sha", "config", "cardData"):
            row.pop(key, None)
    return row


def whoami(account: Account | None) -> Answer:
    """Who the key belongs to and what it may do."""
    if account is None:
        return as_json(401, {"error": "Invalid user token."}, ("X-Error-Message", "Invalid user token."))
    org = {"type": "org", "id": "5e67bd5b1009063689407478", "name": "org", "fullname": "The Org", "isEnterprise": False}
    body: dict[str, Any] = {"type": account.kind, "id": "5e67bd5b1009063689407479", "name": account.name}
    body["fullname"] = account.name.title()
    if account.kind == "user":
        body |= {"email": f"{account.name}@example.org", "emailVerified": True, "periodEnd": None, "isPro": False}
        body |= {"orgs": [{**org, "roleInOrg": "read"}], "canPay": False, "billingMode": "postpaid"}
    body |= {"avatarUrl": "/avatars/practice.svg", "auth": {"type": "access_token", "accessToken": _token(account)}}
    return as_json(200, body)


def _token(account: Account) -> dict[str, Any]:
    facts: dict[str, Any] = {"displayName": "practice", "role": account.role, "createdAt": iso(BIRTHDAY)}
    if account.role == "fineGrained":
        entity = {"_id": "5e67bd5b1009063689407479", "type": "user", "name": account.name}
        scoped = [{"entity": entity, "permissions": ["repo.content.read"]}]
        facts["fineGrained"] = {"canReadGatedRepos": account.gated, "global": [], "scoped": scoped}
    return facts
