"""CivitAI's lists: models, pictures, tags, creators, enums, and who is asking."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from modelyard.testing.civitai_data import Model
from modelyard.testing.civitai_json import image_body, model_body
from modelyard.testing.wire import Answer, Request, as_json

if TYPE_CHECKING:
    from modelyard.testing.civitai import CivitAI

MODEL_TYPES = (
    *("Checkpoint", "TextualInversion", "Hypernetwork", "AestheticGradient", "LORA", "LoCon", "DoRA", "Controlnet"),
    *("Upscaler", "MotionModule", "VAE", "TextEncoder", "UNet", "CLIPVision", "Poses", "Wildcards", "Workflows"),
    *("ComfyWorkflows", "Detection", "VisionLanguage", "CLIP", "LLM", "Other"),
)
SORTS = (
    "Highest Rated",
    "Most Downloaded",
    "Most Liked",
    "Most Discussed",
    "Most Collected",
    "Most Images",
    "Newest",
    "Oldest",
)
PERIODS = ("AllTime", "Year", "Month", "Week", "Day")
_CHECKED = {"types": MODEL_TYPES, "sort": SORTS, "period": PERIODS}
_TOO_MANY_PAGES = "You've requested too many pages, please use cursors instead"
_NO_PAGES = "Cannot use page param with query search. Use cursor-based pagination."
_OVERLOADED = "Model search is temporarily overloaded — please retry."


def models(site: CivitAI, request: Request) -> Answer:
    """One page of models."""
    refused = _refusal(site, request)
    if refused:
        return refused
    query = request.query
    found = _sorted([model for model in site.every() if _matches(site, request, model)], query.get("sort"))
    size, page = int(query.get("limit", 100)), int(query.get("page", 1))
    start = _read_cursor(query["cursor"]) if "cursor" in query else (page - 1) * size
    items = [model_body(model, request.base) for model in found[start : start + size]]
    meta: dict[str, Any] = {"currentPage": page, "pageSize": size} if "page" in query else {}
    if size and start + size < len(found):
        meta |= _next(request, start + size, page)
    return as_json(200, {"items": items, "metadata": meta})


def _next(request: Request, offset: int, page: int) -> dict[str, str]:
    pairs = [(key, value) for key, value in request.pairs if key not in {"cursor", "page"}]
    here = f"{request.base}{request.raw_path}"
    if "page" in request.query:
        return {"nextPage": f"{here}?{urlencode([*pairs, ('page', str(page + 1))])}"}
    cursor = str(offset) if "query" in request.query else f"{offset}|{offset * 7}"
    return {"nextCursor": cursor, "nextPage": f"{here}?{urlencode([*pairs, ('cursor', cursor)])}"}


def _read_cursor(cursor: str) -> int:
    return int(cursor.partition("|")[0])


def _refusal(site: CivitAI, request: Request) -> Answer | None:
    query = request.query
    for key, allowed in _CHECKED.items():
        for value in request.all(key, f"{key}[]"):
            if value not in allowed:
                issue = {
                    "code": "invalid_value",
                    "path": [key],
                    "message": f"Invalid option: {value}",
                    "values": allowed,
                }
                return as_json(400, {"error": {"name": "ZodError", "issues": [issue]}})
    limit, page = query.get("limit", "100"), query.get("page", "1")
    if not (limit.isdigit() and int(limit) <= 100 and page.isdigit() and int(page) > 0):
        issue = {"code": "too_big", "path": ["limit"], "message": "Too big: expected number to be <=100"}
        return as_json(400, {"error": {"name": "ZodError", "issues": [issue]}})
    return _refused_pages(site, request, int(page) * int(limit))


def _refused_pages(site: CivitAI, request: Request, reach: int) -> Answer | None:
    query = request.query
    if "query" in query and "page" in query:
        return as_json(400, {"error": _NO_PAGES})
    if "page" in query and reach > 1000:
        return as_json(429, {"error": _TOO_MANY_PAGES})
    if (request.flag("favorites") or request.flag("hidden")) and site.account(request) is None:
        return as_json(401, {"error": "Unauthorized"})
    if site.overloaded:
        site.overloaded -= 1
        return as_json(503, {"error": _OVERLOADED}, ("Retry-After", "2"), ("Cache-Control", "no-store"))
    return None


def _matches(site: CivitAI, request: Request, model: Model) -> bool:
    query = request.query
    listed = model.listed()
    bases = request.all("baseModels", "baseModels[]")
    types = request.all("types", "types[]")
    wanted_ids = query.get("ids")
    mature = request.flag("nsfw") and not site.shy(request)
    return bool(
        listed
        and (mature or model.level == 1)
        and (not types or model.type in types)
        and (not bases or any(version.base_model in bases for version in listed))
        and query.get("tag") in (None, *model.tags)
        and query.get("username") in (None, model.creator)
        and query.get("query", "").lower() in model.name.lower()
        and (wanted_ids is None or str(model.id) in wanted_ids.split(","))
    )


def _sorted(found: list[Model], sort: str | None) -> list[Model]:
    if sort == "Newest":
        return sorted(found, key=lambda model: -(model.versions[0].published or 0))
    if sort == "Oldest":
        return sorted(found, key=lambda model: model.versions[0].published or 0)
    if sort in (None, "Highest Rated", "Most Discussed"):
        return found
    return sorted(found, key=lambda model: -model.downloads)


def images(site: CivitAI, request: Request) -> Answer:
    """Pictures of one version or model, or of all."""
    query = request.query
    limit = int(query.get("limit", 100))
    if int(query.get("page", 1)) * limit > 1000:
        return as_json(429, {"error": _TOO_MANY_PAGES})
    items = [
        image_body(model, version, picture, request.base, meta=request.flag("withMeta"), flat=request.flag("flatMeta"))
        for model in site.every()
        for version in model.listed()
        for picture in version.pictures
        if query.get("modelVersionId") in (None, str(version.id)) and query.get("modelId") in (None, str(model.id))
    ]
    return as_json(200, {"items": items[: min(limit, 200)], "metadata": {}})


def tags(site: CivitAI, request: Request) -> Answer:
    """Tags with totals and page links."""
    counts: dict[str, int] = {}
    for model in site.every():
        for tag in model.tags:
            counts[tag] = counts.get(tag, 0) + 1
    rows = [
        {"name": tag, "modelCount": count, "link": f"{request.base}/api/v1/models?tag={tag}"}
        for tag, count in counts.items()
    ]
    return _counted(request, rows)


def creators(site: CivitAI, request: Request) -> Answer:
    """Creators with totals and page links."""
    names = [name for name in dict.fromkeys(model.creator for model in site.every()) if name]
    rows: list[dict[str, Any]] = [
        {
            "username": name,
            "modelCount": sum(model.creator == name for model in site.every()),
            "link": f"{request.base}/api/v1/models?username={name}",
            "image": None,
        }
        for name in [*names, *(f"creator-{index}" for index in range(30))]
    ]
    return _counted(request, rows)


def _counted(request: Request, rows: list[dict[str, Any]]) -> Answer:
    size, page = int(request.query.get("limit", 20)), int(request.query.get("page", 1))
    pages = -(-len(rows) // size) if size else 1
    meta: dict[str, Any] = {"totalItems": len(rows), "currentPage": page, "pageSize": size, "totalPages": pages}
    here = f"{request.base}{request.raw_path}?limit={size}&page="
    if page < pages:
        meta["nextPage"] = f"{here}{page + 1}"
    if page > 1:
        meta["prevPage"] = f"{here}{page - 1}"
    return as_json(200, {"items": rows[(page - 1) * size : page * size], "metadata": meta})


def enums(site: CivitAI, request: Request) -> Answer:
    """The words that filters take."""
    bases = sorted({version.base_model for model in site.every() for version in model.versions})
    files = ["Model", "Text Encoder", "Pruned Model", "Negative", "Training Data", "VAE", "Config", "Archive", "Other"]
    body = {"ModelType": MODEL_TYPES, "ModelFileType": files, "ActiveBaseModel": bases, "BaseModel": bases}
    return as_json(200, {**body, "BaseModelType": ["Standard", "Inpainting", "Refiner", "Pix2Pix"]})


_SCOPES = 1 | 4
"""UserRead and ModelsRead, which a key for downloads has (the site's ``token-scope.ts``)."""


def me(site: CivitAI, request: Request) -> Answer:
    """Who is asking; the only way to check a key."""
    account = site.account(request)
    if account is None:
        return as_json(401, {"error": "Unauthorized"})
    body = {"id": 7, "username": account.name, "tier": "free", "status": "active", "isMember": False}
    return as_json(200, {**body, "subscriptions": [], "tokenScope": _SCOPES})


LISTS: Mapping[str, Callable[[CivitAI, Request], Answer]] = {
    "models": models,
    "images": images,
    "tags": tags,
    "creators": creators,
    "enums": enums,
    "me": me,
}
