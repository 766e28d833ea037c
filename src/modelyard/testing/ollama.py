"""Ollama's registry, and Hugging Face in its dress: manifests, blobs and the challenge for private ones (hubs.md 5.1).

A request for a token is signed by Ollama's own key in life; here its header only has to name a known one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from modelyard.testing.accounts import Accounts
from modelyard.testing.cdn import Cdn
from modelyard.testing.clock import Clock
from modelyard.testing.content import Bytes
from modelyard.testing.files import answer_file, served, whole
from modelyard.testing.huggingface import Asked, HuggingFace, gate
from modelyard.testing.ollama_data import MANIFEST, Image, images
from modelyard.testing.repos import Commit, Repo
from modelyard.testing.wire import Answer, Request, as_json, redirect, text

TOKEN_LIVES = 300
_DIRECT = 65536
"""Blobs of more bytes than this lie on the CDN; smaller ones are served where they are asked for."""


class Ollama:
    """The registry.

    Attributes:
        images: By name and tag.
        lost: Digests of blobs that manifests still name but nobody has any more.
    """

    def __init__(self, hf: HuggingFace, cdn: Cdn, accounts: Accounts, clock: Clock, seed: int) -> None:
        self._hf, self._cdn, self._accounts, self._clock, self._seed = hf, cdn, accounts, clock, seed
        self.reset()

    def reset(self) -> None:
        """Back to the fixtures."""
        self.images = images(self._seed)
        self.lost: set[str] = set()
        self._tokens: dict[str, tuple[str, float]] = {}

    def answer(self, request: Request) -> Answer | None:
        """The answer when the path is the registry's."""
        if request.segments[0] != "v2":
            return None
        answer = self._route(request, request.segments[1:])
        answer.headers.append(("Docker-Distribution-Api-Version", "registry/2.0"))
        return answer

    def _route(self, request: Request, parts: list[str]) -> Answer:
        if not parts:
            return as_json(200, {})
        if parts == ["token"]:
            return self._token(request)
        if len(parts) < 3:
            return text(404, "404 page not found")
        name, what, last = "/".join(parts[:-2]), parts[-2], parts[-1]
        repo = self._hf.repos.get(("models", name.lower()))
        if repo is not None and what in ("manifests", "blobs"):
            return self._hugging(request, repo, what, last)
        tags = {tag: image for (known, tag), image in self.images.items() if known == name}
        if any(image.private for image in tags.values()) and not self._admitted(request, name):
            return _challenge(request, name)
        if what == "manifests":
            return _manifest(request, name, last, tags)
        if what == "blobs":
            return self._blob(request, name, last, tags)
        if (what, last) != ("tags", "list"):
            return text(404, "404 page not found")
        return as_json(200, {"name": name, "tags": list(tags)}) if tags else _unknown("NAME", {"name": name})

    def _token(self, request: Request) -> Answer:
        key = request.headers.get("authorization", "").partition(":")[0]
        if self._accounts.who("ollama", key) is None:
            return _error(401, "UNAUTHORIZED", "authentication required", None)
        token = f"ol-token-{len(self._tokens) + 1}"
        self._tokens[token] = request.query.get("scope", ""), self._clock.now() + TOKEN_LIVES
        return as_json(200, {"token": token})

    def _admitted(self, request: Request, name: str) -> bool:
        if request.query.get("__sign") == _sign(request.segments[-1]):
            return True
        scope, until = self._tokens.get(request.bearer or "", ("", 0.0))
        return scope == _scope(name) and until > self._clock.now()

    def _blob(self, request: Request, name: str, digest: str, tags: Mapping[str, Image]) -> Answer:
        """HEAD tells the size; GET leads to the bytes by 307 or by 200 with a Location, never by 302."""
        image = next((one for one in tags.values() if digest in one.blobs), None)
        if image is None or digest in self.lost:
            return _unknown("BLOB", digest)
        file = served(image.blobs[digest], f"{name}/{digest}", etag=f'"{digest}"')
        file = replace(file, modified=None, fields=[("Docker-Content-Digest", digest)])
        if request.method == "HEAD":
            return whole(file)
        if page := image.pages.get(digest):
            return redirect(307, f"{request.base}{page}")
        if file.content.size > _DIRECT:
            value = digest.removeprefix("sha256:")
            path = f"/ollama/docker/registry/v2/blobs/sha256/{value[:2]}/{value}/data"
            return redirect(307, self._cdn.link(request, "r2", path, file, value))
        return answer_file(request, replace(file, fields=[*file.fields, ("Location", f"?__sign={_sign(digest)}")]))

    def _hugging(self, request: Request, repo: Repo, what: str, last: str) -> Answer:
        """A repository with GGUF files, its tag being a quantisation."""
        account = self._accounts.who("hf", request.bearer)
        if refused := gate(Asked(request, repo, account, [])):
            return refused
        found = {f"sha256:{repo.head.files[path].sha256}": path for path in repo.head.files if path.endswith(".gguf")}
        chosen = [path for path in found.values() if last == "latest" or last.lower() in path.lower()]
        if what == "blobs":
            tags = {path: _dressed(repo, repo.head, path) for path in found.values()}
            return self._blob(request, repo.id, last, tags)
        if not chosen:
            return as_json(400, {"error": 'The specified tag is no quantisation of this repository. Try "latest".'})
        return _manifest(request, repo.id, last, {last: _dressed(repo, repo.head, chosen[0])})


def _dressed(repo: Repo, commit: Commit, path: str) -> Image:
    model = commit.files[path]
    page = f"/{repo.id}/resolve/{commit.sha}/{quote(path)}"
    return Image({"model": model, "template": Bytes(b"{{ .Prompt }}")}, pages={f"sha256:{model.sha256}": page})


def _manifest(request: Request, name: str, reference: str, tags: Mapping[str, Image]) -> Answer:
    by_digest = {f"sha256:{Bytes(image.manifest).sha256}": image for image in tags.values()}
    image = tags.get(reference) or by_digest.get(reference)
    if image is None:
        by_tag = {"Tag": reference}
        return _unknown("MANIFEST", {"Name": name, "Revision": reference} if ":" in reference else by_tag)
    digest = f"sha256:{Bytes(image.manifest).sha256}"
    fields = (("Docker-Content-Digest", digest), ("ETag", f'"{digest}"'))
    return text(200, image.manifest, *fields, kind=MANIFEST)


def _challenge(request: Request, name: str) -> Answer:
    realm = f'Bearer realm="{request.base}/v2/token",service="{request.host}",scope="{_scope(name)}"'
    refused = _error(401, "UNAUTHORIZED", "authentication required", [{"Type": "repository", "Name": name}])
    refused.headers.append(("WWW-Authenticate", realm))
    return refused


_WORDS = {
    "NAME": "repository name not known to registry",
    "MANIFEST": "manifest unknown",
    "BLOB": "blob unknown to registry",
}


def _unknown(what: str, detail: object) -> Answer:
    return _error(404, f"{what}_UNKNOWN", _WORDS[what], detail)


def _error(status: int, code: str, message: str, detail: object) -> Answer:
    return as_json(status, {"errors": [{"code": code, "message": message, "detail": detail}]})


def _scope(name: str) -> str:
    return f"repository:{name}:pull"


def _sign(digest: str) -> str:
    return Bytes(f"practice {digest}".encode()).sha256[:32]
