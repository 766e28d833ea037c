"""GitHub releases: the page's download links, and the API that tells digests (hubs.md 5.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from modelyard.testing.accounts import Accounts
from modelyard.testing.cdn import Cdn
from modelyard.testing.clock import Clock
from modelyard.testing.content import Content
from modelyard.testing.files import BIRTHDAY, served
from modelyard.testing.limits import Limiter, Quota
from modelyard.testing.models import model_content
from modelyard.testing.repos import iso
from modelyard.testing.wire import Answer, Request, as_json, redirect, text

QUOTAS = {"core": Quota(60, 3600), "account:core": Quota(5000, 3600)}


@dataclass
class Release:
    """One release.

    Attributes:
        undigested: Assets from before GitHub computed digests; theirs is null.
    """

    tag: str
    assets: dict[str, Content]
    undigested: set[str] = field(default_factory=set)


class GitHub:
    """The GitHub side of the hub.

    Attributes:
        releases: By ``owner/repo``, the newest first.
        limits: The rate limiter of the API; downloads are not counted.
    """

    def __init__(self, cdn: Cdn, accounts: Accounts, clock: Clock, seed: int) -> None:
        self._cdn, self._accounts, self._clock, self._seed = cdn, accounts, clock, seed
        self.limits = Limiter(clock, QUOTAS)
        self.reset()

    def reset(self) -> None:
        """Back to the fixtures."""
        self.releases: dict[str, list[Release]] = {}
        self.limits.reset()
        self.add_release("org/tool", "v1.0", {"old.pth": 200_000}).undigested.add("old.pth")
        self.add_release("org/tool", "v1.1", {"upscaler.safetensors": 1_000_000, "tool-linux.zip": 300_000})

    def add_release(self, repo: str, tag: str, assets: dict[str, bytes | int | Content]) -> Release:
        """Publish a release; it becomes the latest."""
        made = {name: model_content(name, data, seed=self._seed + i) for i, (name, data) in enumerate(assets.items())}
        release = Release(tag, made)
        self.releases.setdefault(repo, []).insert(0, release)
        return release

    def answer(self, request: Request) -> Answer | None:
        """The answer when the path is one of GitHub's."""
        act = self._route(request)
        return act() if act else None

    def _route(self, request: Request) -> Callable[[], Answer] | None:
        parts = request.segments
        if parts[2:4] == ["releases", "download"] and len(parts) == 6:
            return lambda: self._download(request, "/".join(parts[:2]), parts[4], parts[5])
        if parts[2:5] == ["releases", "latest", "download"] and len(parts) == 6:
            return lambda: self._latest_download(request, "/".join(parts[:2]), parts[5])
        if parts[0] == "repos" and len(parts) > 3 and parts[3] == "releases":
            return lambda: self._counted(request, "/".join(parts[1:3]), parts[4:])
        return None

    def _latest_download(self, request: Request, repo: str, name: str) -> Answer:
        if repo not in self.releases:
            return text(404, "Not Found")
        tag = self.releases[repo][0].tag
        return redirect(302, f"{request.base}/{repo}/releases/download/{tag}/{name}")

    def _download(self, request: Request, repo: str, tag: str, name: str) -> Answer:
        release = next((one for one in self.releases.get(repo, []) if one.tag == tag), None)
        if release is None or name not in release.assets:
            return text(404, "Not Found")
        file = served(release.assets[name], f"{repo}/{tag}/{name}")
        path = f"/github-production-release-asset/{file.content.tag}"
        return redirect(302, self._cdn.link(request, "github", path, file, name), ("Cache-Control", "no-cache"))

    def _counted(self, request: Request, repo: str, rest: list[str]) -> Answer:
        account = self._accounts.who("github", request.bearer)
        bucket = "account:core" if account else "core"
        charge = self.limits.charge(account.name if account else "anonymous", bucket)
        answer = self._api(request, repo, rest)
        if charge.spent:
            answer = as_json(403, {"message": "API rate limit exceeded for 127.0.0.1.", "documentation_url": ""})
        answer.headers += [
            ("X-RateLimit-Limit", str(charge.quota.count)),
            ("X-RateLimit-Remaining", str(charge.left)),
            ("X-RateLimit-Reset", str(round(self._clock.now()) + charge.resets_in)),
            ("X-RateLimit-Resource", "core"),
        ]
        return answer

    def _api(self, request: Request, repo: str, rest: list[str]) -> Answer:
        known = self.releases.get(repo, [])
        missing = as_json(404, {"message": "Not Found", "documentation_url": "", "status": "404"})
        if not rest:
            return as_json(200, [_body(request, repo, one) for one in known]) if known else missing
        wanted = known[:1] if rest == ["latest"] else [one for one in known if rest == ["tags", one.tag]]
        return as_json(200, _body(request, repo, wanted[0])) if wanted else missing


def _body(request: Request, repo: str, release: Release) -> dict[str, Any]:
    assets = [_asset(request, repo, release, name) for name in release.assets]
    times = {"created_at": iso(BIRTHDAY), "published_at": iso(BIRTHDAY)}
    return {
        "tag_name": release.tag,
        "name": release.tag,
        "draft": False,
        "prerelease": False,
        **times,
        "assets": assets,
    }


def _asset(request: Request, repo: str, release: Release, name: str) -> dict[str, Any]:
    content = release.assets[name]
    return {
        "name": name,
        "size": content.size,
        "state": "uploaded",
        "content_type": "application/octet-stream",
        "digest": None if name in release.undigested else f"sha256:{content.sha256}",
        "updated_at": iso(BIRTHDAY),
        "browser_download_url": f"{request.base}/{repo}/releases/download/{release.tag}/{name}",
        "url": f"{request.base}/repos/{repo}/releases/assets/{content.tag}",
    }
