"""CivitAI's download endpoint: every refusal in the server's own words, then a signed link (hubs.md 3.6)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from modelyard.testing.civitai_data import ModelFile, Version
from modelyard.testing.files import served
from modelyard.testing.repos import iso
from modelyard.testing.wire import Answer, Request, as_json, redirect, text

if TYPE_CHECKING:
    from modelyard.testing.civitai import CivitAI, Place

_BROWSER = re.compile("mozilla|chrome|safari|firefox|opera|edge", re.IGNORECASE)
_QUOTA = (
    "We've noticed an unusual amount of downloading from your account. Contact support@civitai.com or come back later."
)
_LOGIN = "The creator of this asset requires you to be logged in to download it"
_DISABLED = "The creator of this asset has disabled downloads on this file"
_EARLY = "This asset is in Early Access. You can use Buzz access it now!"
_CHOICES = ("type", "format", "size", "fp")


def download(site: CivitAI, request: Request, parts: list[str]) -> Answer:
    """A 307 to R2 or B2, or why not; HEAD counts like GET."""
    from modelyard.testing.civitai import read_id

    if len(parts) != 1 or not parts[0]:
        return as_json(400, {"error": "Missing modelVersionId"})
    number = read_id(parts[0])
    if number is None:
        return as_json(400, {"error": "Expected number, received nan"})
    if refused := _early_refusal(site, request):
        return refused
    place = site.place(number)
    if place is None or not place[1].published:
        return as_json(404, {"error": "File not found"})
    return _refusal(site, request, place) or _send(site, request, place)


def _early_refusal(site: CivitAI, request: Request) -> Answer | None:
    if site.quota_spent:
        return as_json(429, {"error": _QUOTA})
    if site.lost:
        site.lost -= 1
        return as_json(404, {"error": "File not found"})
    return None


def _refusal(site: CivitAI, request: Request, place: Place) -> Answer | None:
    model, version = place
    if model.mode == "Archived":
        return as_json(410, {"error": "Model archived, not available for download"})
    if version.disabled:
        return as_json(401, {"error": "Unauthorized", "message": _DISABLED})
    if version.early_until and version.early_until > site.clock.now():
        return as_json(403, {"error": "Early Access", "deadline": iso(version.early_until), "message": _EARLY})
    if (version.login or site.login_for_all) and site.account(request) is None:
        return _login(request, version)
    return None


def _login(request: Request, version: Version) -> Answer:
    if _BROWSER.search(request.headers.get("user-agent", "")):
        return redirect(307, f"/login?returnUrl=/model-versions/{version.id}&reason=download-auth")
    return as_json(401, {"error": "Unauthorized", "message": _LOGIN})


def _send(site: CivitAI, request: Request, place: Place) -> Answer:
    file = _choose(site, request, place[1])
    if file is None:
        return as_json(404, {"error": "File not found"})
    shown = served(file.content, f"civitai/{place[1].id}/{file.name}", content_type="binary/octet-stream")
    mark = file.content.tag[:4]
    stem, _, ending = file.name.rpartition(".")
    folder = f"/model/{place[0].id}" if file.store == "r2" else f"/file/civitai-modelfiles/model/{place[0].id}"
    link = site.cdn.link(request, file.store, f"{folder}/{stem}.{mark}.{ending}", replace(shown), file.name)
    return text(307, link, ("Location", link), ("Cache-Control", "no-store, max-age=0"))


def _choose(site: CivitAI, request: Request, version: Version) -> ModelFile | None:
    """The file: exactly by fileId; else the caller's preferred one, which must then equal every given field."""
    if wanted := request.query.get("fileId"):
        return next((file for file in version.files if str(file.id) == wanted), None)
    account = site.account(request)
    asked = {key: request.query[key] for key in _CHOICES if key in request.query}
    wishes = {**asked, **(account.prefers if account else {})}
    chosen = _nearest(version, wishes)
    if chosen is None or any(chosen.facts()[key] != value for key, value in asked.items()):
        return None
    return chosen


def _nearest(version: Version, wishes: dict[str, str]) -> ModelFile | None:
    def score(file: ModelFile) -> tuple[int, bool]:
        hits = sum(file.facts()[key] == value for key, value in wishes.items())
        same_kind = file.type == wishes.get("type", "Model")
        return hits + 4 * same_kind, file.primary

    return max(version.files, key=score, default=None)
