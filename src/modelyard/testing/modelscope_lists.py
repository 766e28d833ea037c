"""ModelScope's OpenAPI: lists, one model, who is asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modelyard.testing.repos import Repo
from modelyard.testing.wire import Answer, Request, as_json

if TYPE_CHECKING:
    from modelyard.testing.modelscope import ModelScope

_FURTHEST = 3000


def openapi(site: ModelScope, request: Request, parts: list[str]) -> Answer:
    """Answer below ``/openapi/v1``."""
    if parts == ["users", "me"]:
        if not site.known(request):
            return refusal(401, "InvalidAuthentication", "invalid token")
        return told({"username": "ada", "nickname": "Ada", "email": "ada@example.org"})
    if parts in (["models"], ["datasets"]):
        return _list(site, request, parts[0])
    repo = next((repo for repo in site.repos.values() if parts == [repo.kind, *repo.id.split("/")]), None)
    if repo is None or (repo.private and not site.known(request)):
        return refusal(404, "ResourceNotFound", "resource not found")
    return told(_row(repo))


def _list(site: ModelScope, request: Request, kind: str) -> Answer:
    query = request.query
    page, size = int(query.get("page_number", 1)), int(query.get("page_size", 10))
    if page * size > _FURTHEST:
        return refusal(400, "InputParameterError", "page_number * page_size must not exceed 3000")
    found = [repo for repo in site.repos.values() if repo.kind == kind and not repo.private]
    found = [repo for repo in found if query.get("search", "").lower() in repo.id.lower()]
    found = [repo for repo in found if query.get("owner") in (None, repo.id.partition("/")[0])]
    rows = [_row(repo) for repo in found[(page - 1) * size : page * size]]
    return told({kind: rows, "total_count": len(found), "page_number": page, "page_size": size})


def _row(repo: Repo) -> dict[str, Any]:
    row = {"id": repo.id, "display_name": repo.id.partition("/")[2], "downloads": 5, "likes": 1, "params": 1000000}
    row |= {"file_size": sum(content.size for content in repo.head.files.values()), "tasks": [], "tags": ["practice"]}
    return row | {"license": "apache-2.0", "private": repo.private, "gated": bool(repo.gated), "login_required": False}


def told(data: Any) -> Answer:
    """A success."""
    return as_json(200, {"success": True, "data": data, "request_id": "practice"})


def refusal(status: int, code: str, message: str) -> Answer:
    """A failure with OpenAPI's string codes."""
    return as_json(status, {"success": False, "code": code, "message": message, "request_id": "practice"})
